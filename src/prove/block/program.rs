//! What a reader hands over: a ruleset of one family, with its tests as diagrams.

use bstr::BString;

use super::{Effect, Verdict};
use crate::nft::ast::ChainKind;
use crate::packet::Hook;
use crate::prove::dd::{Arena, Bands, Bounded, Dd, Range, Ranges, Var};
use crate::prove::space::bands;

/// A ruleset of one family.
#[derive(Clone, Debug, Default)]
pub struct Program {
    pub chains: Vec<Chain>,
    /// Base chains of one key run in this order.
    pub bases: Vec<Base>,
    pub occurrences: Vec<Occurrence>,
    /// Parts of the ruleset that are in no chain and were not understood: nothing is sure while there are any.
    pub unread: Vec<String>,
}

/// A chain's number in its program.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ChainId(pub usize);

/// An occurrence's number in its program.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct OccurrenceId(pub usize);

#[derive(Clone, Debug)]
pub struct Chain {
    pub name: BString,
    pub rules: Vec<Rule>,
}

#[derive(Clone, Debug)]
pub struct Rule {
    /// 1-based line of the text.
    pub line: u32,
    pub steps: Vec<Step>,
}

/// One thing a rule does; the next is done unless a test fails or the packet leaves.
#[derive(Clone, Debug)]
pub enum Step {
    /// Packets outside the set leave the rule: the next rule is tried. Also for what "breaks" a rule.
    Test(Dd),
    /// The same, for a set that is not made yet.
    In(Range),
    /// The same, for a few values of one number: ranges of the same variables, sorted and disjoint.
    Among(Vec<Range>),
    /// Asks an occurrence; its answer can be read from then on, as the variables [`local_answer`].
    Consult(OccurrenceId),
    Effect {
        effect: Effect,
        /// Changeable fields that the effect depends on.
        reads: Bands,
    },
    /// Gives bits new values, all at once; each a function of the packet as it is here, where the leaf
    /// [`super::KEEP`] leaves the bit alone.
    Assign(Vec<(Var, Dd)>),
    /// Where the packet goes. Nothing behind this step runs.
    Flow(Flow),
    /// A verdict map: disjoint sets of packets, and where each goes. The others leave the rule.
    Dispatch(Vec<Branch>),
    /// An effect on some of the packets only.
    EffectOn { packets: Dd, effect: Effect },
    /// Something the reader does not know: what happens to packets that come here is unknown.
    Unknown(String),
    /// The same, of the packets of a set; the others go on.
    UnknownOn { packets: Dd, why: String },
}

impl Step {
    /// Whether it only tests.
    pub fn is_test(&self) -> bool {
        matches!(self, Step::Test(_) | Step::In(_) | Step::Among(_))
    }

    /// The packets that it lets go on, if it is a test.
    pub fn tested(&self, dd: &mut Arena) -> Bounded<Option<Dd>> {
        Ok(Some(match self {
            Step::Test(set) => *set,
            Step::In(range) => dd.range(*range)?,
            Step::Among(values) => dd.any_range(values)?,
            _ => return Ok(None),
        }))
    }
}

/// One way to go.
#[derive(Clone, Debug)]
pub struct Branch {
    pub when: When,
    pub flow: Flow,
}

/// A set of packets.
#[derive(Clone, Debug)]
pub enum When {
    Set(Dd),
    /// Those that satisfy all of these, which are sorted and on different variables; not made yet.
    Ranges(Ranges),
}

impl When {
    /// The set.
    pub fn set(&self, dd: &mut Arena) -> Bounded<Dd> {
        match self {
            When::Set(set) => Ok(*set),
            When::Ranges(ranges) => dd.inside(ranges, Dd::TRUE, Dd::FALSE),
        }
    }
}

/// Where a packet goes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Flow {
    /// To the next rule.
    Continue,
    Return,
    Jump(ChainId),
    Goto(ChainId),
    Verdict(Verdict),
}

/// A chain that the kernel calls.
#[derive(Clone, Debug)]
pub struct Base {
    pub key: BaseKey,
    pub chain: ChainId,
    pub policy: Verdict,
}

/// What makes base chains of two rulesets comparable.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct BaseKey {
    pub hook: Hook,
    pub priority: i32,
    pub kind: ChainKind,
}

/// A place with state or chance behind it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Occurrence {
    /// Kind and parameters, in words both readers agree on: only equal ones can be the same.
    pub content: String,
    /// What holds the state, unique in the ruleset: a rule's place, or the name of an object or set.
    /// The same for both families when a rule of an `inet` table serves both.
    pub place: String,
    /// The chain it stands in: a hint for matching.
    pub chain: BString,
    /// Bits of its answer.
    pub width: u32,
}

/// What a bucket answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Answers {
    /// Bits of one answer.
    pub width: u32,
    /// Whether each answer is a fresh draw; otherwise it comes from state.
    pub drawn: bool,
}

/// A bucket of state or chance, matched between the two rulesets.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Bucket(pub u32);

/// Times that one packet can consult one bucket in one base chain.
pub(super) const TRAVERSALS: u32 = 32;
/// Bits that one answer can have.
pub(super) const ANSWER_BITS: u32 = 32;
/// Buckets that the variables have room for.
pub const MOST_BUCKETS: u32 = 1 << 17;

impl Bucket {
    /// The variable of one bit of the bucket's n-th answer.
    pub fn answer(self, nth: u32, bit: u32) -> Var {
        Var::new(bands::ANSWER, (self.0 * TRAVERSALS + nth) * ANSWER_BITS + bit)
    }

    /// The bucket, the ordinal and the bit of an answer's variable.
    pub fn of(var: Var) -> (Bucket, u32, u32) {
        let (rest, bit) = (var.index() / ANSWER_BITS, var.index() % ANSWER_BITS);
        (Bucket(rest / TRAVERSALS), rest % TRAVERSALS, bit)
    }
}

/// One bit of the latest answer of an occurrence, for the tests of the rule it stands in.
pub fn local_answer(occurrence: OccurrenceId, bit: u32) -> Var {
    Var::new(bands::LOCAL_ANSWER, occurrence.0 as u32 * ANSWER_BITS + bit)
}

pub(super) fn of_local_answer(var: Var) -> (OccurrenceId, u32) {
    (OccurrenceId((var.index() / ANSWER_BITS) as usize), var.index() % ANSWER_BITS)
}

impl Program {
    /// Adds an empty chain.
    pub fn add_chain(&mut self, name: impl Into<BString>) -> ChainId {
        self.chains.push(Chain { name: name.into(), rules: Vec::new() });
        ChainId(self.chains.len() - 1)
    }

    /// Adds an occurrence; two of one place share their state.
    pub fn occurrence(&mut self, occurrence: Occurrence) -> OccurrenceId {
        self.occurrences.push(occurrence);
        OccurrenceId(self.occurrences.len() - 1)
    }

    pub(super) fn chain(&self, id: ChainId) -> Option<&Chain> {
        self.chains.get(id.0)
    }
}
