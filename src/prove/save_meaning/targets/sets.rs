//! `SET` (`xt_set.c`): writes the packet's addresses and ports to an ipset, or reads values from one.

use crate::packet::Field;
use crate::prove::block::{Effect, Step};
use crate::prove::dd::Bounded;
use crate::prove::save_meaning::words::Word;
use crate::prove::save_meaning::{Reading, options, sets};
use crate::prove::vocabulary;
use crate::save::ast::Part;

/// Adds, deletes, looks up: in this order, whatever the order of the options.
pub fn set(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let words = options::words(part, reading, &["add-set", "del-set", "map-set"]);
    let mut steps = Vec::new();
    for (option, op) in [("add-set", "add"), ("del-set", "delete")] {
        let Some(option) = part.get(option) else { continue };
        let Some((name, key)) = sets::name_and_key(&option.value) else { return Ok(options::not_understood(part)) };
        let mut effect = vocabulary::set_update(op, &name.to_string(), &key, None);
        if op == "add" {
            effect = vocabulary::xtables(&effect, &words);
        }
        steps.extend(sets::write(name.as_ref(), effect, reading));
    }
    if let Some(option) = part.get("map-set") {
        let Some((name, key)) = sets::name_and_key(&option.value) else { return Ok(options::not_understood(part)) };
        steps.extend(sets::contains(name.as_ref(), &key, option.negated, reading)?);
        let entry = vocabulary::member(&name.to_string(), &key);
        for (option, field) in [("map-mark", Field::Mark), ("map-prio", Field::Priority)] {
            if part.has(option) {
                steps.push(from_entry(&entry, field, reading)?);
            }
        }
        if part.has("map-queue") {
            let effect = Effect::Other(format!("queue number of {entry}"));
            steps.push(Step::Effect { effect, reads: sets::ANYTHING });
        }
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
