//! Which chains a pass has to look at: in a dump of many chains nearly none.

use crate::ir::{Chain, Table};
use crate::parallel;

/// The indices of those of which it holds, in order; looked for on all processors.
pub fn which(table: &Table, holds: impl Fn(&Chain) -> bool + Sync) -> Vec<usize> {
    parallel::gathered(table.chains.len(), |piece, out| out.extend(piece.filter(|&at| holds(&table.chains[at]))))
}
