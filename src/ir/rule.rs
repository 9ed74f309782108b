//! Rules: steps in order, then a verdict.

use std::sync::Arc;

use bstr::BString;
use smallvec::SmallVec;

use super::{Assigned, ChainId, Origin, Row, SetId, Statement, Table, Test};
use crate::nft::ast::{NatFlags, NatKind, Reject};
use crate::packet::Field;

/// One rule.
#[derive(PartialEq, Debug)]
pub struct Rule {
    pub steps: Steps,
    pub verdict: Verdict,
    pub origin: Origin,
    remarks: Option<Box<Remarks>>,
}

/// Makes one rule of a rule and the one right behind it where that changes nothing; the second one is empty then.
pub type Join = fn(&mut Rule, &mut Rule) -> bool;

/// What is said about a rule and changes nothing about what it does. Apart from the rule, since most
/// rules of a long dump have none.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Remarks {
    /// Comments of the dump's rules, in order, without repeats; mostly one.
    pub comments: SmallVec<[BString; 1]>,
    /// Comments that belong to one value of a merged set, or one row of a concatenation, in the order of
    /// the dump.
    pub labels: Vec<(Row, BString)>,
    pub counters: Option<Counters>,
    /// What a reader must be told (`#` lines above the rule).
    pub notes: Vec<BString>,
}

/// The steps of a rule in order; most have one.
pub type Steps = SmallVec<[Step; 1]>;

/// A few fields in order: of a concatenation, of the key of a map.
pub type Fields = SmallVec<[Field; 2]>;

/// A test or a statement. Most steps of a long dump are tests, which are smaller.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Step {
    Test(Test),
    Do(Arc<Statement>),
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
    Nat(Box<Nat>),
    /// To user space; `bypass` accepts when nobody listens.
    Queue {
        from: u16,
        to: u16,
        bypass: bool,
        fanout: bool,
    },
    Map(Box<VerdictMap>),
    MapNamed(Box<NamedMap>),
    Draw(Box<Draw>),
}

/// By the fields' values; no row, and the next rule goes on.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct VerdictMap {
    pub key: Fields,
    pub rows: Vec<MapRow<Verdict>>,
}

/// The same with a named map.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct NamedMap {
    pub key: Fields,
    pub set: SetId,
}

/// `numgen random|inc mod N vmap { ... }`: one of N by chance or in turn; row `i` stands at key `i`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Draw {
    pub random: bool,
    pub rows: Vec<MapRow<Verdict>>,
}

/// One row of an anonymous map.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct MapRow<T> {
    pub key: Row,
    pub data: T,
    /// The comment of the rule that the row came from.
    pub comment: Option<BString>,
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
        key: Fields,
        rows: Vec<MapRow<NatTarget>>,
    },
    /// A network mapped to a network, host bits kept.
    Prefix {
        from: (u128, u8),
        to: (u128, u8),
    },
    /// `numgen random|inc mod N map { ... }`: one of N by chance or in turn; row `i` stands at key `i`.
    Draw {
        random: bool,
        rows: Vec<MapRow<NatTarget>>,
    },
    MapNamed {
        key: Fields,
        set: SetId,
    },
}

/// What a row of a NAT map gives; all rows of a map give the same kind of thing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct NatTarget {
    pub address: Option<u128>,
    pub port: Option<u16>,
}

/// `[packets:bytes]`
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Counters {
    pub packets: u64,
    pub bytes: u64,
}

impl Clone for Rule {
    /// Most have one step, which needs no list; others get room for as many as they have.
    fn clone(&self) -> Self {
        let steps = match self.steps.as_slice() {
            [only] => Steps::from_buf([only.clone()]),
            several => {
                let mut steps = Steps::with_capacity(several.len());
                steps.extend(several.iter().cloned());
                steps
            }
        };
        Rule { steps, verdict: self.verdict.clone(), origin: self.origin.clone(), remarks: self.remarks.clone() }
    }
}

impl Rule {
    /// A rule made by lowering or a pass, standing for the lines of `origin`.
    pub fn new(steps: impl IntoIterator<Item = Step>, verdict: Verdict, origin: Origin) -> Self {
        Rule::of_steps(steps.into_iter().collect(), verdict, origin)
    }

