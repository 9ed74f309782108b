//! Chains by the numbers that their names have in the dump.

use rustc_hash::FxHashMap;

use crate::ir::ChainId;
use crate::save::ast::ChainName;
use crate::save::forms::{STAND_INS, names};

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

    /// The names that stand in for those of chains, and chains that are none.
    pub fn stand_ins() -> impl Iterator<Item = (ChainName, ChainId)> {
        let chain = |(tree, name): (usize, &str)| (ChainName::new(name.into()), ChainId(names::stand_in(tree)));
        STAND_INS.into_iter().enumerate().map(chain)
    }
}
