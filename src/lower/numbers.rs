//! Chains by the numbers that their names have in the dump.

use rustc_hash::FxHashMap;

use crate::ir::ChainId;
use crate::save::ast::ChainName;

/// The chains of one table.
#[derive(Debug, Default)]
pub struct Numbers {
    first: u32,
    ids: Vec<Option<ChainId>>,
}

impl Numbers {
    /// By the number of the first name, and all names.
    pub fn of((first, names): (u32, &[ChainName]), ids: &FxHashMap<ChainName, ChainId>) -> Self {
        Numbers { first, ids: names.iter().map(|name| ids.get(name).copied()).collect() }
    }

    /// The chain of this number.
    pub fn get(&self, number: u32) -> Option<ChainId> {
        *self.ids.get(number.checked_sub(self.first)? as usize)?
    }
}
