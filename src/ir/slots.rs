//! Plain values of a rule: what rules of long dumps differ by.
//!
//! Machines write firewalls, so that rules are alike but for an address, a port, a chain or a comment. What has been
//! found out about one rule then holds for those that are like it, with other values in the slots. Who asks says how
//! many values of a list are slots at `most`; longer lists are equal or not.
//! Invariant: rules that are [`alike`] have the same slots in the same order, and are equal once these are.

pub mod rows;

use std::hash::{Hash, Hasher};
use std::mem::discriminant;

use bstr::BString;
use rustc_hash::FxHasher;

use super::{ChainId, MapRow, NatData, Remarks, Rule, Step, Test, Verdict};
use crate::packet::{Field, Interval, IntervalSet};

/// A plain value, as it is found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Slot<'a> {
    /// One value or one aligned block of values that an address or a port is tested for.
    Values { field: Field, values: Interval },
    /// A chain that is jumped or gone to.
    Chain(ChainId),
    /// The one address that is translated to.
    Address(u128),
    /// The one port that is translated to.
    Port(u16),
    /// The rule's only comment, or the one that a row of its verdict has.
    Comment(&'a BString),
}

/// A plain value, to be changed into another that is like it.
#[derive(Debug)]
pub enum SlotMut<'a> {
    Values(&'a mut IntervalSet),
    /// The same in a row of a set, or in a list.
    Block(&'a mut Interval),
    Chain(&'a mut ChainId),
    Address(&'a mut (u128, u128)),
    Port(&'a mut (u16, u16)),
    Comment(&'a mut BString),
}

/// Whether tests of the field have plain values.
pub const fn is_plain(field: Field) -> bool {
    matches!(
        field,
        Field::IpSaddr | Field::IpDaddr | Field::Ip6Saddr | Field::Ip6Daddr | Field::Sport(_) | Field::Dport(_)
    )
}

/// Tells each slot of the rule, in order: of steps, of the verdict (the comment and the chain of each row, where one of
/// several is drawn), the comment.
pub fn each<'a>(rule: &'a Rule, most: usize, mut tell: impl FnMut(Slot<'a>)) {
    for step in &rule.steps {
        if let Step::Test(Test::In { field, set }) = step
            && let Some(values) = plain(*field, set, most)
        {
            values.iter().for_each(|&values| tell(Slot::Values { field: *field, values }));
        }
    }
    match &rule.verdict {
        Verdict::Jump(id) | Verdict::Goto(id) => tell(Slot::Chain(*id)),
        Verdict::Nat(nat) => {
            if let NatData::Fixed { address, port } = nat.data {
                one(address).map(Slot::Address).into_iter().for_each(&mut tell);
                one(port).map(Slot::Port).into_iter().for_each(&mut tell);
            }
        }
        Verdict::Draw(draw) => {
            for row in &draw.rows {
                row.comment.iter().map(Slot::Comment).for_each(&mut tell);
                chain(&row.data).map(Slot::Chain).into_iter().for_each(&mut tell);
            }
        }
        _ => {}
    }
    if let [only] = rule.comments() {
        tell(Slot::Comment(only));
    }
}

/// The same slots, to be changed; what is written must keep the rule like what it was.
pub fn each_mut(rule: &mut Rule, most: usize, mut tell: impl FnMut(SlotMut)) {
    for step in &mut rule.steps {
        let Step::Test(Test::In { field, set }) = step else { continue };
        match plain(*field, set, most) {
            None => {}
            Some([_]) => tell(SlotMut::Values(set)),
            Some(several) => {
                let mut several = several.to_vec();
                several.iter_mut().for_each(|values| tell(SlotMut::Block(values)));
                *set = several.into();
            }
        }
    }
    match &mut rule.verdict {
        Verdict::Jump(id) | Verdict::Goto(id) => tell(SlotMut::Chain(id)),
        Verdict::Nat(nat) => {
            if let NatData::Fixed { address, port } = &mut nat.data {
                address.as_mut().filter(|(lo, hi)| lo == hi).map(SlotMut::Address).into_iter().for_each(&mut tell);
                port.as_mut().filter(|(lo, hi)| lo == hi).map(SlotMut::Port).into_iter().for_each(&mut tell);
            }
        }
        Verdict::Draw(draw) => {
            for row in &mut draw.rows {
                row.comment.iter_mut().map(SlotMut::Comment).for_each(&mut tell);
                if let Verdict::Jump(id) | Verdict::Goto(id) = &mut row.data {
                    tell(SlotMut::Chain(id));
                }
            }
        }
        _ => {}
    }
    if rule.comments().len() == 1 {
        rule.remarks_mut().comments.iter_mut().for_each(|only| tell(SlotMut::Comment(only)));
    }
}

/// The same for rules that are [`alike`], and rarely for others.
pub fn key(rule: &Rule, most: usize) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write_usize(rule.steps.len());
    for step in &rule.steps {
        match step {
            Step::Test(Test::In { field, set }) => {
                field.hash(&mut hasher);
                match plain(*field, set, most) {
                    Some(values) => hasher.write_usize(values.len()),
                    None => set.hash(&mut hasher),
                }
            }
            other => other.hash(&mut hasher),
        }
    }
    discriminant(&rule.verdict).hash(&mut hasher);
    hasher.write_usize(rule.comments().len());
    hasher.finish()
}

/// Whether the rules are equal but for the values of their slots, and for the lines they came from.
pub fn alike(a: &Rule, b: &Rule, most: usize) -> bool {
    a.steps.len() == b.steps.len()
        && a.steps.iter().zip(&b.steps).all(|(a, b)| alike_steps(a, b, most))
        && alike_verdicts(&a.verdict, &b.verdict)
        && alike_remarks(a, b)
}

fn alike_steps(a: &Step, b: &Step, most: usize) -> bool {
    match (a, b) {
        (Step::Test(Test::In { field: f, set: a }), Step::Test(Test::In { field: g, set: b })) => {
            f == g
                && match (a.intervals(), b.intervals()) {
                    ([a], [b]) => alike_values(*f, *a, *b),
                    _ => alike_lists(*f, (a, b), most),
                }
        }
        (Step::Test(a), Step::Test(b)) => a == b,
        (Step::Do(a), Step::Do(b)) => a == b,
        (Step::Test(_), Step::Do(_)) | (Step::Do(_), Step::Test(_)) => false,
    }
}

fn alike_verdicts(a: &Verdict, b: &Verdict) -> bool {
    match (a, b) {
        (Verdict::Nat(a), Verdict::Nat(b)) => {
            a.kind == b.kind
                && a.flags == b.flags
                && match (&a.data, &b.data) {
                    (NatData::Fixed { address: a, port: p }, NatData::Fixed { address: b, port: q }) => {
                        (a == b || one(*a).is_some() && one(*b).is_some())
                            && (p == q || one(*p).is_some() && one(*q).is_some())
                    }
                    (a, b) => a == b,
                }
        }
        (Verdict::Draw(a), Verdict::Draw(b)) => {
            let rows = || a.rows.iter().zip(&b.rows);
            a.random == b.random && a.rows.len() == b.rows.len() && rows().all(|(a, b)| alike_rows(a, b))
        }
        (a, b) => alike_calls(a, b),
    }
}

fn alike_rows(a: &MapRow<Verdict>, b: &MapRow<Verdict>) -> bool {
    alike_calls(&a.data, &b.data) && a.comment.is_some() == b.comment.is_some() && a.key == b.key
}

/// Verdicts that are equal but for the chain they go to.
fn alike_calls(a: &Verdict, b: &Verdict) -> bool {
    match (a, b) {
        (Verdict::Jump(_), Verdict::Jump(_)) | (Verdict::Goto(_), Verdict::Goto(_)) => true,
        (a, b) => a == b,
    }
}

/// The chain that a verdict goes to by itself.
const fn chain(verdict: &Verdict) -> Option<ChainId> {
    match verdict {
        Verdict::Jump(id) | Verdict::Goto(id) => Some(*id),
        _ => None,
    }
}

fn alike_remarks(a: &Rule, b: &Rule) -> bool {
    let (a, b) = match (a.remarks(), b.remarks()) {
        (None, None) => return true,
        (Some(a), Some(b)) => (a, b),
        (Some(one), None) | (None, Some(one)) => return *one == Remarks::default(),
    };
    let comments = match (a.comments.as_slice(), b.comments.as_slice()) {
        ([_], [_]) => true,
        (a, b) => a == b,
    };
    comments && a.labels == b.labels && a.counters == b.counters && a.notes == b.notes
}

/// Whether it is one value, or an aligned block of values but not all there are, of a field whose values are plain.
fn is_slot(field: Field, values: Interval) -> bool {
    is_plain(field) && (values.is_point() || values.prefix_len(field.width()).is_some_and(|len| len > 0))
}

/// Values of the same field: equal, or both slots, of ports as many.
fn alike_values(field: Field, a: Interval, b: Interval) -> bool {
    let ports = matches!(field, Field::Sport(_) | Field::Dport(_));
    a == b || (is_slot(field, a) && is_slot(field, b) && (!ports || a.hi - a.lo == b.hi - b.lo))
}

/// Lists of the same field: equal, or as many slots.
fn alike_lists(field: Field, (a, b): (&IntervalSet, &IntervalSet), most: usize) -> bool {
    let values = |set| plain(field, set, most);
    let alike = |(a, b): (&[Interval], &[Interval])| {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike_values(field, *a, *b))
    };
    a.intervals().len() == b.intervals().len() && (a == b || values(a).zip(values(b)).is_some_and(alike))
}

/// The values, where they are single values or aligned blocks of a field whose values are plain, and few enough; not
/// where more are left out than there are in between.
fn plain(field: Field, set: &IntervalSet, most: usize) -> Option<&[Interval]> {
    match set.intervals() {
        [only] => is_slot(field, *only).then_some(set.intervals()),
        several if several.len() > most || set.gaps(field.width()) < several.len() => None,
        several => several.iter().all(|&values| is_slot(field, values)).then_some(several),
    }
}

fn one<T: PartialEq + Copy>(range: Option<(T, T)>) -> Option<T> {
    range.filter(|(lo, hi)| lo == hi).map(|(lo, _)| lo)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::SourceId;
    use crate::ir::{Component, Draw, Nat, Origin};
    use crate::nft::ast::{NatFlags, NatKind};
    use crate::packet::L4;

    fn rule(steps: impl IntoIterator<Item = Test>, verdict: Verdict, line: u32) -> Rule {
        Rule::new(steps.into_iter().map(Step::Test), verdict, Origin::line(SourceId::default(), line))
    }

    fn source(lo: u128, hi: u128) -> Test {
        Test::between(Field::IpSaddr, lo, hi)
    }

    fn dnat(address: u128, port: (u16, u16)) -> Verdict {
        let data = NatData::Fixed { address: Some((address, address)), port: Some(port) };
        Verdict::Nat(Box::new(Nat { kind: NatKind::Dnat, data, flags: NatFlags::default() }))
    }

    fn draw(chains: &[u32], comment: Option<&str>) -> Verdict {
        let row = |(at, chain): (usize, &u32)| MapRow {
            key: [Component::from(Interval::point(at as u128))].into_iter().collect(),
            data: Verdict::Jump(ChainId(*chain)),
            comment: comment.map(BString::from),
        };
        Verdict::Draw(Box::new(Draw { random: true, rows: chains.iter().enumerate().map(row).collect() }))
    }

    fn commented(comments: &[&str]) -> Rule {
        let mut rule = rule([], Verdict::Drop, 1);
        rule.remarks_mut().comments = comments.iter().map(|&comment| comment.into()).collect();
        rule
    }

    #[test]
    fn rules_that_differ_by_plain_values_are_alike() {
        let port = |port| Test::is(Field::Dport(L4::Tcp), port);
        let ports = |lo, hi| Test::between(Field::Dport(L4::Tcp), lo, hi);
        let sources = |set| Test::In { field: Field::IpSaddr, set };
        let list = |all: &[u128]| sources(all.iter().map(|&one| Interval::point(one)).collect());
        let but = |one| sources(IntervalSet::point(one).complement(32));
        for (a, b, want) in [
            (rule([source(1, 1)], Verdict::Drop, 1), rule([source(7, 7)], Verdict::Drop, 2), true),
            (rule([source(0, 255)], Verdict::Drop, 1), rule([source(256, 511)], Verdict::Drop, 1), true),
            (rule([source(0, 255)], Verdict::Drop, 1), rule([source(0, 127)], Verdict::Drop, 1), true),
            (rule([source(0, 255)], Verdict::Drop, 1), rule([source(0, 0xffff_ffff)], Verdict::Drop, 1), false),
            (rule([ports(0, 1)], Verdict::Drop, 1), rule([ports(2, 3)], Verdict::Drop, 1), true),
            (rule([ports(0, 1)], Verdict::Drop, 1), rule([ports(0, 3)], Verdict::Drop, 1), false),
            (rule([source(0, 254)], Verdict::Drop, 1), rule([source(1, 255)], Verdict::Drop, 1), false),
            (rule([source(1, 1)], Verdict::Drop, 1), rule([source(1, 1)], Verdict::Accept, 1), false),
            (rule([source(1, 1)], Verdict::Drop, 1), rule([port(1)], Verdict::Drop, 1), false),
            (rule([port(22)], Verdict::Drop, 1), rule([port(23)], Verdict::Drop, 1), true),
            (rule([list(&[1, 5])], Verdict::Drop, 1), rule([list(&[2, 9])], Verdict::Drop, 1), true),
            (rule([list(&[1, 5])], Verdict::Drop, 1), rule([list(&[2])], Verdict::Drop, 1), false),
            (rule([list(&[1, 5, 9])], Verdict::Drop, 1), rule([list(&[1, 5, 8])], Verdict::Drop, 1), false),
            (rule([list(&[1, 5, 9])], Verdict::Drop, 1), rule([list(&[1, 5, 9])], Verdict::Drop, 1), true),
            (rule([but(5)], Verdict::Drop, 1), rule([but(9)], Verdict::Drop, 1), false),
            (rule([], Verdict::Jump(ChainId(1)), 1), rule([], Verdict::Jump(ChainId(2)), 1), true),
            (rule([], Verdict::Jump(ChainId(1)), 1), rule([], Verdict::Goto(ChainId(1)), 1), false),
            (rule([], dnat(1, (80, 80)), 1), rule([], dnat(2, (81, 81)), 1), true),
            (rule([], dnat(1, (80, 80)), 1), rule([], dnat(1, (80, 81)), 1), false),
            (rule([], draw(&[1, 2], None), 1), rule([], draw(&[1, 3], None), 1), true),
            (rule([], draw(&[1], Some("a")), 1), rule([], draw(&[2], Some("b")), 1), true),
            (rule([], draw(&[1], Some("a")), 1), rule([], draw(&[1], None), 1), false),
            (rule([], draw(&[1, 2], None), 1), rule([], draw(&[1], None), 1), false),
            (commented(&["a"]), commented(&["b"]), true),
            (commented(&["a"]), commented(&[]), false),
            (commented(&["a", "b"]), commented(&["a", "c"]), false),
        ] {
            assert_eq!(alike(&a, &b, 2), want, "{a:?}\n{b:?}");
            assert_eq!(alike(&b, &a, 2), want, "{b:?}\n{a:?}");
            assert!(!want || key(&a, 2) == key(&b, 2), "{a:?}\n{b:?}");
        }
    }

    #[test]
    fn rows_of_a_verdict_have_slots() {
        let mut slots = Vec::new();
        let drawn = rule([], draw(&[4, 5], Some("a")), 1);
        each(&drawn, 1, |slot| slots.push(slot));
        let said = BString::from("a");
        let comment = Slot::Comment(&said);
        assert_eq!(slots, [comment, Slot::Chain(ChainId(4)), comment, Slot::Chain(ChainId(5))]);
        let mut changed = drawn.clone();
        each_mut(&mut changed, 2, |slot| match slot {
            SlotMut::Chain(id) => id.0 += 1,
            SlotMut::Comment(comment) => *comment = "b".into(),
            _ => {}
        });
        assert_eq!(changed.verdict, draw(&[5, 6], Some("b")));
    }

    #[test]
    fn slots_are_changed_in_the_order_they_are_told() {
        let mut changed = rule([source(1, 1), source(0, u128::from(u32::MAX))], dnat(9, (80, 80)), 1);
        changed.remarks_mut().comments.push("a".into());
        let like = changed.clone();
        each_mut(&mut changed, 2, |slot| match slot {
            SlotMut::Values(set) => *set = IntervalSet::point(5),
            SlotMut::Block(_) => {}
            SlotMut::Chain(id) => id.0 += 1,
            SlotMut::Address(address) => *address = (6, 6),
            SlotMut::Port(port) => *port = (7, 7),
            SlotMut::Comment(comment) => *comment = "b".into(),
        });
        assert!(alike(&changed, &like, 2) && changed != like);
        let mut slots = Vec::new();
        each(&changed, 2, |slot| slots.push(slot));
        let values = Slot::Values { field: Field::IpSaddr, values: Interval::point(5) };
        assert_eq!(slots, [values, Slot::Address(6), Slot::Port(7), Slot::Comment(&"b".into())]);
    }
}
