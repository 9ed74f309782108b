//! Sets of ipset, which a dump names and does not hold.
//!
//! A set that rules of the dump write to is state, told by its name; the contents of any other do not
//! change while a packet is on its way.

use bstr::{BStr, BString, ByteSlice};
use rustc_hash::FxHashSet;

use super::Reading;
use crate::prove::block::{Effect, Step};
use crate::prove::dd::{Bands, Bounded};
use crate::prove::vocabulary;
use crate::save::ast::Rule;
use crate::save::ipset::Ipsets;
use crate::save::option::Value;

/// What is known about sets.
pub(super) struct Contents<'a> {
    /// Sets that rules write to.
    pub written: FxHashSet<BString>,
    /// What `ipset save` says; nothing where that was not given.
    pub ipsets: &'a Ipsets,
}

/// What a set is keyed by is not known here, so it may be anything that rules change.
pub(super) const ANYTHING: Bands = Bands(u32::MAX);

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

/// The sets that a rule writes to.
pub(super) fn written(rule: &Rule) -> impl Iterator<Item = BString> {
    let options = rule.parts().filter(|part| part.extension.name == "SET").flat_map(|part| &part.options);
    let writes = options.filter(|option| matches!(option.spec.name, "add-set" | "del-set"));
    writes.filter_map(|option| name_and_key(&option.value)).map(|(name, _)| name)
}

/// The packets that are in a set, or are not.
pub(super) fn contains(name: &BStr, key: &str, negated: bool, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let words = vocabulary::member(&name.to_str_lossy(), key);
    if !reading.written.contains(name) {
        let inside = reading.space.volatile(&words)?;
        return Ok(vec![Step::Test(reading.negated_if(negated, inside)?)]);
    }
    let mut steps = vec![Step::Effect { effect: Effect::Other(format!("asks for {words}")), reads: ANYTHING }];
    steps.extend(reading.consult(state(name), Some(state(name)), !negated)?);
    Ok(steps)
}

/// A change of a set, in words: whoever asks afterwards gets another answer.
pub(super) fn write(name: &BStr, words: String, reading: &mut Reading<'_>) -> Vec<Step> {
    let changed = reading.occurrence(state(name), Some(state(name)), 1);
    vec![Step::Effect { effect: Effect::Other(words), reads: ANYTHING }, Step::Consult(changed)]
}

/// Asking and writing share one state, whatever the key: so their order counts.
fn state(name: &BStr) -> String {
    vocabulary::xtables("ipset", &name.to_str_lossy())
}