    /// The same of steps that stand already.
    pub fn of_steps(mut steps: Steps, verdict: Verdict, origin: Origin) -> Self {
        steps.shrink_to_fit();
        Rule { steps, verdict, origin, remarks: None }
    }

    /// See [`Remarks::comments`].
    pub fn comments(&self) -> &[BString] {
        self.remarks().map_or(&[], |remarks| &remarks.comments)
    }

    /// See [`Remarks::labels`].
    pub fn labels(&self) -> &[(Row, BString)] {
        self.remarks().map_or(&[], |remarks| &remarks.labels)
    }

    /// See [`Remarks::counters`].
    pub fn counters(&self) -> Option<Counters> {
        self.remarks()?.counters
    }

    /// Whether nothing is said about it.
    pub const fn says_nothing(&self) -> bool {
        self.remarks.is_none()
    }

    /// Whether nothing but comments is said about it.
    pub fn is_plain(&self) -> bool {
        self.counters().is_none() && self.labels().is_empty() && self.notes().is_empty()
    }

    /// See [`Remarks::notes`].
    pub fn notes(&self) -> &[BString] {
        self.remarks().map_or(&[], |remarks| &remarks.notes)
    }

    pub(super) fn remarks(&self) -> Option<&Remarks> {
        self.remarks.as_deref()
    }

    /// All remarks, to be changed. Ask first whether there is anything to add.
    pub fn remarks_mut(&mut self) -> &mut Remarks {
        self.remarks.get_or_insert_default()
    }

    /// Takes in what is said about a rule that becomes part of this one.
    pub fn absorb_remarks(&mut self, other: &mut Rule) {
        let Some(other) = other.remarks.take() else { return };
        let own = self.remarks_mut();
        for comment in other.comments {
            if !own.comments.contains(&comment) {
                own.comments.push(comment);
            }
        }
        own.labels.extend(other.labels);
        own.notes.extend(other.notes);
    }

    /// The tests among the steps.
    pub fn tests(&self) -> impl Iterator<Item = &Test> {
        self.steps.iter().filter_map(Step::as_test)
    }

    /// The statements among the steps.
    pub fn statements(&self) -> impl Iterator<Item = &Statement> {
        self.steps.iter().filter_map(|step| match step {
            Step::Test(_) => None,
            Step::Do(statement) => Some(&**statement),
        })
    }

    /// The rule's comments as one, when it has any.
    pub fn comment(&self) -> Option<BString> {
        match self.comments() {
            [] => None,
            [only] => Some(only.clone()),
            many => Some(bstr::join(", ", many).into()),
        }
    }

    /// Comments that stand on rows of an anonymous map of the verdict or of a statement.
    pub fn row_comments(&self) -> impl Iterator<Item = &BString> {
        let places: &[MapRow<NatTarget>] = match &self.verdict {
            Verdict::Nat(nat) => match &nat.data {
                NatData::Map { rows, .. } | NatData::Draw { rows, .. } => rows,
                NatData::Fixed { .. } | NatData::Prefix { .. } | NatData::MapNamed { .. } => &[],
            },
            _ => &[],
        };
        let assigned = self.statements().flat_map(|statement| match statement {
            Statement::Assign { value: Assigned::Map { rows, .. }, .. } => rows.as_slice(),
            _ => &[],
        });
        let of_verdict = comments(self.verdict.rows()).chain(comments(places));
        of_verdict.chain(assigned.filter_map(|row| row.comment.as_ref()))
    }

    /// Whether any step keeps state or is random, or the verdict is drawn.
    pub fn is_stateful(&self) -> bool {
        self.steps.iter().any(Step::is_stateful) || self.verdict.is_drawn()
    }
}

fn comments<T>(rows: &[MapRow<T>]) -> impl Iterator<Item = &BString> {
    rows.iter().filter_map(|row| row.comment.as_ref())
}

impl Step {
    /// The test, if it is one.
    pub const fn as_test(&self) -> Option<&Test> {
        match self {
            Step::Test(test) => Some(test),
            Step::Do(_) => None,
        }
    }

    /// The fields that its test reads.
    pub fn fields(&self) -> &[Field] {
        match self {
            Step::Test(test) => test.fields(),
            Step::Do(_) => &[],
        }
    }

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
        Step::Do(Arc::new(statement))
    }
}

