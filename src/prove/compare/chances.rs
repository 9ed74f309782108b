//! Base chains in which chance decides: compared by what they do how often.
//!
//! For a packet, and given answers of whatever state is asked, each side is a distribution over outcomes:
//! the verdict, the final value of each bit and the number of each effect, *together*, so that nothing
//! that goes hand in hand on one side may fall apart on the other. Two sides with the same distribution
//! cannot be told apart, however they draw: a ladder of `-m statistic` rungs and one `numgen` map, rungs
//! in another order, a draw that nothing depends on.

mod rows;
#[cfg(test)]
mod tests;

use indexmap::IndexSet;
use rustc_hash::{FxBuildHasher, FxHashMap};

use super::answer::{Doubt, Outcome};
use super::differences::{Comparison, changed};
use crate::prove::block::{Block, Bucket, KEEP, Key};
use crate::prove::dd::{Arena, Averages, Bands, Bounded, Dd, Draw, OutOfBudget, Var};
use crate::prove::space::bands;
use crate::prove::vocabulary;

/// The band of all answers, drawn or not.
const ANSWERS: Bands = Bands(1 << bands::ANSWER);

/// What both sides do, part by part: the same list of parts on either side.
type Parts = [Vec<Dd>; 2];

/// Parts that were compared, and the packets for which they have different distributions; `None` where
/// probabilities are too fine.
pub(super) type Found = FxHashMap<Parts, Option<Dd>>;

/// Steps that a comparison may take: each bit that is copied, or kept, doubles the outcomes.
const STEPS: u64 = 1 << 20;

/// Packets for which what is drawn has different distributions.
#[derive(Clone, Copy)]
pub(super) struct Drawn {
    /// Everything together.
    pub all: Dd,
    /// Effects left out that one side never has. They are differences by themselves, and what goes hand in hand with
    /// them may be alike otherwise.
    pub rest: Dd,
}

impl Comparison<'_> {
    /// The known packets for which what is drawn has different distributions.
    pub(super) fn drawn(&mut self, blocks: [&Block; 2], known: Dd, outcome: &mut Outcome) -> Bounded<Drawn> {
        let all = self.differing(blocks, known, outcome, &|_| true)?;
        let lone = |key: Key| is_lone(blocks, key);
        if all == Dd::FALSE || !self.counted(blocks[0], blocks[1]).iter().any(|&(key, _)| lone(key)) {
            return Ok(Drawn { all, rest: all });
        }
        let rest = self.differing(blocks, known, outcome, &|key| !lone(key))?;
        Ok(Drawn { all, rest })
    }

    /// The same, for some of the effects.
    fn differing(
        &mut self,
        blocks: [&Block; 2],
        known: Dd,
        outcome: &mut Outcome,
        counts: &dyn Fn(Key) -> bool,
    ) -> Bounded<Dd> {
        let dropped = [self.dropped(blocks[0])?, self.dropped(blocks[1])?];
        let changes = self.drawn_parts(blocks, counts, |this, var| this.values(var, blocks, dropped))?;
        if changes[0] == changes[1] {
            return Ok(Dd::FALSE);
        }
        let finals = self.drawn_parts(blocks, counts, |this, var| this.finals(var, blocks, dropped))?;
        if self.same_rows(&changes)? || self.same_rows(&finals)? {
            return Ok(Dd::FALSE);
        }
        // Bits are changed alike, or the values they end up with have to be looked at.
        let found = match self.chances.get(&changes) {
            Some(&found) => found,
            None => self.bounded(&changes)?,
        };
        self.chances.insert(changes.clone(), found);
        if let Some(differ) = found {
            if self.space.dd.and(differ, known)? == Dd::FALSE {
                return Ok(Dd::FALSE);
            }
            if let Some(differ) = self.bounded(&finals)? {
                let drawn = |var: Var| draw_of(self.contents, var).is_some();
                let surely = self.space.dd.for_all(known, ANSWERS, &drawn)?;
                return self.space.dd.and(differ, surely);
            }
        }
        for (&a, &b) in changes[0].iter().zip(&changes[1]) {
            let differ = self.space.dd.differ(a, b)?;
            if self.space.dd.and(differ, known)? != Dd::FALSE {
                let why = "chance decides too much at once, or in steps too fine to be added up".to_owned();
                outcome.doubts.push(Doubt { why, line: None });
                break;
            }
        }
        Ok(Dd::FALSE)
    }

    /// Whether both sides do the same equally often, whatever the packet.
    fn same_rows(&mut self, [left, right]: &Parts) -> Bounded<bool> {
        let drawn = |var: Var| draw_of(self.contents, var);
        let left = rows::rows(&mut self.space.dd, &drawn, ANSWERS, left)?;
        Ok(left.is_some() && left == rows::rows(&mut self.space.dd, &drawn, ANSWERS, right)?)
    }

    /// See [`differ`]; `None` also where there is too much to look at.
    fn bounded(&mut self, parts: &Parts) -> Bounded<Option<Dd>> {
        let contents = self.contents;
        match self.space.dd.with_steps(STEPS, |dd| differ(dd, contents, parts)) {
            Err(OutOfBudget::Steps) => Ok(None),
            found => found,
        }
    }

    /// What both sides do, as far as draws decide it on either; `of_bit` tells what becomes of a bit.
    fn drawn_parts(
        &mut self,
        blocks: [&Block; 2],
        counts: &dyn Fn(Key) -> bool,
        of_bit: impl Fn(&mut Self, Var) -> Bounded<[Dd; 2]>,
    ) -> Bounded<Parts> {
        let [left, right] = blocks;
        let mut pairs = vec![[left.verdict, right.verdict]];
        for var in changed(left, right) {
            pairs.push(of_bit(self, var)?);
        }
        let counted = self.counted(left, right).into_iter().map(|(key, _)| key).filter(|&key| counts(key));
        pairs.extend(counted.map(|key| blocks.map(|block| block.effect(key))));
        if pairs.iter().all(|[a, b]| a == b) {
            return Ok([Vec::new(), Vec::new()]);
        }
        pairs.retain(|&pair| self.has_draws(pair));
        Ok([pairs.iter().map(|&[a, _]| a).collect(), pairs.iter().map(|&[_, b]| b).collect()])
    }

    /// What is done to a bit, on either side; nothing where it ends with the packet.
    fn values(&mut self, var: Var, blocks: [&Block; 2], dropped: [Dd; 2]) -> Bounded<[Dd; 2]> {
        let mut values = blocks.map(|block| block.change(var));
        if !Bands::of(var).meets(bands::OF_CONNECTION) {
            for (value, dropped) in values.iter_mut().zip(dropped) {
                *value = self.space.dd.ite(dropped, Dd::leaf(KEEP), *value)?;
            }
        }
        Ok(values)
    }

    /// Whether a draw decides either function.
    pub(super) fn has_draws(&self, pair: [Dd; 2]) -> bool {
        let drawn = |var: Var| draw_of(self.contents, var).is_some();
        pair.into_iter().any(|d| self.space.dd.tests(d, ANSWERS, &drawn))
    }
}

