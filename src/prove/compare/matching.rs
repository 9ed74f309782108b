//! Which state of one ruleset is which of the other.
//!
//! A bucket of the left side is matched with at most one of the right, of the same content, and the
//! other way round; the mapping holds for all base chains of both families. Any such mapping is sound:
//! if the two sides act alike when matched buckets give the same answers, and ask them alike, then they
//! act alike. A bad one only makes equal rulesets look different, so hints may be used freely: first the
//! name of the chain, where both sides have as many there, then the order in which packets may meet them.

use bstr::BString;
use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap};

use super::Buckets;
use crate::prove::block::{Answers, Bucket, ChainId, Flow, MOST_BUCKETS, Occurrence, OccurrenceId, Program, Step};
use crate::prove::dd::Dd;
use crate::prove::vocabulary;

/// The buckets of all occurrences of some pairs of programs.
pub(super) struct Matching {
    /// By pair, by side, by occurrence.
    buckets: Vec<[Vec<Bucket>; 2]>,
    contents: Vec<String>,
    answers: Vec<Answers>,
}

/// What holds state on one side, in order of appearance.
type Places = IndexMap<String, Place, FxBuildHasher>;

struct Place {
    content: String,
    chain: BString,
    width: u32,
    bucket: Option<Bucket>,
}

impl Matching {
    /// Matches the occurrences of pairs of programs; `None` when there are too many of them.
    pub fn new(pairs: &[[&Program; 2]]) -> Option<Self> {
        let mut sides = [Places::default(), Places::default()];
        for programs in pairs {
            for ((program, places), name) in programs.iter().zip(&mut sides).zip(["left", "right"]) {
                for o in in_order(program) {
                    let place = places.entry(o.place.clone()).or_insert_with(|| Place {
                        content: o.content.clone(),
                        chain: o.chain.clone(),
                        width: o.width,
                        bucket: None,
                    });
                    if place.content != o.content {
                        // One state asked in two ways: nothing of the other side can be taken for it.
                        place.content = format!("{} shared in several ways ({name})", o.place);
                    }
                }
            }
        }
        let mut matching = Matching { buckets: Vec::new(), contents: Vec::new(), answers: Vec::new() };
        matching.pair_up(&mut sides, true, |place| (place.content.clone(), Some(place.chain.clone())));
        matching.pair_up(&mut sides, false, |place| (place.content.clone(), None::<BString>));
        for place in sides.iter_mut().flat_map(|places| places.values_mut()) {
            if place.bucket.is_none() {
                place.bucket = Some(matching.new_bucket(&place.content, place.width));
            }
        }
        for programs in pairs {
            let [left, right] = &sides;
            matching.buckets.push([assign(programs[0], left), assign(programs[1], right)]);
        }
        (matching.contents.len() < MOST_BUCKETS as usize).then_some(matching)
    }

    /// Gives one bucket to each two unmatched places with the same key, in order; with `as_many` only where both sides
    /// have as many of them.
    fn pair_up<K: std::hash::Hash + Eq>(&mut self, sides: &mut [Places; 2], as_many: bool, key: impl Fn(&Place) -> K) {
        let [left, right] = sides;
        let mut waiting: FxHashMap<K, (std::collections::VecDeque<usize>, usize)> = FxHashMap::default();
        for (at, place) in right.values().enumerate().filter(|(_, place)| place.bucket.is_none()) {
            waiting.entry(key(place)).or_default().0.push_back(at);
        }
        for place in left.values().filter(|place| place.bucket.is_none()) {
            waiting.entry(key(place)).or_default().1 += 1;
        }
        waiting.retain(|_, (right, left)| !as_many || right.len() == *left);
        for place in left.values_mut().filter(|place| place.bucket.is_none()) {
            let Some(at) = waiting.get_mut(&key(place)).and_then(|(right, _)| right.pop_front()) else {
                continue;
            };
            let Some((_, partner)) = right.get_index_mut(at) else { continue };
            let bucket = self.new_bucket(&place.content, place.width.max(partner.width));
            (place.bucket, partner.bucket) = (Some(bucket), Some(bucket));
        }
    }

    fn new_bucket(&mut self, content: &str, width: u32) -> Bucket {
        self.contents.push(content.to_owned());
        self.answers.push(Answers { width, drawn: vocabulary::draw(content).is_some() });
        Bucket(self.contents.len() as u32 - 1)
    }

    /// The bucket of each occurrence of a side (0 left, 1 right) of a pair.
    pub fn buckets(&self, pair: usize, side: usize) -> &Buckets {
        self.buckets.get(pair).and_then(|sides| sides.get(side)).map_or(&[], Vec::as_slice)
    }

    /// What each bucket is.
    pub fn contents(&self) -> &[String] {
        &self.contents
    }

    /// What each bucket answers.
    pub fn answers(&self) -> &[Answers] {
        &self.answers
    }
}

