//! Sets of ipset that rules write to: what the rules of an input do with them.
//!
//! A set of ipset is one for all tables, so what the rules of one table add, others find.

use std::collections::{BTreeMap, BTreeSet};

use bstr::{BStr, BString, ByteSlice};

use super::set_name;
use crate::packet::Family;
use crate::save::ast::{Dump, Part, Rule};
use crate::save::forms::Entry;
use crate::save::ipset::{Ipset, Ipsets};

/// Those sets, by name.
#[derive(Clone, Debug, Default)]
pub struct Written(BTreeMap<BString, Uses>);

/// What rules do with one of them.
#[derive(Clone, Debug, Default)]
pub struct Uses {
    /// Tables whose rules ask for it or write to it, by document and place.
    tables: BTreeSet<(usize, usize)>,
    pub writes: Vec<Write>,
}

/// A rule that adds to it or deletes from it.
#[derive(Clone, Copy, Debug)]
pub struct Write {
    pub adds: bool,
    /// `--timeout`
    pub timeout: Option<u64>,
    /// Protocol of the rule's head: number and negation.
    pub protocol: Option<(u8, bool)>,
}

/// What names a set.
const OPTIONS: [(&str, &str); 4] = [("set", "match-set"), ("SET", "add-set"), ("SET", "del-set"), ("SET", "map-set")];

impl Written {
    /// The sets that rules of the dump write to; none where it is not said what sets there are.
    pub fn of(dump: &Dump<Entry>, ipsets: &Ipsets) -> Self {
        let mut all = Written::default();
        if ipsets.is_empty() {
            return all;
        }
        for (number, document) in dump.documents.iter().enumerate() {
            for (place, table) in document.tables.iter().enumerate() {
                let family = document.family;
                table.whole_rules().for_each(|rule| all.learn(rule, (number, place), family, ipsets));
            }
        }
        all.0.retain(|_, uses| !uses.writes.is_empty());
        all
    }

    /// What rules do with the set, if any writes to it.
    pub fn get(&self, name: &BStr) -> Option<&Uses> {
        self.0.get(name.as_bytes())
    }

    fn learn(&mut self, rule: &Rule, table: (usize, usize), family: Family, ipsets: &Ipsets) {
        for part in rule.parts() {
            for (_, option) in OPTIONS.iter().filter(|(extension, _)| part.extension.name == *extension) {
                let Some((name, _)) = part.get(option).and_then(|option| set_name::parts(&option.value)) else {
                    continue;
                };
                for name in with_members(name, ipsets).filter(|name| may_hold(name, family, ipsets)) {
                    let uses = self.0.entry(name.clone()).or_default();
                    uses.tables.insert(table);
                    uses.writes.extend(write(part, option, rule));
                }
            }
        }
    }
}

impl Uses {
    /// Whether rules of several tables ask for the set or write to it.
    pub fn are_in_several_tables(&self) -> bool {
        self.tables.len() > 1
    }
}

fn write(part: &Part, option: &str, rule: &Rule) -> Option<Write> {
    let adds = option == "add-set";
    let timeout = part.number("timeout").filter(|_| adds);
    (adds || option == "del-set").then(|| Write { adds, timeout, protocol: rule.protocol() })
}

/// The set, and those in the list that it is.
fn with_members<'a>(name: &'a BString, ipsets: &'a Ipsets) -> impl Iterator<Item = &'a BString> {
    std::iter::once(name).chain(ipsets.get(name.as_bstr()).into_iter().flat_map(Ipset::members))
}

/// A set of addresses never holds a packet of the other family, nor can such a packet add to it.
fn may_hold(name: &BString, family: Family, ipsets: &Ipsets) -> bool {
    ipsets.get(name.as_bstr()).is_none_or(|set| set.family.is_none_or(|of| of == family))
}
