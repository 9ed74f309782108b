//! What matches with state per address share: sets that rules add to, and masks of addresses.

use bstr::BString;

use super::lowering::Cx;
use crate::ir::{Fields, Set, SetData, SetId};
use crate::packet::Family;

/// Elements a dynamic set has room for where iptables says nothing (nft's own default).
const ROOM: u32 = 65535;

/// Adds a set that rules add to. The name gets a number when the table has one like it.
pub fn add_set(cx: &mut Cx, name: &str, key: Fields, timeout: Option<u64>, size: Option<u32>) -> SetId {
    let same = cx.table.sets.iter().filter(|s| s.name.starts_with(name.as_bytes())).count();
    let name = if same == 0 { BString::from(name) } else { format!("{name}{}", same + 1).into() };
    cx.table.add_set(Set {
        name,
        key: key.to_vec(),
        comment: None,
        dynamic: true,
        interval: false,
        auto_merge: false,
        timeout,
        size: Some(size.unwrap_or(ROOM)),
        data: SetData::None,
        rows: Vec::new(),
        counter: false,
    })
}

/// The set of this name.
pub fn find_set(cx: &Cx, name: &str) -> Option<SetId> {
    cx.table.sets.iter().position(|s| s.name == name).map(|at| SetId(at as u32))
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
