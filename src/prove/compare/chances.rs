//! Base chains in which chance decides: compared by what they do how often.
//!
//! For a packet, and given answers of whatever state is asked, each side is a distribution over outcomes:
//! the verdict, the final value of each bit and the number of each effect, *together*, so that nothing
//! that goes hand in hand on one side may fall apart on the other. Two sides with the same distribution
//! cannot be told apart, however they draw: a ladder of `-m statistic` rungs and one `numgen` map, rungs
//! in another order, a draw that nothing depends on.

#[cfg(test)]
mod tests;

use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

use super::answer::{Doubt, Outcome};
use super::differences::{Comparison, changed};
use crate::prove::block::{Block, Bucket};
use crate::prove::dd::{Arena, Averages, Bands, Bounded, Dd, Draw, Var};
use crate::prove::space::bands;
use crate::prove::vocabulary;

/// The band of all answers, drawn or not.
const ANSWERS: Bands = Bands(1 << bands::ANSWER);

/// What both sides do, part by part: the same list of parts on either side.
type Parts = [Vec<Dd>; 2];

impl Comparison<'_> {
    /// The known packets for which what answers decide has different distributions.
    pub(super) fn drawn(&mut self, blocks: [&Block; 2], known: Dd, outcome: &mut Outcome) -> Bounded<Dd> {
        let parts = self.drawn_parts(blocks)?;
        let [left, right] = &parts;
        if left == right {
            return Ok(Dd::FALSE);
        }
        let contents = self.contents;
        if let Some(differ) = differ(&mut self.space.dd, contents, &parts)? {
            let drawn = |var: Var| draw_of(contents, var).is_some();
            let surely = self.space.dd.for_all(known, ANSWERS, &drawn)?;
            return self.space.dd.and(differ, surely);
        }
        for (&a, &b) in left.iter().zip(right) {
            let differ = self.space.dd.differ(a, b)?;
            if self.space.dd.and(differ, known)? != Dd::FALSE {
                let why = "chance decides in steps too fine to be added up".to_owned();
                outcome.doubts.push(Doubt { why, line: None });
                break;
            }
        }
        Ok(Dd::FALSE)
    }

    /// What both sides do, as far as answers decide it on either.
    fn drawn_parts(&mut self, blocks: [&Block; 2]) -> Bounded<Parts> {
        let [left, right] = blocks;
        let mut pairs = vec![[left.verdict, right.verdict]];
        let stopped = [self.stopped(left)?, self.stopped(right)?];
        for var in changed(left, right) {
            pairs.push(self.finals(var, blocks, stopped)?);
        }
        pairs.extend(self.counted(left, right).iter().map(|&(key, _)| blocks.map(|block| block.effect(key))));
        pairs.retain(|&pair| has_answers(&self.space.dd, pair));
        Ok([pairs.iter().map(|&[a, _]| a).collect(), pairs.iter().map(|&[_, b]| b).collect()])
    }
}

/// Whether an answer, drawn or not, decides either function.
pub(super) fn has_answers(dd: &Arena, [a, b]: [Dd; 2]) -> bool {
    dd.bands(a).union(dd.bands(b)).meets(ANSWERS)
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
        let mut all = Dd::FALSE;
        for &part in parts {
            all = dd.zip(all, part, &mut |row, leaf| self.rows.insert_full((row, leaf)).0 as u32)?;
        }
        Ok(all)
    }
}
