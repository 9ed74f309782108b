//! Who asks what holds state: a hint for matching, taken from blocks that were summed up with another matching.
//!
//! What hangs on the answers of other buckets is left out, since those may be the wrong ones: what counts is who may ask
//! at all, and what hangs on the answer.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::prove::block::{BaseKey, Block, Bucket, Key};
use crate::prove::compare::bases::Side;
use crate::prove::dd::{Bands, Bounded, Dd, Var};
use crate::prove::space::{Space, bands};

/// What asks a bucket, and what for.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(in crate::prove::compare) struct Asked {
    /// The packets that may ask it, by base chain; the number is that of the pair of programs.
    by: Vec<(usize, BaseKey, Dd)>,
    /// What hangs on its answers.
    decides: Vec<(usize, BaseKey, Part)>,
}

/// A part of what a base chain does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Part {
    Verdict,
    Change(Var),
    Effect(u32),
}

const ANSWERS: Bands = Bands(1 << bands::ANSWER);

impl Asked {
    /// Whether nobody asks it, or nobody knows who.
    pub fn is_nothing(&self) -> bool {
        self.by.is_empty()
    }

    /// Without what hangs on the answers.
    pub fn packets(&self) -> Self {
        Asked { by: self.by.clone(), decides: Vec::new() }
    }
}

/// Notes what asks `wanted` on one side of pair number `pair`.
pub(in crate::prove::compare) fn note(
    space: &mut Space,
    pair: usize,
    side: &Side<'_>,
    wanted: &FxHashSet<Bucket>,
    asked: &mut FxHashMap<Bucket, Asked>,
) -> Bounded<()> {
    let mut bases: Vec<(BaseKey, &Block)> = side.program.bases.iter().map(|base| base.key).zip(side.blocks).collect();
    bases.sort_by_key(|&(key, _)| key);
    for (key, block) in bases {
        let possible = space.possible_at(key.hook, key.priority)?;
        for &(effect, count) in &block.effects {
            let Key::Consult(bucket) = effect else { continue };
            if !wanted.contains(&Bucket(bucket)) {
                continue;
            }
            let packets = space.dd.differ(count, Dd::FALSE)?;
            let packets = space.dd.exists(packets, ANSWERS, &|_| true)?;
            let packets = space.dd.and(packets, possible)?;
            if packets != Dd::FALSE {
                asked.entry(Bucket(bucket)).or_default().by.push((pair, key, packets));
            }
        }
        let verdict = std::iter::once((Part::Verdict, block.verdict));
        let changes = block.changes.iter().map(|&(var, change)| (Part::Change(var), change));
        let effects = block.effects.iter().filter_map(|&(effect, count)| match effect {
            Key::Effect(number) => Some((Part::Effect(number), count)),
            Key::Consult(_) => None,
        });
        for (part, function) in verdict.chain(changes).chain(effects) {
            let mut buckets: Vec<Bucket> =
                space.dd.variables(&[function], ANSWERS).into_iter().map(|var| Bucket::of(var).0).collect();
            buckets.dedup();
            for bucket in buckets.into_iter().filter(|bucket| wanted.contains(bucket)) {
                asked.entry(bucket).or_default().decides.push((pair, key, part));
            }
        }
    }
    Ok(())
}
