//! Which buckets of hashlimit rules of several tables share.
//!
//! iptables keeps one set of buckets per name and family, whatever the table (net/netfilter/xt_hashlimit.c,
//! `htable_find_get`), and what the first rule says of them holds for all. An nft set belongs to a table.

use std::collections::{BTreeMap, BTreeSet};

use bstr::BString;

use crate::save::ast::Document;
use crate::save::forms::Entry;
use crate::save::mentioned::Mentioned;

/// The names that stand in more than one table of a document that names these extensions.
pub fn shared(document: &Document<Entry>, mentioned: &Mentioned) -> BTreeSet<BString> {
    if !mentioned.any(|name| name == "hashlimit") {
        return BTreeSet::new();
    }
    let mut seen: BTreeMap<BString, BTreeSet<usize>> = BTreeMap::new();
    for (at, table) in document.tables.iter().enumerate() {
        let parts =
            table.whole_rules().flat_map(|rule| &rule.matches).filter(|part| part.extension.name == "hashlimit");
        for name in parts.filter_map(|part| part.text("hashlimit-name")) {
            seen.entry(name.to_owned()).or_default().insert(at);
        }
    }
    seen.into_iter().filter(|(_, tables)| tables.len() > 1).map(|(name, _)| name).collect()
}
