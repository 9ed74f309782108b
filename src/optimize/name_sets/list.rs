//! The values of a test as elements of a set.

use std::borrow::Cow;

use bstr::BString;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::ir::{Carried, Component, Fields, Row, Rule, Set, SetData, SetRow, Step, Test};
use crate::nft::quoted::fits_comment;
use crate::optimize::shape;
use crate::packet::{Field, Interval, IntervalSet};

/// What will be in the set.
#[derive(Debug)]
pub struct List {
    pub fields: Fields,
    pub negated: bool,
    pub rows: Vec<SetRow>,
    counts: bool,
}

/// Ranges of at most so many addresses are single bans that happen to be neighbours.
const NEIGHBOURS: u128 = 16;

impl List {
    /// The fields that a step tests, if its values can stand in a named set, and how many those are at most.
    pub fn most(rule: &Rule, step: usize, fed: bool) -> Option<(&[Field], usize)> {
        let Some(Step::Test(test)) = rule.steps.get(step) else { return None };
        let most = match test {
            Test::In { field, .. } if !shape::is_plain(*field) => return None,
            Test::In { .. } if fed => usize::MAX,
            // Around each value with a comment the rest falls apart.
            Test::In { set, .. } => set.intervals().len() + 1 + 2 * rule.labels().len(),
            Test::Named { field, names, .. } if shape::is_plain(*field) => names.len(),
            Test::Tuple { rows, .. } => rows.len(),
            _ => return None,
        };
        Some((test.fields(), most))
    }

    /// The values that a step tests for, if they can stand in a named set; rows and names leave the step. Those of a
    /// list that is `fed` by other software stand one by one, since it takes them out one by one.
    pub fn of(rule: &mut Rule, step: usize, fed: bool) -> Option<Self> {
        let labels: FxHashMap<Row, BString> =
            rule.labels().iter().rev().filter(|(_, text)| fits_comment(text)).cloned().collect();
        let row = |key: Row| match Some(&labels).filter(|labels| !labels.is_empty()).and_then(|labels| labels.get(&key))
        {
            Some(text) => {
                let comment = Some(text.clone());
                SetRow::carrying(key, Carried { comment, ..Carried::default() })
            }
            None => SetRow::new(key),
        };
        let fields = rule.steps.get(step)?.fields().into();
        let (negated, rows) = match rule.steps.get_mut(step)? {
            Step::Test(Test::Tuple { rows, negated, .. }) => {
                (*negated, std::mem::take(rows).into_iter().map(row).collect())
            }
            Step::Test(Test::Named { field, names, negated }) if shape::is_plain(*field) => {
                (*negated, std::mem::take(names).into_iter().map(|name| row(one(name.into()))).collect())
            }
            _ => match rule.steps.get(step)?.as_test()? {
                Test::In { field, set }
                    if shape::is_plain(*field) && !set.is_full(field.width()) && !set.is_empty() =>
                {
                    let negated = shape::reads_negated(*field, set);
                    let shown = if negated { &set.complement(field.width()) } else { set };
                    (negated, pieces(rule, shown, fed).iter().map(|&i| row(one(i.into()))).collect())
                }
                _ => return None,
            },
        };
        Some(List { fields, negated, rows, counts: false })
    }

    /// A list of one field whose elements count.
    pub fn counting(field: Field, rows: Vec<SetRow>) -> Self {
        List { fields: [field].into_iter().collect(), negated: false, rows, counts: true }
    }

    /// Whether one address is what is listed.
    pub fn is_addresses(&self) -> bool {
        is_address(&self.fields)
    }

    /// The set of this list. Networks can be added to lists of addresses that have some already.
    pub fn into_set(self, name: BString) -> Set {
        let interval = self.rows.iter().flat_map(|row| &row.key).any(|component| match component {
            Component::Interval(i) => !i.is_point(),
            Component::Name(name) => name.wildcard,
        });
        let auto_merge = interval
            && self.is_addresses()
            && !self.counts
            && self.rows.iter().all(|row| row.carried().comment.is_none());
        Set {
            name,
            key: self.fields.to_vec(),
            comment: None,
            dynamic: false,
            interval,
            auto_merge,
            timeout: None,
            size: None,
            data: SetData::None,
            rows: self.rows,
            counter: self.counts,
        }
    }
}

/// Whether the only field is an address.
pub(super) fn is_address(fields: &[Field]) -> bool {
    matches!(fields, [Field::IpSaddr | Field::IpDaddr | Field::Ip6Saddr | Field::Ip6Daddr | Field::EtherSaddr])
}

fn one(component: Component) -> Row {
    Row::from_buf([component])
}

/// The intervals of the set; values with a comment of their own stand alone.
fn pieces<'s>(rule: &Rule, set: &'s IntervalSet, fed: bool) -> Cow<'s, [Interval]> {
    if !fed && rule.labels().is_empty() {
        return set.intervals().into();
    }
    let labelled = |(row, _): &(Row, BString)| match row.as_slice() {
        [Component::Interval(i)] if set.contains(i.lo) && set.contains(i.hi) => Some(*i),
        _ => None,
    };
    let mut alone: Vec<Interval> = rule.labels().iter().filter_map(labelled).collect();
    alone.sort_unstable();
    alone.dedup();
    let mut end: Option<u128> = None;
    alone.retain(|i| {
        let free = end.is_none_or(|end| i.lo > end);
        end = end.max(Some(i.hi));
        free
    });
    let rest = if alone.is_empty() { set } else { &set.difference(&alone.iter().copied().collect()) };
    for &i in rest.intervals() {
        match fed && i.hi - i.lo < NEIGHBOURS {
            true => alone.extend((i.lo..=i.hi).map(Interval::point)),
            false => alone.push(i),
        }
    }
    alone.sort_unstable();
    alone.into()
}

/// Comments that stand in the set need not stand at the rule.
pub(super) fn drop_placed(rule: &mut Rule, set: Option<&Set>) {
    let Some(set) = set.filter(|_| !rule.labels().is_empty()) else { return };
    let placed: FxHashSet<(&Row, &BString)> =
        set.rows.iter().filter_map(|row| Some((&row.key, row.carried().comment.as_ref()?))).collect();
    rule.remarks_mut().labels.retain(|(row, text)| !placed.contains(&(row, text)));
}
