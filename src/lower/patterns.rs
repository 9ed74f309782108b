//! What rules of a form become, found out once for all of them.
//!
//! The two trees of a form are lowered, and differ by the values that stand in for others: where one of these is, a
//! rule of the form has its own value. Nothing else may differ, or such rules are lowered one by one.
//! Invariant: a rule made by a pattern is the one that lowering the rule's own tree makes; builds with debug
//! assertions look at each.

use bstr::BString;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::{TableWork, Within};
use crate::ir::slots::{Slot, SlotMut, alike, each, each_mut};
use crate::ir::{self, Origin};
use crate::packet::IntervalSet;
use crate::save::forms::{Form, Like, Plain};

/// Values of a list that rules of a form may differ by: lists are part of the form.
const LISTED: usize = 1;

/// The rule that stands for all of a form in one kind of place.
pub struct Pattern {
    rule: ir::Rule,
    /// Whether later fragments skip it.
    pub skipped: bool,
    /// For each slot of the rule the place of the value that it takes, if any.
    takes: SmallVec<[Option<usize>; 4]>,
}

/// Patterns by form and kind of place; `None` where rules are lowered one by one.
#[derive(Default)]
pub struct Patterns {
    all: Vec<Option<Pattern>>,
    numbers: FxHashMap<(u32, u32), usize>,
    /// The last one that was asked for.
    last: ((u32, u32), usize),
}

impl Patterns {
    /// The rule that the one of a form becomes, and whether later fragments skip it. `work` has room for rules by
    /// themselves.
    pub fn rule(
        &mut self,
        like: &Like,
        (within, last): (&Within, bool),
        work: &mut TableWork,
    ) -> Option<(ir::Rule, bool)> {
        let key = (like.form, within.kind(last));
        if self.last.0 != key || self.all.is_empty() {
            let number = self.numbers.entry(key).or_insert_with(|| {
                self.all.push(work.forms.of(like).and_then(|form| Pattern::learn(form, (within, last), work)));
                self.all.len() - 1
            });
            self.last = (key, *number);
        }
        let pattern = self.all.get(self.last.1)?.as_ref()?;
        Some((pattern.rule(like, work)?, pattern.skipped))
    }
}

impl Pattern {
    fn learn(form: &Form, (within, last): (&Within, bool), work: &mut TableWork) -> Option<Pattern> {
        let [first, second] = &form.trees;
        let (first, skipped) = work.alone(first, within, last)?;
        let (second, also) = work.alone(second, within, last)?;
        if skipped != also || !alike(&first, &second, LISTED) {
            return None;
        }
        let (mut of_first, mut of_second) = (Vec::new(), Vec::new());
        each(&first, LISTED, |slot| of_first.push(slot));
        each(&second, LISTED, |slot| of_second.push(slot));
        let takes = of_first.iter().zip(&of_second).map(|(a, b)| taken(form, [a, b]));
        let takes: SmallVec<[Option<usize>; 4]> = takes.collect::<Option<_>>()?;
        let all_taken = (0..form.kinds.len()).all(|place| takes.contains(&Some(place)));
        all_taken.then(|| Pattern { rule: without_comment(first, &takes), skipped, takes })
    }

    fn rule(&self, like: &Like, work: &TableWork) -> Option<ir::Rule> {
        let mut rule = self.rule.clone();
        rule.origin = Origin::line(work.source, like.line);
        let mut takes = self.takes.iter();
        let mut complete = true;
        each_mut(&mut rule, LISTED, |slot| {
            if let Some(&Some(place)) = takes.next() {
                complete &= work.forms.value(like, place).and_then(|value| work.write(slot, value)).is_some();
            }
        });
        complete.then_some(rule)
    }
}

/// The rule without the comment that others are to have, so that it is not copied for them.
fn without_comment(mut rule: ir::Rule, takes: &[Option<usize>]) -> ir::Rule {
    let mut takes = takes.iter();
    each_mut(&mut rule, LISTED, |slot| {
        if let (SlotMut::Comment(comment), Some(Some(_))) = (slot, takes.next()) {
            *comment = BString::default();
        }
    });
    rule
}

/// Which value the slots take that stand at the same place in what the two trees became: `Some(None)` where both are
/// the same, `None` where they differ by something else than a value that stands in.
fn taken(form: &Form, slots: [&Slot; 2]) -> Option<Option<usize>> {
    if slots[0] == slots[1] {
        return Some(None);
    }
    let stands = |place: &usize| {
        let in_tree = |tree: usize| form.stand_in(tree, *place).is_some_and(|value| is(slots[tree], value));
        in_tree(0) && in_tree(1)
    };
    (0..form.kinds.len()).find(stands).map(Some)
}

/// Whether the slot holds the value.
fn is(slot: &Slot, value: Plain) -> bool {
    match (slot, value) {
        (Slot::Values { values, .. }, Plain::Net(lo, hi)) => (values.lo, values.hi) == (lo.into(), hi.into()),
        (Slot::Values { values, .. }, Plain::Port(port)) => values.is_point() && values.lo == port.into(),
        (Slot::Address(address), Plain::Net(lo, hi)) => lo == hi && *address == lo.into(),
        (Slot::Port(port), Plain::Port(value)) => *port == value,
        (Slot::Chain(id), Plain::Chain(stand_in)) => id.0 == stand_in,
        (Slot::Comment(comment), Plain::Comment(text)) => *comment == text,
        _ => false,
    }
}

impl TableWork<'_> {
    /// Writes the value into the slot, which has held one of its kind.
    fn write(&self, slot: SlotMut, value: Plain) -> Option<()> {
        match (slot, value) {
            (SlotMut::Values(set), Plain::Net(lo, hi)) => *set = IntervalSet::range(lo.into(), hi.into()),
            (SlotMut::Values(set), Plain::Port(port)) => *set = IntervalSet::point(port.into()),
            (SlotMut::Address(address), Plain::Net(lo, hi)) => *address = (lo.into(), hi.into()),
            (SlotMut::Port(port), Plain::Port(value)) => *port = (value, value),
            (SlotMut::Chain(id), Plain::Chain(number)) => *id = self.numbers.get(number)?,
            (SlotMut::Comment(comment), Plain::Comment(text)) => *comment = text.into(),
            _ => return None,
        }
        Some(())
    }
}
