//! What passes find out about a table, kept for the next pass that asks.
//!
//! Invariant: what is kept is true of the table as it stands. A pass that changes which chains a chain calls, or what
//! is done in one, says so by `forget`; to merge rules of one chain that do the same changes neither.

use super::effects::ChainChanges;
use super::features::Features;
use crate::ir::Table;

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct Known {
    changes: Option<ChainChanges>,
    features: Option<Vec<Features>>,
}

impl Known {
    /// What each chain of the table changes.
    pub fn changes(&mut self, table: &Table) -> &ChainChanges {
        let features = self.features.get_or_insert_with(|| Features::of_chains(table));
        self.changes.get_or_insert_with(|| ChainChanges::of(table, features))
    }

    /// What each chain of the table has at all.
    pub fn features(&mut self, table: &Table) -> &[Features] {
        self.features.get_or_insert_with(|| Features::of_chains(table))
    }

    /// Has everything found out anew.
    pub fn forget(&mut self) {
        *self = Known::default();
    }
}
