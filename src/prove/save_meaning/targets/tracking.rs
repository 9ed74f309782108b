//! What connection tracking is told before it looks at the packet: `CT`, `NOTRACK` (`xt_CT.c`).
//!
//! Only packets that nothing tracks yet are told anything (`xt_ct_target`).

use crate::packet::{CtKey, Field, IntervalSet};
use crate::prove::block::{Effect, Step};
use crate::prove::dd::{Bands, Bounded};
use crate::prove::save_meaning::{Reading, options};
use crate::prove::space::bands;
use crate::prove::vocabulary;
use crate::save::ast::{Opt, Part};
use crate::save::option::Value;

/// How the tree says `--zone mark`.
const FROM_MARK: u64 = 0x1_0000;
/// `ct state` of packets that nothing tracks yet.
const INVALID: u128 = 1;

pub fn notrack(_: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    Ok(vec![Step::Assign(reading.space.untrack()?)])
}

/// With `--notrack`, nothing else is looked at. Everything else goes into a template for the connection. What
/// becomes of a helper shows behind connection tracking (`save_meaning::helpers`); zone 0 is everybody's.
pub fn ct(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    if part.has("notrack") {
        return notrack(part, reading);
    }
    let fresh = reading.space.within(Field::Ct(CtKey::State), &IntervalSet::point(INVALID))?;
    let mut steps = vec![Step::Test(fresh)];
    steps.extend(zone(part));
    for option in part.options.iter().filter(|o| o.spec.name != "helper" && !is_zone(o)) {
        match effect(option) {
            Some(effect) => steps.push(told(effect, Bands::default())),
            None => steps.push(options::unknown(part, option)),
        }
    }
    steps.push(Step::Assign(reading.space.give_template(fresh)?));
    Ok(steps)
}

/// Whether a use of an extension gives packets a template.
pub fn gives_template(part: &Part) -> bool {
    part.extension.name == "CT" && !part.has("notrack")
}

fn told(effect: String, reads: Bands) -> Step {
    Step::Effect { effect: Effect::Other(effect), reads }
}

fn is_zone(option: &Opt) -> bool {
    matches!(option.spec.name, "zone" | "zone-orig" | "zone-reply")
}

fn number(option: &Opt) -> u64 {
    if let Value::Number(number) = option.value { number } else { 0 }
}

/// All zone options share one number, the last, and one mark of where it is from; two directions are both.
fn zone(part: &Part) -> Option<Step> {
    let numbers: Vec<u64> = part.options.iter().filter(|o| is_zone(o)).map(number).collect();
    let direction = match (part.has("zone-orig"), part.has("zone-reply")) {
        (true, false) => "original zone",
        (false, true) => "reply zone",
        _ => "zone",
    };
    if numbers.contains(&FROM_MARK) {
        let words = vocabulary::xtables("CT", &format!("{direction} mark"));
        return Some(told(words, Bands(1 << bands::MARK)));
    }
    let zone = numbers.last().copied().filter(|&zone| zone != 0)?;
    Some(told(vocabulary::set_of_connection(direction, zone.into()), Bands::default()))
}

/// What another option does.
fn effect(option: &Opt) -> Option<String> {
    Some(match (option.spec.name, &option.value) {
        ("timeout", Value::Text(policy)) => vocabulary::xtables("CT", &format!("timeout {policy}")),
        ("ctevents", &Value::Number(events)) => vocabulary::set_of_connection("event", events.into()),
        ("expevents", &Value::Number(events)) => vocabulary::xtables("CT", &format!("expevents {events}")),
        _ => return None,
    })
}