fn assign(program: &Program, places: &Places) -> Vec<Bucket> {
    let bucket = |place: &String| places.get(place).and_then(|place| place.bucket);
    program.occurrences.iter().map(|o| bucket(&o.place).unwrap_or(Bucket(0))).collect()
}

/// What a packet may meet in a chain.
#[derive(Clone, Copy, PartialEq)]
enum Met {
    Occurrence(OccurrenceId),
    Chain(ChainId),
}

/// The occurrences in the order in which packets may meet them, each chain where it is called first; then all once more,
/// for those that no packet meets.
fn in_order(program: &Program) -> impl Iterator<Item = &Occurrence> {
    let mut met = Vec::new();
    let mut entered = vec![false; program.chains.len()];
    let mut enter = |chain: ChainId| {
        let is_new = entered.get_mut(chain.0).is_some_and(|entered| !std::mem::replace(entered, true));
        if is_new { met_in(program, chain) } else { Vec::new() }
    };
    // Chains may call each other thousands deep.
    let mut open: Vec<std::vec::IntoIter<Met>> = Vec::new();
    for base in program.bases.iter().filter(|_| !program.occurrences.is_empty()) {
        open.push(enter(base.chain).into_iter());
        while let Some(chain) = open.last_mut() {
            match chain.next() {
                Some(Met::Occurrence(id)) => met.push(id),
                Some(Met::Chain(id)) => open.push(enter(id).into_iter()),
                None => drop(open.pop()),
            }
        }
    }
    met.into_iter().filter_map(|id| program.occurrences.get(id.0)).chain(&program.occurrences)
}

/// What is gone to comes last: whoever stays in the chain may still go there. Of chains that are gone to, one that goes to
/// another of them comes before it. What stands behind a test that no packet
/// passes is met by none.
fn met_in(program: &Program, chain: ChainId) -> Vec<Met> {
    let (mut met, mut last) = (Vec::new(), Vec::new());
    let mut go = |met: &mut Vec<Met>, flow: &Flow| match flow {
        Flow::Jump(to) => met.push(Met::Chain(*to)),
        Flow::Goto(to) => last.push(Met::Chain(*to)),
        _ => {}
    };
    let rules = program.chains.get(chain.0).map_or(&[][..], |chain| &chain.rules);
    let passed = |step: &&Step| !matches!(step, Step::Test(Dd::FALSE));
    for step in rules.iter().flat_map(|rule| rule.steps.iter().take_while(passed)) {
        match step {
            Step::Consult(id) => met.push(Met::Occurrence(*id)),
            Step::Flow(flow) => go(&mut met, flow),
            Step::Dispatch(branches) => branches.iter().for_each(|branch| go(&mut met, &branch.flow)),
            Step::Test(_) | Step::In(_) | Step::Among(_) | Step::Effect { .. } => {}
            Step::Assign(_) | Step::EffectOn { .. } | Step::Unknown(_) | Step::UnknownOn { .. } => {}
        }
    }
    met.append(&mut in_line(program, last));
    met
}

/// More chains than these that are gone to from one are left in their order.
const FEW: usize = 32;

/// Chains that are gone to, those that lead to another of them before that one.
fn in_line(program: &Program, mut left: Vec<Met>) -> Vec<Met> {
    left.dedup();
    if !(2..=FEW).contains(&left.len()) {
        return left;
    }
    let mut line = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let is_first = |at: &usize| {
            let mut others = left.iter().filter(|other| left.get(*at) != Some(other));
            !others.any(|&other| left.get(*at).is_some_and(|&at| leads_to(program, other, at)))
        };
        let first = (0..left.len()).find(is_first).unwrap_or(0);
        let first = left.remove(first);
        left.retain(|other| *other != first);
        line.push(first);
    }
    line
}

/// Whether a packet may come from the one chain to the other.
fn leads_to(program: &Program, from: Met, to: Met) -> bool {
    let (Met::Chain(from), Met::Chain(to)) = (from, to) else { return false };
    let mut seen = vec![from];
    let mut next = 0;
    while let Some(&chain) = seen.get(next) {
        next += 1;
        let rules = program.chains.get(chain.0).map_or(&[][..], |chain| &chain.rules);
        for flow in rules.iter().flat_map(|rule| &rule.steps).flat_map(flows) {
            let (Flow::Jump(id) | Flow::Goto(id)) = flow else { continue };
            if *id == to {
                return true;
            }
            if !seen.contains(id) && seen.len() < FEW {
                seen.push(*id);
            }
        }
    }
    false
}

/// Where a step leads.
fn flows(step: &Step) -> impl Iterator<Item = &Flow> {
    let (one, many) = match step {
        Step::Flow(flow) => (Some(flow), &[][..]),
        Step::Dispatch(branches) => (None, branches.as_slice()),
        _ => (None, &[][..]),
    };
    one.into_iter().chain(many.iter().map(|branch| &branch.flow))
}
