//! Rules: steps in order, then a verdict.

use bstr::BString;
use smallvec::SmallVec;

use super::{ChainId, Component, Row, SetId, Statement, Test};
use crate::diag::SourceId;
use crate::nft::ast::{NatFlags, NatKind, Reject};
use crate::packet::Field;

/// One rule.
#[derive(Clone, PartialEq, Debug)]
pub struct Rule {
    pub steps: SmallVec<[Step; 3]>,
    pub verdict: Verdict,
    pub origin: Origin,
    /// Comments of the dump's rules, in order, without repeats.
    pub comments: SmallVec<[BString; 1]>,
    /// Comments that belong to one value of a merged set, in the order of the dump.
    pub labels: Vec<(Component, BString)>,
    pub counters: Option<Counters>,
    /// What a reader must be told (`#` lines above the rule).
    pub notes: Vec<BString>,
}

/// A test or a statement.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Step {
    Test(Test),
    Do(Statement),
}

/// How a rule ends.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Verdict {
    /// The next rule goes on.
    Continue,
    Accept,
    Drop,
    Return,
    Jump(ChainId),
    Goto(ChainId),
    Reject(Reject),
    Nat(Nat),
    /// To user space; `bypass` accepts when nobody listens.
    Queue {
        from: u16,
        to: u16,
        bypass: bool,
        fanout: bool,
    },
    /// By the fields' values; no row, and the next rule goes on.
    Map {
        key: SmallVec<[Field; 3]>,
        rows: Vec<(Row, Verdict)>,
    },
    /// The same with a named map.
    MapNamed {
        key: SmallVec<[Field; 3]>,
        set: SetId,
    },
}

/// Address translation.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Nat {
    pub kind: NatKind,
    pub data: NatData,
    pub flags: NatFlags,
}

/// Where the new address and port come from.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum NatData {
    /// Both ends included; `None` keeps what the packet has (masquerade, redirect).
    Fixed {
        address: Option<(u128, u128)>,
        port: Option<(u16, u16)>,
    },
    /// By the fields' values: row -> address and port.
    Map {
        key: SmallVec<[Field; 3]>,
        rows: Vec<NatRow>,
    },
    /// A network mapped to a network, host bits kept.
    Prefix {
        from: (u128, u8),
        to: (u128, u8),
    },
    /// `numgen random mod N map { ... }`: one of these by chance.
    Random {
        choices: Vec<(Option<u128>, Option<u16>)>,
    },
    MapNamed {
        key: SmallVec<[Field; 3]>,
        set: SetId,
    },
}

/// One row of a NAT map.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct NatRow {
    pub key: Row,
    pub address: Option<u128>,
    pub port: Option<u16>,
}

/// The lines a rule came from, sorted.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Origin {
    pub source: SourceId,
    pub lines: SmallVec<[u32; 2]>,
}

/// `[packets:bytes]`
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Counters {
    pub packets: u64,
    pub bytes: u64,
}

impl Rule {
    /// A rule made by lowering or a pass, standing for the lines of `origin`.
    pub fn new(steps: impl IntoIterator<Item = Step>, verdict: Verdict, origin: Origin) -> Self {
        Rule {
            steps: steps.into_iter().collect(),
            verdict,
            origin,
            comments: SmallVec::new(),
            labels: Vec::new(),
            counters: None,
            notes: Vec::new(),
        }
    }

    /// The tests among the steps.
    pub fn tests(&self) -> impl Iterator<Item = &Test> {
        self.steps.iter().filter_map(|step| match step {
            Step::Test(test) => Some(test),
            Step::Do(_) => None,
        })
    }

    /// The statements among the steps.
    pub fn statements(&self) -> impl Iterator<Item = &Statement> {
        self.steps.iter().filter_map(|step| match step {
            Step::Test(_) => None,
            Step::Do(statement) => Some(statement),
        })
    }

    /// Whether any step keeps state or is random.
    pub fn is_stateful(&self) -> bool {
        self.steps.iter().any(Step::is_stateful)
    }
}

impl Step {
    /// Whether it keeps state or is random.
    pub fn is_stateful(&self) -> bool {
        match self {
            Step::Test(test) => test.is_stateful(),
            Step::Do(statement) => statement.is_stateful(),
        }
    }
}

impl From<Test> for Step {
    fn from(test: Test) -> Self {
        Step::Test(test)
    }
}

impl From<Statement> for Step {
    fn from(statement: Statement) -> Self {
        Step::Do(statement)
    }
}

impl Origin {
    /// One line of a source.
    pub fn line(source: SourceId, line: u32) -> Self {
        Origin { source, lines: SmallVec::from_slice(&[line]) }
    }

    /// Takes the lines of another origin in.
    pub fn absorb(&mut self, other: &Origin) {
        self.lines.extend(other.lines.iter().copied());
        self.lines.sort_unstable();
        self.lines.dedup();
    }
}

impl Verdict {
    /// Whether no rule of this chain is looked at after it.
    pub const fn is_terminal(&self) -> bool {
        match self {
            Verdict::Continue | Verdict::Jump(_) | Verdict::Map { .. } | Verdict::MapNamed { .. } => false,
            Verdict::Accept
            | Verdict::Drop
            | Verdict::Return
            | Verdict::Goto(_)
            | Verdict::Reject(_)
            | Verdict::Nat(_)
            | Verdict::Queue { .. } => true,
        }
    }
}
