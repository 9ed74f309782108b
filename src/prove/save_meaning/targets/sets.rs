//! `SET` (`xt_set.c`): writes the packet's addresses and ports to an ipset, or reads values from one.

use bstr::BString;

use crate::packet::Field;
use crate::prove::block::{Effect, Step};
use crate::prove::dd::Bounded;
use crate::prove::save_meaning::changing::Changing;
use crate::prove::save_meaning::sets::Add;
use crate::prove::save_meaning::words::Word;
use crate::prove::save_meaning::{Reading, ipset, mapping, options, sets};
use crate::prove::vocabulary;
use crate::save::ast::{Opt, Part};

/// Adds, deletes, looks up: in this order, whatever the order of the options.
pub fn set(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let mut ways = Vec::new();
    for option in ["add-set", "del-set"].into_iter().filter_map(|name| part.get(name)) {
        let Some((name, key)) = sets::name_and_key(&option.value) else { return Ok(options::not_understood(part)) };
        ways.push(write(part, option, (&name, &key), reading)?);
    }
    if let Some(option) = part.get("map-set") {
        let Some((name, key)) = sets::name_and_key(&option.value) else { return Ok(options::not_understood(part)) };
        ways.push(map(part, option, (&name, &key), reading)?);
    }
    // What one of them has nothing to do for, the next may have.
    Ok(match ways.len() {
        1 => ways.pop().unwrap_or_default(),
        _ => vec![reading.chain(ways)],
    })
}

/// A change of a set.
fn write(part: &Part, option: &Opt, (name, key): (&BString, &str), reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let adds = option.spec.name == "add-set";
    let (written, ipsets) = (reading.written, reading.ipsets);
    let family = reading.space.family();
    if ipsets.get(name.as_ref()).is_some_and(|set| set.family.is_some_and(|of| of != family)) {
        return Ok(Vec::new());
    }
    if let (Some(set), Some(uses)) = (ipsets.get(name.as_ref()), written.get(name)) {
        let add = adds.then(|| Add::of(part, reading.rule));
        return match Changing::new(name.as_ref(), set, uses) {
            Some(changing) => changing.changed(add, &ipset::directions(&option.value), reading),
            None => Ok(vec![Step::Unknown(format!("a change of the set {name}"))]),
        };
    }
    let mut effect = vocabulary::set_update(if adds { "add" } else { "delete" }, &name.to_string(), key, None);
    if adds {
        let words = options::words(part, reading, &["add-set", "del-set", "map-set"]);
        effect = vocabulary::xtables(&effect, &words);
    }
    Ok(sets::write(name.as_ref(), key, effect, reading))
}

/// The values of an entry, given to the packet.
fn map(part: &Part, option: &Opt, (name, key): (&BString, &str), reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let ipsets = reading.ipsets;
    if !reading.written.contains_key(name)
        && let Some(set) = ipsets.get(name.as_ref())
    {
        let source = ipset::directions(&option.value);
        let steps = mapping::given(set, &source, (part.has("map-mark"), part.has("map-prio")), reading)?;
        if let Some(steps) = steps.filter(|_| !part.has("map-queue")) {
            return Ok(steps);
        }
    }
    let mut steps = sets::contains(name.as_ref(), key, option.negated, reading)?;
    let entry = vocabulary::member(&name.to_string(), key);
    // All from the entry as it was found.
    let mut changes = Vec::new();
    for (option, field) in [("map-mark", Field::Mark), ("map-prio", Field::Priority)] {
        if part.has(option)
            && let Step::Assign(own) = from_entry(&entry, field, reading)?
        {
            changes.extend(own);
        }
    }
    steps.push(Step::Assign(changes));
    if part.has("map-queue") {
        let effect = Effect::Other(format!("queue number of {entry}"));
        steps.push(Step::Effect { effect, reads: sets::ANYTHING });
    }
    Ok(steps)
}

/// The field with the bits that the entry has a mask for replaced by the entry's.
fn from_entry(entry: &str, field: Field, reading: &mut Reading<'_>) -> Bounded<Step> {
    let word = Word::unknown(field, reading, |reading, bit| {
        reading.space.volatile(&format!("{field:?} bit {bit} becomes 1 by {entry}"))
    })?;
    word.assigned(field, reading)
}
