//! Which state of one ruleset is which of the other.
//!
//! A bucket of the left side is matched with at most one of the right, of the same content, and the
//! other way round; the mapping holds for all base chains of both families. Any such mapping is sound:
//! if the two sides act alike when matched buckets give the same answers, and ask them alike, then they
//! act alike. A bad one only makes equal rulesets look different, so hints may be used freely: first the
//! name of the chain, where both sides have as many there, then the order in which packets may meet them
//! ([`order`]). Where rulesets look different with that, those of equal content are matched once more by
//! who asks them ([`asked`]).

mod asked;
mod order;
#[cfg(test)]
mod tests;

use bstr::BString;
use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use super::Buckets;
use crate::prove::block::{Answers, Bucket, MOST_BUCKETS, Program};
use crate::prove::vocabulary;

pub(super) use asked::{Asked, note};

/// The buckets of all occurrences of some pairs of programs.
pub(super) struct Matching {
    /// By pair, by side, by occurrence.
    buckets: Vec<[Vec<Bucket>; 2]>,
    contents: Vec<String>,
    answers: Vec<Answers>,
    sides: [Places; 2],
}

/// What holds state on one side, in order of appearance.
type Places = IndexMap<String, Place, FxBuildHasher>;

#[derive(Clone)]
struct Place {
    content: String,
    chain: BString,
    width: u32,
    bucket: Option<Bucket>,
    /// What is known of the packets that ask it; nothing at first.
    asked: Asked,
}

impl Matching {
    /// Matches the occurrences of pairs of programs; `None` when there are too many of them.
    pub fn new(pairs: &[[&Program; 2]]) -> Option<Self> {
        let mut sides = [Places::default(), Places::default()];
        for programs in pairs {
            for ((program, places), name) in programs.iter().zip(&mut sides).zip(["left", "right"]) {
                for o in order::in_order(program) {
                    let place = places.entry(o.place.clone()).or_insert_with(|| Place {
                        content: o.content.clone(),
                        chain: o.chain.clone(),
                        width: o.width,
                        bucket: None,
                        asked: Asked::default(),
                    });
                    if place.content != o.content {
                        // One state asked in two ways: nothing of the other side can be taken for it.
                        place.content = format!("{} shared in several ways ({name})", o.place);
                    }
                }
            }
        }
        Matching::of(sides, pairs)
    }

    /// Matches them anew, now that it is known of each bucket of this matching who asks it on either side; `None` where
    /// that makes no difference.
    pub fn again(&self, pairs: &[[&Program; 2]], mut asked: [FxHashMap<Bucket, Asked>; 2]) -> Option<Self> {
        let mut sides = self.sides.clone();
        for (places, asked) in sides.iter_mut().zip(&mut asked) {
            for place in places.values_mut() {
                let bucket = place.bucket.take();
                place.asked = bucket.and_then(|bucket| asked.remove(&bucket)).unwrap_or_default();
            }
        }
        Matching::of(sides, pairs).filter(|matching| matching.partners() != self.partners())
    }

    fn of(mut sides: [Places; 2], pairs: &[[&Program; 2]]) -> Option<Self> {
        let (buckets, contents, answers) = (Vec::new(), Vec::new(), Vec::new());
        let mut matching = Matching { buckets, contents, answers, sides: [Places::default(), Places::default()] };
        let is_asked = |place: &Place| !place.asked.is_nothing();
        matching.pair_up(&mut sides, false, |place| {
            is_asked(place).then(|| (place.content.clone(), place.asked.clone(), Some(place.chain.clone())))
        });
        matching.pair_up(&mut sides, false, |place| {
            is_asked(place).then(|| (place.content.clone(), place.asked.clone(), None::<BString>))
        });
        matching.pair_up(&mut sides, false, |place| {
            is_asked(place).then(|| (place.content.clone(), place.asked.packets()))
        });
        matching.pair_up(&mut sides, true, |place| Some((place.content.clone(), Some(place.chain.clone()))));
        matching.pair_up(&mut sides, false, |place| Some((place.content.clone(), None::<BString>)));
        for place in sides.iter_mut().flat_map(|places| places.values_mut()) {
            if place.bucket.is_none() {
                place.bucket = Some(matching.new_bucket(&place.content, place.width));
            }
        }
        for programs in pairs {
            let [left, right] = &sides;
            matching.buckets.push([assign(programs[0], left), assign(programs[1], right)]);
        }
        matching.sides = sides;
        (matching.contents.len() < MOST_BUCKETS as usize).then_some(matching)
    }

    /// Gives one bucket to each two unmatched places with the same key, in order; with `as_many` only where both sides
    /// have as many of them. Places without a key are left.
    fn pair_up<K: std::hash::Hash + Eq>(
        &mut self,
        sides: &mut [Places; 2],
        as_many: bool,
        key: impl Fn(&Place) -> Option<K>,
    ) {
        let key = |place: &Place| key(place).filter(|_| place.bucket.is_none());
        let [left, right] = sides;
        let mut waiting: FxHashMap<K, (std::collections::VecDeque<usize>, usize)> = FxHashMap::default();
        for (at, key) in right.values().map(&key).enumerate() {
            key.into_iter().for_each(|key| waiting.entry(key).or_default().0.push_back(at));
        }
        for key in left.values().filter_map(&key) {
            waiting.entry(key).or_default().1 += 1;
        }
        waiting.retain(|_, (right, left)| !as_many || right.len() == *left);
        for place in left.values_mut() {
            let queue = key(place).and_then(|key| waiting.get_mut(&key));
            let Some(at) = queue.and_then(|(right, _)| right.pop_front()) else { continue };
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

    /// Which two places have one bucket.
    fn partners(&self) -> Vec<Option<usize>> {
        let [left, right] = &self.sides;
        let places: FxHashMap<Bucket, usize> =
            right.values().enumerate().filter_map(|(at, place)| Some((place.bucket?, at))).collect();
        left.values().map(|place| places.get(&place.bucket?).copied()).collect()
    }

    /// The buckets that could be matched otherwise: there are others with state of the same content.
    pub fn ambiguous(&self) -> FxHashSet<Bucket> {
        let [left, right] = self.sides.each_ref().map(|places| {
            let mut counts: FxHashMap<&str, usize> = FxHashMap::default();
            places.values().for_each(|place| *counts.entry(&place.content).or_default() += 1);
            counts
        });
        let is_ambiguous = |content: &str| match (left.get(content), right.get(content)) {
            (Some(&left), Some(&right)) => left.max(right) > 1,
            _ => false,
        };
        let buckets = self.contents.iter().zip(&self.answers).zip((0..).map(Bucket));
        buckets
            .filter(|((content, answers), _)| !answers.drawn && is_ambiguous(content))
            .map(|(_, bucket)| bucket)
            .collect()
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
