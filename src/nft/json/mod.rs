//! The nft syntax tree as JSON that `nft -j -f` loads (libnftables-json(5)).
//!
//! Same tree, same names: only the clothes differ. What `print` refuses is refused here, by asking it
//! first, so nothing is judged twice. Commands come in an order
//! that needs nothing ahead of itself: in a table first the chains, then objects, sets and maps, then the
//! rules. JSON has no place for `#` lines, so notes are dropped.
//!
//! Measured with 0.9.8, 1.0.6, 1.1.3 and 1.1.7, whose JSON readers are behind their text readers:
//! - 1.1.3 and newer load all of this, less the comments of sets (dropped by all), the numbers of counters
//!   in elements (start at 0) and named maps to ranges (no version has them, so they are refused).
//! - 1.0.6 and 0.9.8 also drop comments of tables, chains and objects, and `auto-merge`. What changes the
//!   meaning is refused for them: dynamic sets, `typeof` keys, data of several parts, synproxy objects,
//!   policies of timeouts, dormant tables.
//! - 0.9.8 also drops the statements of sets; refused.

mod command;
mod constant;
mod elements;
mod expr;
mod field;
mod nat;
mod object;
mod set;
mod statement;

#[cfg(test)]
mod tests;

use rustc_hash::FxHashMap;
use serde_json::{Value, json};

use crate::nft::ast::{Entry, Item, Ruleset, Set, TableName};
use crate::nft::print::{PrintError, Style, Why, print};
use crate::nft::version::Version;
use crate::packet::Family;

/// The whole ruleset: `{"nftables": [...]}`.
///
/// # Errors
/// As [`crate::nft::print::print`]; also strings that are not UTF-8 or that nft takes for something else
/// in JSON, and what `nft` reads as text only.
pub fn json(ruleset: &Ruleset, nft: Version) -> Result<Value, PrintError> {
    print(ruleset, &Style::default())?;
    let mut writer =
        Json { nft, family: Family::Inet, table: None, sets: FxHashMap::default(), unreachable: false, depth: 0 };
    for item in &ruleset.items {
        if let Item::Table(table) = item {
            let sets = table.entries.iter().filter_map(|entry| match entry {
                Entry::Set(set) => Some(((&table.name, set.name.as_slice()), set)),
                _ => None,
            });
            writer.sets.extend(sets);
        }
    }
    let mut commands = vec![json!({ "metainfo": { "json_schema_version": 1 } })];
    for item in &ruleset.items {
        writer.item(item, &mut commands)?;
    }
    Ok(json!({ "nftables": commands }))
}

/// What the commands so far mean for those to come.
struct Json<'a> {
    /// Who will read it.
    nft: Version,
    family: Family,
    table: Option<&'a TableName>,
    sets: FxHashMap<(&'a TableName, &'a [u8]), &'a Set>,
    /// Whether the rule at hand has tested for the ICMP type whose codes have names.
    unreachable: bool,
    depth: u32,
}

/// The first nft that was seen to read all of JSON.
const COMPLETE: Version = Version::new(1, 1, 3);

impl Json<'_> {
    /// Refuses `what` for readers older than `first`.
    fn needs(&self, first: Version, what: &'static str) -> Result<(), Why> {
        if self.nft >= first { Ok(()) } else { Err(Why::Shape(what)) }
    }
}
