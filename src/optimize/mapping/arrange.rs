//! Which rules stand at one place and become one map.
//!
//! Twice, where that differs: once to see which rules would become maps, and once more moving only those, so that no
//! rule moves for nothing.

use rustc_hash::FxHashMap;

use super::Reading;
use super::case::Case;
use super::resolve::{self, Part};
use crate::ir::Rule;
use crate::optimize::effects::ChainChanges;
use crate::optimize::facts::Facts;
use crate::optimize::order::Order;
use crate::optimize::{Level, Options};
use crate::parallel;

/// The parts of a chain in their new order; `None` when there is nothing to merge.
pub fn places<'r>(rules: &'r [Rule], chains: &ChainChanges, reading: Reading, options: &Options) -> Option<Vec<Part>> {
    let cases: Vec<Option<Case<'r>>> = parallel::numbers(rules.len(), |at| Case::of(&rules[at], chains, reading));
    cases.iter().flatten().nth(1)?;
    let mut kinds = FxHashMap::default();
    let mut kind_of = |case: &'_ Case<'r>| {
        let next = kinds.len() as u32;
        *kinds.entry(case.key()).or_insert(next)
    };
    let wanted: Vec<Option<u32>> = cases.iter().map(|case| Some(kind_of(case.as_ref()?))).collect();
    if wanted.iter().flatten().count() == kinds.len() {
        return None;
    }
    let facts = Facts::new(rules, chains);
    let (parts, whole) = round(&facts, &cases, &wanted, options);
    if whole {
        return Some(parts);
    }
    let mut merged: Vec<Option<u32>> = vec![None; rules.len()];
    for (part, number) in parts.iter().zip(0..).filter(|(part, _)| part.map.is_some()) {
        for &member in &part.members {
            merged[member] = Some(number);
        }
    }
    if merged.iter().all(Option::is_none) {
        return None;
    }
    let (parts, _) = round(&facts, &cases, &merged, options);
    Some(parts).filter(|parts| parts.iter().any(|part| part.map.is_some()))
}

/// Puts each rule at the place of the others of its number, where it may go there. Says too whether no rule moved for
/// nothing: the rules of every place that has several became one map.
fn round(facts: &Facts, cases: &[Option<Case>], wanted: &[Option<u32>], options: &Options) -> (Vec<Part>, bool) {
    let mut order = Order::new(facts);
    let mut open: FxHashMap<u32, usize> = FxHashMap::default();
    let mut places: Vec<Vec<usize>> = Vec::new();
    for (at, wanted) in wanted.iter().enumerate() {
        let place = wanted.and_then(|number| open.get(&number).copied());
        let near = |place: usize| options.level > Level::Safe || place + 1 == places.len();
        match place.filter(|&place| near(place) && order.may_join(at, place)) {
            Some(place) => {
                order.join(at, place);
                places[place].push(at);
            }
            None => {
                let place = order.append(at);
                places.push(vec![at]);
                open.extend(wanted.map(|number| (number, place)));
            }
        }
    }
    let several = places.iter().filter(|members| members.len() > 1).count();
    let count = places.len();
    let parts: Vec<Part> = places.into_iter().flat_map(|members| resolve::parts(members, cases, options)).collect();
    let whole =
        several > 0 && parts.len() == count && parts.iter().filter(|part| part.map.is_some()).count() == several;
    (parts, whole)
}
