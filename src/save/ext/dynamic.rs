//! What matches with state per address share: sets that rules add to, and masks of addresses.

use bstr::BString;
use rustc_hash::FxHashMap;

use super::lowering::Cx;
use crate::ir::{Fields, Set, SetData, SetId, Statement};
use crate::packet::{Family, Field};

/// Elements a dynamic set has room for where iptables says nothing (nft's own default).
const ROOM: u32 = 65535;

/// The sets of a table so far, so that no rule has to look through all of them.
#[derive(Debug, Default)]
pub struct KnownSets {
    by_name: FxHashMap<BString, SetId>,
    /// How many sets wanted a name.
    wanted: FxHashMap<BString, u32>,
    /// How rules add to a set that several of them share.
    updates: FxHashMap<SetId, Statement>,
}

impl KnownSets {
    /// The set of this name.
    pub fn find(&self, name: &[u8]) -> Option<SetId> {
        self.by_name.get(name).copied()
    }

    /// Remembers a set by its name.
    pub fn add(&mut self, name: BString, set: SetId) {
        self.by_name.insert(name, set);
    }

    /// Whether all rules add to the set as this one does.
    pub fn agree(&mut self, set: SetId, update: &Statement) -> bool {
        self.updates.entry(set).or_insert_with(|| update.clone()) == update
    }
}

/// Adds a set that rules add to. The name gets a number when the table has one like it.
pub fn add_set(cx: &mut Cx, name: &str, key: Fields, timeout: Option<u64>, size: Option<u32>) -> SetId {
    let wanted = cx.sets.wanted.entry(name.into()).or_default();
    *wanted += 1;
    let name = if *wanted == 1 { BString::from(name) } else { format!("{name}{wanted}").into() };
    let set = cx.table.add_set(empty(name.clone(), &key, timeout, size.unwrap_or(ROOM)));
    cx.sets.add(name, set);
    set
}

/// A set that rules add to, with nothing in it.
pub fn empty(name: BString, key: &[Field], timeout: Option<u64>, size: u32) -> Set {
    Set {
        name,
        key: key.to_vec(),
        comment: None,
        dynamic: true,
        interval: false,
        auto_merge: false,
        timeout,
        size: Some(size),
        data: SetData::None,
        rows: Vec::new(),
        counter: false,
    }
}

/// Bits of an address.
pub const fn address_width(family: Family) -> u32 {
    if matches!(family, Family::Ip6) { 128 } else { 32 }
}

/// The mask of a prefix; `None` when it covers the whole address.
pub fn prefix_mask(length: u64, family: Family) -> Option<u128> {
    let width = address_width(family);
    let length = u32::try_from(length).ok().filter(|&l| l < width)?;
    let all = u128::MAX >> (128 - width);
    Some(all & !(all >> length))
}

/// The prefix length of a mask that is one.
pub fn prefix_of(mask: u128, family: Family) -> Option<u32> {
    let length = mask.count_ones();
    let all = u128::MAX >> (128 - address_width(family));
    (prefix_mask(length.into(), family).unwrap_or(all) == mask).then_some(length)
}
