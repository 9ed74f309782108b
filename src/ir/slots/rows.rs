//! The same of rows of one named set or map, which differ by plain values as rules do.
//!
//! `key` are the fields of the set's key. Invariant: as for rules.

use std::hash::{Hash, Hasher};

use rustc_hash::FxHasher;

use super::{Slot, SlotMut, alike_calls, alike_values, chain, is_slot};
use crate::ir::{Component, SetRow, Verdict};
use crate::packet::Field;

/// Tells each slot of the row, in order: of its key, its comment, the chain it leads to.
pub fn each<'a>(key: &[Field], row: &'a SetRow, mut tell: impl FnMut(Slot<'a>)) {
    for (&field, component) in key.iter().zip(&row.key) {
        match component {
            Component::Interval(values) if is_slot(field, *values) => tell(Slot::Values { field, values: *values }),
            _ => {}
        }
    }
    let carried = row.carried();
    carried.comment.iter().map(Slot::Comment).for_each(&mut tell);
    carried.verdict.as_ref().and_then(chain).map(Slot::Chain).into_iter().for_each(&mut tell);
}

/// The same slots, to be changed; what is written must keep the row like what it was.
pub fn each_mut(key: &[Field], row: &mut SetRow, mut tell: impl FnMut(SlotMut)) {
    for (&field, component) in key.iter().zip(&mut row.key) {
        match component {
            Component::Interval(values) if is_slot(field, *values) => tell(SlotMut::Block(values)),
            _ => {}
        }
    }
    let Some(carried) = row.carried_mut() else { return };
    carried.comment.iter_mut().map(SlotMut::Comment).for_each(&mut tell);
    if let Some(Verdict::Jump(id) | Verdict::Goto(id)) = &mut carried.verdict {
        tell(SlotMut::Chain(id));
    }
}

/// The same for rows that are [`alike`], and rarely for others.
pub fn hash(key: &[Field], row: &SetRow) -> u64 {
    let mut hasher = FxHasher::default();
    for (&field, component) in key.iter().zip(&row.key) {
        match component {
            Component::Interval(values) if is_slot(field, *values) => {}
            other => other.hash(&mut hasher),
        }
    }
    hasher.finish()
}

/// Whether the rows are equal but for the values of their slots.
pub fn alike(key: &[Field], a: &SetRow, b: &SetRow) -> bool {
    let (one, other) = (a.carried(), b.carried());
    let verdicts = match (&one.verdict, &other.verdict) {
        (Some(a), Some(b)) => alike_calls(a, b),
        (a, b) => a.is_none() && b.is_none(),
    };
    let components = |(&field, (a, b)): (&Field, (&Component, &Component))| match (a, b) {
        (Component::Interval(a), Component::Interval(b)) => alike_values(field, *a, *b),
        (a, b) => a == b,
    };
    a.key.len() == key.len()
        && b.key.len() == key.len()
        && key.iter().zip(a.key.iter().zip(&b.key)).all(components)
        && verdicts
        && one.comment.is_some() == other.comment.is_some()
        && one.values == other.values
        && one.timeout == other.timeout
        && one.counters == other.counters
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::{Carried, ChainId};
    use crate::packet::Interval;

    const KEY: &[Field] = &[Field::IpSaddr, Field::L4proto];

    fn row(source: Interval, protocol: u128, comment: Option<&str>, verdict: Option<Verdict>) -> SetRow {
        let key = [source, Interval::point(protocol)].map(Component::from).into_iter().collect();
        SetRow::carrying(key, Carried { verdict, comment: comment.map(Into::into), ..Carried::default() })
    }

    #[test]
    fn rows_that_differ_by_plain_values_are_alike() {
        let jump = |id| Some(Verdict::Jump(ChainId(id)));
        let one = Interval::point;
        for (a, b, want) in [
            (row(one(1), 6, None, None), row(one(2), 6, None, None), true),
            (row(one(1), 6, None, None), row(one(1), 17, None, None), false),
            (row(one(1), 6, None, None), row(Interval::new(0, 1), 6, None, None), true),
            (row(Interval::new(0, 1), 6, None, None), row(Interval::new(2, 3), 6, None, None), true),
            (row(Interval::new(0, 1), 6, None, None), row(Interval::new(1, 2), 6, None, None), false),
            (row(one(1), 6, Some("a"), jump(1)), row(one(2), 6, Some("b"), jump(2)), true),
            (row(one(1), 6, Some("a"), None), row(one(1), 6, None, None), false),
            (row(one(1), 6, None, jump(1)), row(one(1), 6, None, Some(Verdict::Accept)), false),
        ] {
            assert_eq!(alike(KEY, &a, &b), want, "{a:?}\n{b:?}");
            assert_eq!(alike(KEY, &b, &a), want, "{b:?}\n{a:?}");
            assert!(!want || hash(KEY, &a) == hash(KEY, &b), "{a:?}\n{b:?}");
        }
    }

    #[test]
    fn slots_are_changed_in_the_order_they_are_told() {
        let mut changed = row(Interval::point(1), 6, Some("a"), Some(Verdict::Goto(ChainId(1))));
        each_mut(KEY, &mut changed, |slot| match slot {
            SlotMut::Block(block) => *block = Interval::point(2),
            SlotMut::Chain(id) => id.0 += 1,
            SlotMut::Comment(comment) => *comment = "b".into(),
            SlotMut::Values(_) | SlotMut::Address(_) | SlotMut::Port(_) => {}
        });
        let mut slots = Vec::new();
        each(KEY, &changed, |slot| slots.push(slot));
        let values = Slot::Values { field: Field::IpSaddr, values: Interval::point(2) };
        assert_eq!(slots, [values, Slot::Comment(&"b".into()), Slot::Chain(ChainId(2))]);
    }
}
