//! Sets and maps whose elements are known: which packets fall on which element.

use std::hash::Hash;

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use super::expressions::Operand;
use super::{Read, Reading, unread};
use crate::nft::ast::{Data, Element, Expr, Lookup};
use crate::packet::{Interval, IntervalSet};
use crate::prove::block::{Flow, When};
use crate::prove::dd::list::overlap;
use crate::prove::dd::{Arena, Bounded, Dd, Range, Ranges, Var};

/// What happens to a key: disjoint sets of packets, each with its data.
pub(super) type Cases<D> = Vec<(When, D)>;

impl Reading<'_> {
    /// The packets whose operands are an element.
    pub fn among(&mut self, operands: &[Operand], elements: &[Element]) -> Read<Dd> {
        if elements.iter().any(|element| element.key.is_none()) {
            return Ok(Dd::TRUE);
        }
        if let [_, _, ..] = operands
            && let Some(rows) = self.rows(operands)
        {
            let mut entries = Vec::with_capacity(elements.len());
            for key in elements.iter().filter_map(|element| element.key.as_ref()) {
                let ranges = self.ranges(operands, &rows, key)?;
                entries.extend(ranges.into_iter().map(|ranges| (ranges, Dd::TRUE)));
            }
            return Ok(self.space.dd.table(&entries, 0)?.unwrap_or(Dd::FALSE));
        }
        let keys: Vec<&Expr> = elements.iter().filter_map(|element| element.key.as_ref()).collect();
        self.keys(operands, &keys).map(|(set, _)| set)
    }

    /// Where each operand's number is, if all are numbers in variables of their own.
    fn rows(&mut self, operands: &[Operand]) -> Option<Vec<(Var, u32)>> {
        let mut rows: Vec<(Var, u32)> = Vec::with_capacity(operands.len());
        for operand in operands {
            let Operand::Field(field) = operand else { return None };
            let (first, width) = self.space.row(*field)?;
            if rows.iter().any(|&(other, wide)| first.0 < other.0 + wide && other.0 < first.0 + width) {
                return None;
            }
            rows.push((first, width));
        }
        Some(rows)
    }

    /// A key as ranges of its operands' numbers: the packets that satisfy all of one list, for any of the lists.
    fn ranges(&mut self, operands: &[Operand], rows: &[(Var, u32)], key: &Expr) -> Read<Vec<Ranges>> {
        let parts = match (key, operands) {
            (part, [_]) => std::slice::from_ref(part),
            (Expr::Concat(parts), _) if parts.len() == operands.len() => parts.as_slice(),
            _ => return unread("a key with too few or too many parts"),
        };
        let mut all = vec![Ranges::new()];
        for ((operand, part), &(first, width)) in operands.iter().zip(parts).zip(rows) {
            let numbers = self.numbers(operand, part)?;
            let most = if width >= 128 { u128::MAX } else { (1 << width) - 1 };
            let intervals = numbers.intervals().iter().filter(|interval| interval.lo <= most);
            let ranges = intervals.map(|i| Range { first, width, lo: i.lo, hi: i.hi.min(most) });
            let with = |range: Range| all.iter().map(move |so_far| so_far.iter().copied().chain([range]).collect());
            all = ranges.flat_map(with).collect();
        }
        all.iter_mut().for_each(|ranges| ranges.sort_unstable());
        Ok(all)
    }

    /// The packets whose operands are one of the keys; for one operand also its numbers.
    fn keys(&mut self, operands: &[Operand], keys: &[&Expr]) -> Read<(Dd, Option<IntervalSet>)> {
        if let [operand] = operands {
            let mut intervals: Vec<Interval> = Vec::with_capacity(keys.len());
            for key in keys {
                intervals.extend_from_slice(self.numbers(operand, key)?.intervals());
            }
            let numbers: IntervalSet = intervals.into_iter().collect();
            return Ok((self.within(operand, &numbers)?, Some(numbers)));
        }
        let mut regions = Vec::with_capacity(keys.len());
        for key in keys {
            let Expr::Concat(parts) = key else { return unread("a key that is no concatenation") };
            if parts.len() != operands.len() {
                return unread("a key with too few or too many parts");
            }
            let mut region = Dd::TRUE;
            for (operand, part) in operands.iter().zip(parts) {
                let numbers = self.numbers(operand, part)?;
                let part = self.within(operand, &numbers)?;
                region = self.space.dd.and(region, part)?;
            }
            regions.push(region);
        }
        Ok((self.space.dd.any(&regions)?, None))
    }

    /// The packets of each datum; packets that fall on no element are in none of the sets.
    pub fn cases<D: Hash + Eq + Clone>(
        &mut self,
        operands: &[Operand],
        elements: &[Element],
        datum: impl Fn(&Self, &Data) -> Read<D>,
    ) -> Read<Cases<D>> {
        let mut data = Vec::with_capacity(elements.len());
        let mut otherwise = None;
        for element in elements {
            let Some(written) = &element.data else { return unread("an element without data") };
            let datum = datum(self, written)?;
            match &element.key {
                Some(key) => data.push((key, datum)),
                None => otherwise = Some(datum),
            }
        }
        let mut cases = match self.listed(operands, &data)? {
            Some(cases) => cases,
            None => self.grouped(operands, data)?,
        };
        if let Some(data) = otherwise {
            let mut sets = Vec::with_capacity(cases.len());
            for (when, _) in &cases {
                sets.push(when.set(&mut self.space.dd)?);
            }
            let any = self.space.dd.any(&sets)?;
            cases.push((When::Set(self.space.dd.not(any)?), data));
        }
        Ok(cases)
    }

    /// Each element by itself; `None` where elements overlap, or may, or are not plain numbers.
    fn listed<D: Clone>(&mut self, operands: &[Operand], data: &[(&Expr, D)]) -> Read<Option<Cases<D>>> {
        let Some(rows) = self.rows(operands) else { return Ok(None) };
        let mut entries: Vec<(Ranges, usize)> = Vec::with_capacity(data.len());
        for (number, (key, _)) in data.iter().enumerate() {
            let ranges = self.ranges(operands, &rows, key)?;
            entries.extend(ranges.into_iter().map(|ranges| (ranges, number)));
        }
        if overlap(&entries) != Some(false) {
            return Ok(None);
        }
        let case = |(ranges, number): (Ranges, usize)| {
            data.get(number).map(|(_, datum)| (When::Ranges(ranges), datum.clone()))
        };
        Ok(Some(entries.into_iter().filter_map(case).collect()))
    }

    /// Elements of the same data together.
    fn grouped<D: Hash + Eq + Clone>(&mut self, operands: &[Operand], data: Vec<(&Expr, D)>) -> Read<Cases<D>> {
        let mut groups: IndexMap<D, Vec<&Expr>, FxBuildHasher> = IndexMap::default();
        for (key, datum) in data {
            groups.entry(datum).or_default().push(key);
        }
        let mut cases = Vec::with_capacity(groups.len());
        let mut numbers: Vec<(Interval, usize)> = Vec::new();
        for (at, (datum, keys)) in groups.into_iter().enumerate() {
            let (set, of_one) = self.keys(operands, &keys)?;
            numbers.extend(of_one.iter().flat_map(IntervalSet::intervals).map(|&interval| (interval, at)));
            cases.push((set, datum));
        }
        let overlap = match operands {
            [_] => overlapping(numbers),
            _ => union_of_disjoint(&mut self.space.dd, &cases)?.is_none(),
        };
        if overlap {
            return unread("elements that overlap and lead to different things");
        }
        Ok(cases.into_iter().map(|(set, datum)| (When::Set(set), datum)).collect())
    }

    /// Where each packet goes in a verdict map.
    pub fn verdict_cases(&mut self, key: &Expr, map: &Lookup) -> Read<Cases<Flow>> {
        let table = self.table;
        let elements = table.map_elements(map)?;
        let operands = self.operands(key)?;
        let cases = self.cases(&operands, elements, |_, data| match data {
            Data::Verdict(verdict) => Ok(verdict.clone()),
            Data::Value(_) => unread("a verdict map with values"),
        })?;
        cases.into_iter().map(|(set, verdict)| Ok((set, self.flow(&verdict)?))).collect()
    }

    /// The data of a value map, each a row of expressions.
    pub fn value_cases(&mut self, key: &Expr, map: &Lookup) -> Read<Cases<Vec<Expr>>> {
        let table = self.table;
        let elements = table.map_elements(map)?;
        let operands = self.operands(key)?;
        let mut values: IndexMap<String, Vec<Expr>, FxBuildHasher> = IndexMap::default();
        let mut numbers = Vec::with_capacity(elements.len());
        for element in elements {
            let parts = match &element.data {
                Some(Data::Value(Expr::Concat(parts))) => parts.clone(),
                Some(Data::Value(part)) => vec![part.clone()],
                Some(Data::Verdict(_)) => return unread("a value map with verdicts"),
                None => return unread("an element without data"),
            };
            numbers.push(values.insert_full(format!("{parts:?}"), parts).0);
        }
        let numbers = std::cell::RefCell::new(numbers.into_iter());
        let cases = self.cases(&operands, elements, |_, _| Ok(numbers.borrow_mut().next().unwrap_or_default()))?;
        let of = |(when, number): (When, usize)| values.get_index(number).map(|(_, parts)| (when, parts.clone()));
        Ok(cases.into_iter().filter_map(of).collect())
    }
}

fn overlapping(mut numbers: Vec<(Interval, usize)>) -> bool {
    numbers.sort_unstable();
    numbers.windows(2).any(|pair| matches!(pair, [(a, x), (b, y)] if b.lo <= a.hi && x != y))
}

/// The union, if no two of the sets share a packet.
fn union_of_disjoint<D>(dd: &mut Arena, cases: &[(Dd, D)]) -> Bounded<Option<Dd>> {
    match cases {
        [] => Ok(Some(Dd::FALSE)),
        [(only, _)] => Ok(Some(*only)),
        _ => {
            let (left, right) = cases.split_at(cases.len() / 2);
            let (left, right) = (union_of_disjoint(dd, left)?, union_of_disjoint(dd, right)?);
            let (Some(left), Some(right)) = (left, right) else { return Ok(None) };
            if dd.and(left, right)? != Dd::FALSE {
                return Ok(None);
            }
            dd.or(left, right).map(Some)
        }
    }
}
