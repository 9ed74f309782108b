//! Sets and maps whose elements are known: which packets fall on which element.

use std::hash::Hash;

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use super::expressions::Operand;
use super::{Read, Reading, unread};
use crate::nft::ast::{Data, Element, Expr, Lookup};
use crate::packet::{Interval, IntervalSet};
use crate::prove::block::Flow;
use crate::prove::dd::{Arena, Bounded, Dd};

/// What happens to a key: disjoint sets of packets, each with its data.
pub(super) type Cases<D> = Vec<(Dd, D)>;

impl Reading<'_> {
    /// The packets whose operands are an element.
    pub fn among(&mut self, operands: &[Operand], elements: &[Element]) -> Read<Dd> {
        let mut keys = Vec::with_capacity(elements.len());
        for element in elements {
            match &element.key {
                Some(key) => keys.push(key),
                None => return Ok(Dd::TRUE),
            }
        }
        self.keys(operands, &keys).map(|(set, _)| set)
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
        let mut groups: IndexMap<D, Vec<&Expr>, FxBuildHasher> = IndexMap::default();
        let mut otherwise = None;
        for element in elements {
            let Some(data) = &element.data else { return unread("an element without data") };
            let data = datum(self, data)?;
            match &element.key {
                Some(key) => groups.entry(data).or_default().push(key),
                None => otherwise = Some(data),
            }
        }
        let mut cases = Vec::with_capacity(groups.len() + 1);
        let mut numbers: Vec<(Interval, usize)> = Vec::new();
        for (at, (data, keys)) in groups.into_iter().enumerate() {
            let (set, of_one) = self.keys(operands, &keys)?;
            numbers.extend(of_one.iter().flat_map(IntervalSet::intervals).map(|&interval| (interval, at)));
            cases.push((set, data));
        }
        let overlap = match operands {
            [_] => overlapping(numbers),
            _ => union_of_disjoint(&mut self.space.dd, &cases)?.is_none(),
        };
        if overlap {
            return unread("elements that overlap and lead to different things");
        }
        if let Some(data) = otherwise {
            let sets: Vec<Dd> = cases.iter().map(|&(set, _)| set).collect();
            let any = self.space.dd.any(&sets)?;
            cases.push((self.space.dd.not(any)?, data));
        }
        Ok(cases)
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
    pub fn value_cases(&mut self, key: &Expr, map: &Lookup) -> Read<Vec<(Dd, Vec<Expr>)>> {
        let table = self.table;
        let elements = table.map_elements(map)?;
        let operands = self.operands(key)?;
        let mut values: IndexMap<String, Vec<Expr>, FxBuildHasher> = IndexMap::default();
        for element in elements {
            if let Some(Data::Value(value)) = &element.data {
                let parts = match value {
                    Expr::Concat(parts) => parts.clone(),
                    part => vec![part.clone()],
                };
                values.insert(format!("{parts:?}"), parts);
            }
        }
        let cases = self.cases(&operands, elements, |_, data| match data {
            Data::Value(Expr::Concat(parts)) => Ok(format!("{parts:?}")),
            Data::Value(part) => Ok(format!("[{part:?}]")),
            Data::Verdict(_) => unread("a value map with verdicts"),
        })?;
        Ok(cases.into_iter().filter_map(|(set, text)| values.get(&text).map(|parts| (set, parts.clone()))).collect())
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
