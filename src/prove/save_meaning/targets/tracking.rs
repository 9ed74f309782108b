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
    for option in part.options.iter().filter(|option| option.spec.name != "helper") {
        match (option.spec.name, &option.value) {
            ("zone", Value::Number(0)) => {}
            _ => match effect(option) {
                Some((effect, reads)) => steps.push(Step::Effect { effect: Effect::Other(effect), reads }),
                None => steps.push(options::unknown(part, option)),
            },
        }
    }
    steps.push(Step::Assign(reading.space.give_template(fresh)?));
    Ok(steps)
}

/// What an option does, and which fields that depends on.
fn effect(option: &Opt) -> Option<(String, Bands)> {
    let mark = Bands(1 << bands::MARK);
    let name = option.spec.name;
    let effect = match (name, &option.value) {
        ("zone" | "zone-orig" | "zone-reply", Value::Number(FROM_MARK)) => {
            return Some((vocabulary::xtables("CT", &format!("{name} mark")), mark));
        }
        ("zone", &Value::Number(zone)) => vocabulary::set_of_connection("zone", zone.into()),
        ("zone-orig", &Value::Number(zone)) => vocabulary::set_of_connection("original zone", zone.into()),
        ("zone-reply", &Value::Number(zone)) => vocabulary::set_of_connection("reply zone", zone.into()),
        ("timeout", Value::Text(policy)) => vocabulary::xtables("CT", &format!("timeout {policy}")),
        ("ctevents", &Value::Number(events)) => vocabulary::set_of_connection("event", events.into()),
        ("expevents", &Value::Number(events)) => vocabulary::xtables("CT", &format!("expevents {events}")),
        _ => return None,
    };
    Some((effect, Bands::default()))
}
