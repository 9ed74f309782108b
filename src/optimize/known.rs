//! What passes find out about a table, kept for the next pass that asks.
//!
//! Invariant: what is kept is true of the table as it stands. A pass that changes which chains a chain calls, or what
//! is done in one, says so by `forget`; to merge rules of one chain that do the same changes neither.

use super::effects::ChainChanges;
use crate::ir::Table;

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct Known {
    changes: Option<ChainChanges>,
}

impl Known {
    /// What each chain of the table changes.
    pub fn changes(&mut self, table: &Table) -> &ChainChanges {
        self.changes.get_or_insert_with(|| ChainChanges::of(table))
    }

    /// Has everything found out anew.
    pub fn forget(&mut self) {
        *self = Known::default();
    }
}
