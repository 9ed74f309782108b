//! Which chains a pass has to look at: in a dump of many chains nearly none.

use super::features::Features;
use super::known::Known;
use crate::ir::{Chain, Table};
use crate::parallel;

/// The indices of those that have any of these features and of which it holds, in order; looked for on all processors.
pub fn which(table: &Table, known: &mut Known, with: Features, holds: impl Fn(&Chain) -> bool + Sync) -> Vec<usize> {
    let features = if with == Features::NONE { &[] } else { known.features(table) };
    let has = |at: usize| features.get(at).is_none_or(|features| features.has(with));
    let is_wanted = |&at: &usize| has(at) && holds(&table.chains[at]);
    parallel::gathered(table.chains.len(), |piece, out| out.extend(piece.filter(is_wanted)))
}