impl Nat {
    /// The one address and the one port that it translates to, when there are not several.
    pub fn single(&self) -> Option<NatTarget> {
        let NatData::Fixed { address, port } = self.data else { return None };
        let one = address.is_none_or(|(lo, hi)| lo == hi) && port.is_none_or(|(lo, hi)| lo == hi);
        let some = address.is_some() || port.is_some();
        (one && some).then(|| NatTarget { address: address.map(|(lo, _)| lo), port: port.map(|(lo, _)| lo) })
    }
}

impl Verdict {
    /// Whether chance or turn decides.
    pub fn is_drawn(&self) -> bool {
        match self {
            Verdict::Draw(_) => true,
            Verdict::Nat(nat) => matches!(nat.data, NatData::Draw { .. }),
            _ => false,
        }
    }

    /// The fields by whose values a map decides; none of what is no map.
    pub fn key(&self) -> &[Field] {
        match self {
            Verdict::Map(map) => &map.key,
            Verdict::MapNamed(map) => &map.key,
            _ => &[],
        }
    }

    /// The rows of an anonymous map or of a draw; none of anything else.
    pub fn rows(&self) -> &[MapRow<Verdict>] {
        match self {
            Verdict::Map(map) => &map.rows,
            Verdict::Draw(draw) => &draw.rows,
            _ => &[],
        }
    }

    /// The chains it can go to, in order; the table is the one that the rule is in.
    pub fn callees(&self, table: &Table) -> SmallVec<[ChainId; 1]> {
        let mut callees = SmallVec::new();
        self.tell_callees(table, &mut |id| callees.push(id));
        callees
    }

    /// The same, each told to `see`.
    pub fn tell_callees(&self, table: &Table, see: &mut impl FnMut(ChainId)) {
        self.tell_simple(table, &mut |verdict| {
            if let Verdict::Jump(id) | Verdict::Goto(id) = verdict {
                see(*id);
            }
        });
    }

    /// Tells it, or of a map or a draw the verdicts in its rows.
    pub fn tell_simple<'v>(&'v self, table: &'v Table, see: &mut impl FnMut(&'v Verdict)) {
        match self {
            Verdict::Map(_) | Verdict::Draw(_) => {
                self.rows().iter().for_each(|row| row.data.tell_simple(table, see));
            }
            Verdict::MapNamed(map) => {
                let rows = table.set(map.set).map(|set| set.rows.as_slice()).unwrap_or_default();
                rows.iter().filter_map(|row| row.carried().verdict.as_ref()).for_each(|v| v.tell_simple(table, see));
            }
            Verdict::Jump(_)
            | Verdict::Goto(_)
            | Verdict::Continue
            | Verdict::Accept
            | Verdict::Drop
            | Verdict::Return
            | Verdict::Reject(_)
            | Verdict::Nat(_)
            | Verdict::Queue { .. } => see(self),
        }
    }

    /// Changes the numbers of the chains that it names itself.
    pub fn for_each_callee(&mut self, change: &mut impl FnMut(&mut ChainId)) {
        match self {
            Verdict::Jump(id) | Verdict::Goto(id) => change(id),
            Verdict::Map(map) => map.rows.iter_mut().for_each(|row| row.data.for_each_callee(change)),
            Verdict::Draw(draw) => draw.rows.iter_mut().for_each(|row| row.data.for_each_callee(change)),
            Verdict::MapNamed(_)
            | Verdict::Continue
            | Verdict::Accept
            | Verdict::Drop
            | Verdict::Return
            | Verdict::Reject(_)
            | Verdict::Nat(_)
            | Verdict::Queue { .. } => {}
        }
    }

    /// Whether no rule of this chain is looked at after it.
    pub const fn is_terminal(&self) -> bool {
        match self {
            Verdict::Continue | Verdict::Jump(_) | Verdict::Map(_) | Verdict::MapNamed(_) | Verdict::Draw(_) => false,
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Long dumps are kept as rules: what one of them takes is what the program takes.
    #[test]
    fn rules_are_small() {
        assert_eq!((size_of::<Test>(), size_of::<Verdict>(), size_of::<Rule>()), (48, 16, 96));
    }
}
