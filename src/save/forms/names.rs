//! Numbers for the names of chains.
//!
//! Invariant: a name of a table has one number; names of several tables have several.

use std::borrow::Borrow;
use std::collections::hash_map::Entry;
use std::hash::{Hash, Hasher};

use rustc_hash::FxHashMap;

use crate::packet::Family;
use crate::save::ast::{ChainName, TableKind};

/// The names of all chains of an input, by their numbers.
#[derive(Clone, Debug, Default)]
pub struct Names {
    all: Vec<ChainName>,
    /// Where those of a table begin.
    tables: Vec<(Family, TableKind, u32)>,
}

/// The number of the name that stands in for those of chains in one of the two trees of a form; no input has so many.
pub const fn stand_in(tree: usize) -> u32 {
    u32::MAX - tree as u32
}

/// The chains of one table.
#[derive(Debug, Default)]
pub struct Chains {
    numbers: FxHashMap<Named, u32>,
    /// The number of the first; built-in chains come first.
    first: u32,
    builtins: u32,
}

/// A name that is found by its text.
#[derive(PartialEq, Eq, Debug)]
struct Named(ChainName);

impl Borrow<[u8]> for Named {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

impl Hash for Named {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.as_slice().hash(state);
    }
}

impl Names {
    pub fn get(&self, number: u32) -> Option<&ChainName> {
        self.all.get(number as usize)
    }

    /// The number of the first chain of a table, and the names of all, in the order of their numbers.
    pub fn of(&self, family: Family, kind: TableKind) -> (u32, &[ChainName]) {
        let Some(at) = self.tables.iter().position(|table| (table.0, table.1) == (family, kind)) else {
            return (0, &[]);
        };
        let first = |at: usize| self.tables.get(at).map_or(self.all.len(), |table| table.2 as usize);
        (first(at) as u32, self.all.get(first(at)..first(at + 1)).unwrap_or_default())
    }

    fn add(&mut self, name: ChainName) -> u32 {
        self.all.push(name);
        self.all.len() as u32 - 1
    }
}

impl Chains {
    /// The chains that a table has before any is declared.
    pub fn builtin(family: Family, kind: TableKind, names: &mut Names) -> Self {
        let first = names.all.len() as u32;
        names.tables.push((family, kind, first));
        let mut chains = Chains { numbers: FxHashMap::default(), first, builtins: 0 };
        for (name, _) in kind.builtins() {
            chains.add(ChainName::new((*name).into()), names);
            chains.builtins += 1;
        }
        chains
    }

    /// Adds a chain; whether it is new.
    pub fn add(&mut self, name: ChainName, names: &mut Names) -> bool {
        match self.numbers.entry(Named(name)) {
            Entry::Occupied(_) => false,
            Entry::Vacant(place) => {
                let number = names.add(ChainName::clone(&place.key().0));
                place.insert(number);
                true
            }
        }
    }

    pub fn number(&self, name: &[u8]) -> Option<u32> {
        self.numbers.get(name).copied()
    }

    /// Whether the kernel calls the chain with this number.
    pub const fn is_builtin(&self, number: u32) -> bool {
        number - self.first < self.builtins
    }
}
