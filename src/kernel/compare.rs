//! Whether two sides did the same, judged by what they did again and again.
//!
//! What differs once may be chance (`statistic`, random ports) or timing (`limit`). So each suspect is
//! repeated, and told different only when the sides never did the same, or when one side often did
//! what the other never did.
//!
//! Invariant: a side compared with itself is never told different on account of one repetition.

use std::collections::BTreeMap;

use super::event::Event;
use super::side::Outcome;

/// What the sides did with one case, repetition by repetition.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    pub old: Vec<Outcome>,
    pub new: Vec<Outcome>,
}

/// What the evidence says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Judgement {
    Same,
    /// The sides never did the same.
    Always,
    /// One side often did what the other never did.
    Partly,
    /// Both do now this, now that; more repetitions may tell.
    Unclear,
}

/// With fewer repetitions nothing is told of what is now this, now that.
const ENOUGH: usize = 20;

impl Evidence {
    /// Judges single packets and exchanges.
    pub fn judge(&self) -> Judgement {
        if self.old.iter().zip(&self.new).all(|(a, b)| a == b) {
            return Judgement::Same;
        }
        let apart = !self.old.iter().any(|outcome| self.new.contains(outcome));
        if self.old.len() < ENOUGH && !(apart && is_steady(&self.old) && is_steady(&self.new)) {
            return Judgement::Unclear;
        }
        if apart {
            return Judgement::Always;
        }
        if lopsided(&self.old, &self.new) || lopsided(&self.new, &self.old) {
            return Judgement::Partly;
        }
        Judgement::Same
    }

    /// Judges runs of equal packets: told different when a count's ranges over all repetitions do not meet.
    pub fn judge_counts(&self) -> Judgement {
        let (old, new) = (ranges(&self.old), ranges(&self.new));
        let places = old.keys().chain(new.keys());
        let none = (0, 0);
        let mut apart = places.filter(|place| {
            let (a, b) = (old.get(*place).unwrap_or(&none), new.get(*place).unwrap_or(&none));
            a.1 < b.0 || b.1 < a.0
        });
        if apart.next().is_some() { Judgement::Always } else { Judgement::Same }
    }

    /// What each side did, where it shows the difference.
    pub fn shown(&self) -> (Outcome, Outcome) {
        (typical(&self.old, &self.new), typical(&self.new, &self.old))
    }
}

/// Whether a side did the same each time.
fn is_steady(outcomes: &[Outcome]) -> bool {
    outcomes.windows(2).all(|pair| pair[0] == pair[1])
}

/// Whether a third of one side's outcomes are one that the other side never had.
fn lopsided(ours: &[Outcome], theirs: &[Outcome]) -> bool {
    ours.iter().any(|outcome| {
        let often = ours.iter().filter(|other| *other == outcome).count() * 3 >= ours.len();
        often && !theirs.contains(outcome)
    })
}

/// The commonest outcome of a side that the other never had, or its first.
fn typical(ours: &[Outcome], theirs: &[Outcome]) -> Outcome {
    let count = |outcome: &&Outcome| ours.iter().filter(|other| *other == *outcome).count();
    let alone = ours.iter().filter(|outcome| !theirs.contains(outcome)).max_by_key(count);
    alone.or(ours.first()).cloned().unwrap_or_default()
}

fn ranges(outcomes: &[Outcome]) -> BTreeMap<String, (u32, u32)> {
    let mut out: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    for (seen, outcome) in outcomes.iter().enumerate() {
        let mut counts: BTreeMap<&str, u32> = out.keys().map(|place| (place.as_str(), 0)).collect();
        for event in outcome {
            if let Event::Count { place, count } = event {
                counts.insert(place, *count);
            }
        }
        let counts: Vec<(String, u32)> = counts.into_iter().map(|(place, count)| (place.to_owned(), count)).collect();
        for (place, count) in counts {
            // A place that shows up late was empty before.
            let range = out.entry(place).or_insert(if seen == 0 { (count, count) } else { (0, count) });
            *range = (range.0.min(count), range.1.max(count));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(n: i32) -> Outcome {
        vec![Event::Refused(n)]
    }

    fn evidence(old: &[i32], new: &[i32]) -> Evidence {
        let side = |list: &[i32]| list.iter().map(|n| outcome(*n)).collect();
        Evidence { old: side(old), new: side(new) }
    }

    fn counts(old: &[u32], new: &[u32]) -> Evidence {
        let side = |list: &[u32]| {
            let one = |n: &u32| vec![Event::Count { place: "past input".into(), count: *n }];
            list.iter().map(one).collect()
        };
        Evidence { old: side(old), new: side(new) }
    }

    #[test]
    fn single_packets_are_judged() {
        assert_eq!(evidence(&[1, 1], &[1, 1]).judge(), Judgement::Same);
        assert_eq!(evidence(&[1, 1], &[2, 2]).judge(), Judgement::Always);
        assert_eq!(evidence(&[1, 2], &[2, 1]).judge(), Judgement::Unclear);
        // Two sides that draw random ports of their own half of the time.
        assert_eq!(evidence(&[1, 1, 11], &[12, 13, 14]).judge(), Judgement::Unclear);
        assert_eq!(evidence(&[1, 11].repeat(12), &[12, 13].repeat(12)).judge(), Judgement::Always);
        let chance = evidence(&[1, 2].repeat(12), &[2, 1].repeat(12));
        assert_eq!(chance.judge(), Judgement::Same);
        let part = evidence(&[1, 2].repeat(12), &[1; 24]);
        assert_eq!(part.judge(), Judgement::Partly);
    }

    #[test]
    fn counts_are_judged_by_their_ranges() {
        assert_eq!(counts(&[5, 6], &[6, 6]).judge_counts(), Judgement::Same);
        assert_eq!(counts(&[5, 5], &[6, 6]).judge_counts(), Judgement::Always);
        assert_eq!(counts(&[5, 5], &[]).judge_counts(), Judgement::Always);
    }
}