/// Whether one side never has an effect.
pub(super) fn is_lone(blocks: [&Block; 2], key: Key) -> bool {
    blocks.iter().any(|block| block.effect(key) == Dd::FALSE)
}

/// The packets for which the two sides' parts have different distributions; `None` where probabilities
/// are too fine to be compared.
fn differ(dd: &mut Arena, contents: &[String], parts: &Parts) -> Bounded<Option<Dd>> {
    let drawn = |var: Var| draw_of(contents, var);
    let mut outcomes = Outcomes::default();
    let mut averages = Averages::new(&drawn, ANSWERS);
    let [left, right] = parts;
    let left = outcomes.together(dd, left)?;
    let right = outcomes.together(dd, right)?;
    let left = averages.average(dd, left)?;
    let right = averages.average(dd, right)?;
    if averages.gave_up() {
        return Ok(None);
    }
    dd.differ(left, right).map(Some)
}

/// The draw that a variable is a bit of.
fn draw_of(contents: &[String], var: Var) -> Option<Draw> {
    if var.band() != bands::ANSWER {
        return None;
    }
    let (bucket, nth, bit) = Bucket::of(var);
    let chance = vocabulary::draw(contents.get(bucket.0 as usize)?)?;
    let width = chance.width();
    (bit < width).then(|| Draw { first: bucket.answer(nth, 0), width, chance })
}

/// Rows of leaves, numbered.
#[derive(Default)]
struct Outcomes {
    rows: IndexSet<(u32, u32), FxBuildHasher>,
}

impl Outcomes {
    /// One diagram for several, whose leaves stand for the rows of theirs.
    fn together(&mut self, dd: &mut Arena, parts: &[Dd]) -> Bounded<Dd> {
        let Some((&first, others)) = parts.split_first() else { return Ok(Dd::FALSE) };
        let mut all = first;
        for &part in others {
            all = dd.zip(all, part, &mut |row, leaf| self.rows.insert_full((row, leaf)).0 as u32)?;
        }
        Ok(all)
    }
}
