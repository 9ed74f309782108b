//! Sets of ipset, which a dump names and does not hold.
//!
//! A set that rules of the dump write to is state, told by its name and, where that is known, by what it begins with
//! ([`super::changing`]); the contents of any other do not change while a packet is on its way.

use std::collections::BTreeSet;

use bstr::{BStr, BString, ByteSlice};
use rustc_hash::FxHashMap;

use super::Reading;
use crate::packet::Family;
use crate::prove::block::{Effect, Step};
use crate::prove::dd::{Bands, Bounded};
use crate::prove::vocabulary;
use crate::save::ast::{Dump, Part, Rule, TableKind};
use crate::save::ipset::{Ipset, Ipsets};
use crate::save::option::Value;

/// What is known about sets.
pub(super) struct Contents<'a> {
    /// Sets that rules write to.
    pub written: Written,
    /// Whether rules give packets other addresses before others look at them.
    pub moves_addresses: bool,
    /// What `ipset save` says; nothing where that was not given.
    pub ipsets: &'a Ipsets,
}

/// What state that is known by its name alone may read.
pub(super) const ANYTHING: Bands = Bands(u32::MAX);

/// What of the things that rules change is looked up in a set. What the set is keyed by is not known here: where it is one
/// part, that is an address, a port or a network card's address, and where it is more, one of them may be the mark
/// (`ip_set_hash_ipmark.c`).
fn looked_up(key: &str, reading: &Reading<'_>) -> Bands {
    if key.contains(',') || reading.moves_addresses { ANYTHING } else { Bands::default() }
}

/// The name of a set, and what of the packet is looked up in it: `src` and `dst`, one for each dimension.
pub(super) fn name_and_key(value: &Value) -> Option<(BString, String)> {
    let Value::List(parts) = value else { return None };
    let [Value::Text(name), Value::List(directions)] = parts.as_slice() else { return None };
    let word = |direction: &Value| match direction {
        Value::Number(1) => Some("src"),
        Value::Number(0) => Some("dst"),
        _ => None,
    };
    let directions: Vec<&str> = directions.iter().map(word).collect::<Option<_>>()?;
    Some((name.clone(), directions.join(",")))
}

/// The sets that rules write to, each with what they do.
pub(super) type Written = FxHashMap<BString, Uses>;

/// What rules do with a set.
#[derive(Debug, Default)]
pub struct Uses {
    /// Where they stand: tables of either family.
    pub tables: BTreeSet<(&'static str, &'static str)>,
    pub adds: Vec<Add>,
    writes: bool,
}

/// How a rule adds to a set.
#[derive(Clone, Copy, Debug)]
pub struct Add {
    /// `--exist`
    pub anew: bool,
    pub timeout: Option<u64>,
    /// Protocol of the rule's head: number and negation.
    pub protocol: Option<(u8, bool)>,
}

impl Add {
    /// What `--add-set` of a rule does.
    pub fn of(part: &Part, rule: &Rule) -> Add {
        Add { anew: part.has("exist"), timeout: part.number("timeout"), protocol: rule.protocol() }
    }
}

/// Whether a rule gives packets other addresses and lets them go on (`ip6t_NPT.c`).
pub(super) fn moves_addresses(rule: &Rule) -> bool {
    rule.parts().any(|part| matches!(part.extension.name, "SNPT" | "DNPT"))
}

/// The sets that rules of a dump write to.
pub(super) fn written(dump: &Dump, ipsets: &Ipsets) -> Written {
    let mut all = Written::default();
    for document in &dump.documents {
        for table in &document.tables {
            table.rules().for_each(|rule| uses(rule, (document.family, table.kind), ipsets, &mut all));
        }
    }
    all.retain(|_, uses| uses.writes);
    all
}

fn uses(rule: &Rule, (family, table): (Family, TableKind), ipsets: &Ipsets, all: &mut Written) {
    for part in rule.parts().filter(|part| matches!(part.extension.name, "set" | "SET")) {
        for option in &part.options {
            let Some((name, _)) = name_and_key(&option.value) else { continue };
            for name in with_members(name, ipsets) {
                if ipsets.get(name.as_ref()).is_some_and(|set| set.family.is_some_and(|of| of != family)) {
                    continue;
                }
                let uses = all.entry(name).or_default();
                uses.tables.insert((family.name(), table.name()));
                uses.writes |= matches!(option.spec.name, "add-set" | "del-set");
                uses.adds.extend((option.spec.name == "add-set").then(|| Add::of(part, rule)));
            }
        }
    }
}

/// The set, and those in the list that it is.
fn with_members(name: BString, ipsets: &Ipsets) -> Vec<BString> {
    let members: Vec<BString> = ipsets.get(name.as_ref()).into_iter().flat_map(Ipset::members).cloned().collect();
    std::iter::once(name).chain(members).collect()
}

/// The packets that are in a set, or are not.
pub(super) fn contains(name: &BStr, key: &str, negated: bool, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let words = vocabulary::member(&name.to_str_lossy(), key);
    if !reading.written.contains_key(name) {
        let fixed = looked_up(key, reading) == Bands::default();
        let inside = if fixed { reading.space.opaque(&words)? } else { reading.space.volatile(&words)? };
        return Ok(vec![Step::Test(reading.negated_if(negated, inside)?)]);
    }
    let (effect, reads) = (Effect::Other(format!("asks for {words}")), looked_up(key, reading));
    let mut steps = vec![Step::Effect { effect, reads }];
    steps.extend(reading.consult(state(name), Some(state(name)), !negated)?);
    Ok(steps)
}

/// A change of a set at a key, in words: whoever asks afterwards gets another answer.
pub(super) fn write(name: &BStr, key: &str, words: String, reading: &mut Reading<'_>) -> Vec<Step> {
    let changed = reading.occurrence(state(name), Some(state(name)), 1);
    vec![Step::Effect { effect: Effect::Other(words), reads: looked_up(key, reading) }, Step::Consult(changed)]
}

/// Asking and writing share one state, whatever the key: so their order counts.
fn state(name: &BStr) -> String {
    vocabulary::xtables("ipset", &name.to_str_lossy())
}
