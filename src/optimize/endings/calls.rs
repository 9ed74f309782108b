//! What chains call, and where packets may leave them: all that is to be known of rules, in lists without rules.

use std::ops::Range;

use smallvec::SmallVec;

use super::protocols::{Asked, Protocols};
use crate::ir::{ChainId, Component, Rule, Statement, Step, Table, Test, Verdict};
use crate::packet::{Field, IntervalSet};

/// Some chains.
pub(super) type Chains = SmallVec<[u32; 2]>;

/// One way from a chain to another one.
#[derive(Debug)]
pub(super) struct Call {
    pub to: u32,
    /// Of the packets that go there, as far as the rule and the row say.
    pub asked: Asked,
}

/// A rule, or a row of one, at which something is decided about all packets of the chain.
#[derive(Debug)]
pub(super) enum Turn {
    /// Every packet takes it, and never comes back where all of these chains end its way.
    Ends { when: When, chains: Chains },
    /// A packet may leave the chain here, unless all of these chains end its way.
    Returns { unless: Option<Chains> },
}

/// The protocols of which a rule takes every packet.
#[derive(Debug)]
pub(super) struct When {
    asked: Asked,
    /// Whether there must be a packet at all.
    some: bool,
}

/// Of chains one after the other.
#[derive(Debug, Default)]
pub(super) struct Found {
    calls: Vec<Call>,
    turns: Vec<Turn>,
    /// Where those of each chain end, in both lists.
    ends: Vec<(u32, u32)>,
}

impl Found {
    /// Of some chains of a table.
    pub fn of(table: &Table, chains: Range<usize>) -> Self {
        let mut found = Found::default();
        for chain in table.chains.get(chains).unwrap_or_default() {
            for rule in &chain.rules {
                found.rule(table, rule);
            }
            found.ends.push((found.calls.len() as u32, found.turns.len() as u32));
        }
        found
    }

    /// Takes in what was found of the chains behind these.
    pub fn append(&mut self, other: Found) {
        let (calls, turns) = (self.calls.len() as u32, self.turns.len() as u32);
        self.calls.extend(other.calls);
        self.turns.extend(other.turns);
        self.ends.extend(other.ends.into_iter().map(|(call, turn)| (calls + call, turns + turn)));
    }

    /// How many chains there are.
    pub const fn len(&self) -> usize {
        self.ends.len()
    }

    /// Of all chains.
    pub fn all_calls(&self) -> &[Call] {
        &self.calls
    }

    /// In the order of the rules.
    pub fn calls(&self, chain: usize) -> &[Call] {
        let start = chain.checked_sub(1).map_or(0, |before| self.ends[before].0);
        &self.calls[start as usize..self.ends[chain].0 as usize]
    }

    /// In the order of the rules.
    pub fn turns(&self, chain: usize) -> &[Turn] {
        let start = chain.checked_sub(1).map_or(0, |before| self.ends[before].1);
        &self.turns[start as usize..self.ends[chain].1 as usize]
    }

    fn rule(&mut self, table: &Table, rule: &Rule) {
        if let Some(chains) = ending(&rule.verdict)
            && let Some(when) = always(rule)
        {
            self.turns.push(Turn::Ends { when, chains });
        }
        self.returns(table, &rule.verdict);
        self.calls_of(table, rule);
    }

    /// Where a packet may leave the chain by this verdict and come back to its caller.
    fn returns(&mut self, table: &Table, verdict: &Verdict) {
        verdict.tell_simple(table, &mut |verdict| match verdict {
            Verdict::Return => self.turns.push(Turn::Returns { unless: None }),
            Verdict::Goto(_) => self.turns.push(Turn::Returns { unless: ending(verdict) }),
            _ => {}
        });
    }

    fn calls_of(&mut self, table: &Table, rule: &Rule) {
        let mut call = |verdict: &Verdict, asked: Asked| {
            verdict.tell_callees(table, &mut |ChainId(to)| self.calls.push(Call { to, asked: asked.clone() }));
        };
        match &rule.verdict {
            Verdict::Map(map) => {
                let tested = tested(rule);
                map.rows.iter().for_each(|row| call(&row.data, in_row(&tested, &map.key, &row.key)));
            }
            Verdict::MapNamed(map) => {
                let tested = tested(rule);
                let rows = table.set(map.set).map(|set| set.rows.as_slice()).unwrap_or_default();
                let verdicts = rows.iter().filter_map(|row| Some((row, row.carried().verdict.as_ref()?)));
                verdicts.for_each(|(row, verdict)| call(verdict, in_row(&tested, &map.key, &row.key)));
            }
            Verdict::Jump(_) | Verdict::Goto(_) | Verdict::Draw(_) => call(&rule.verdict, tested(rule)),
            Verdict::Continue
            | Verdict::Accept
            | Verdict::Drop
            | Verdict::Return
            | Verdict::Reject(_)
            | Verdict::Nat(_)
            | Verdict::Queue { .. } => {}
        }
    }
}

/// The chains that must end the way of packets for the verdict to do so; `None` where it does not at all.
pub(super) fn ending(verdict: &Verdict) -> Option<Chains> {
    match verdict {
        Verdict::Accept | Verdict::Drop | Verdict::Reject(_) | Verdict::Nat(_) | Verdict::Queue { .. } => {
            Some(Chains::new())
        }
        Verdict::Jump(ChainId(id)) | Verdict::Goto(ChainId(id)) => Some(SmallVec::from_buf_and_len([*id, 0], 1)),
        Verdict::Draw(draw) => {
            draw.rows.iter().map(|row| ending(&row.data)).try_fold(Chains::new(), |mut all, chains| {
                all.extend(chains?);
                Some(all)
            })
        }
        // A packet without a row goes on.
        Verdict::Map(_) | Verdict::MapNamed(_) | Verdict::Continue | Verdict::Return => None,
    }
}

/// The protocols of which the rule takes every packet, if there are any.
fn always(rule: &Rule) -> Option<When> {
    let mut when = When { asked: Asked::Any, some: false };
    for step in &rule.steps {
        match step {
            // Of the protocol, or one that only asks for a header that the protocol has.
            Step::Test(Test::In { field: Field::L4proto, set }) => {
                when.asked = when.asked.and(set);
            }
            Step::Test(Test::In { field, set }) if set.is_full(field.width()) => {
                let one = IntervalSet::point(field.protocol()?.into());
                when = When { asked: when.asked.and(&one), some: true };
            }
            Step::Test(_) => return None,
            Step::Do(statement) => {
                let object = matches!(**statement, Statement::Object { .. });
                if object || statement.is_stateful() || statement.may_break() {
                    return None;
                }
            }
        }
    }
    Some(when)
}

impl When {
    /// Whether the rule takes every packet of these protocols.
    pub fn holds(&self, protocols: &Protocols) -> bool {
        self.asked.of(protocols) == *protocols && !(self.some && protocols.is_empty())
    }
}

/// The protocols of the packets that the rule matches.
fn tested(rule: &Rule) -> Asked {
    rule.tests().fold(Asked::Any, |asked, test| match test {
        Test::In { field: Field::L4proto, set } => asked.and(set),
        _ => asked,
    })
}

/// Those of them that a row of a map is for.
fn in_row(tested: &Asked, key: &[Field], row: &[Component]) -> Asked {
    match key.iter().zip(row).find(|(field, _)| **field == Field::L4proto) {
        Some((_, Component::Interval(i))) => tested.and(&IntervalSet::from(*i)),
        _ => tested.clone(),
    }
}
