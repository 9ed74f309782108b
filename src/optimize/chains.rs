//! Which chains a pass has to look at: in a dump of many chains nearly none.

use super::features::Features;
use super::known::Known;
use crate::ir::{Chain, Table};
use crate::parallel;

/// The indices of those that have any of these features and of which it holds, in order; looked for on all processors.
pub fn which(table: &Table, known: &mut Known, with: Features, holds: impl Fn(&Chain) -> bool + Sync) -> Vec<usize> {
    let features = known.features(table);
    let is_wanted = |&at: &usize| features[at].has(with) && holds(&table.chains[at]);
    parallel::gathered(features.len(), |piece, out| out.extend(piece.filter(is_wanted)))
}
