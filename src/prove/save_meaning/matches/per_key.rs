//! State kept per address or port: `hashlimit`, `connlimit`, `recent` (`xt_hashlimit.c`, `xt_connlimit.c`,
//! `xt_recent.c`).
//!
//! Tables that are full are outside the model, and so is what rounding does to an expiry of less than a second.

use crate::packet::{Family, Field, L4};
use crate::prove::block::{Effect, Step};
use crate::prove::dd::Bounded;
use crate::prove::save_meaning::{Reading, options, sets};
use crate::prove::vocabulary;
use crate::save::ast::Part;
use crate::save::option::Value;

/// Fields, each perhaps seen through a mask.
type Key = Vec<(Field, Option<u128>)>;

const BURST: u64 = 5;

/// Rules with one name share one table of buckets.
pub fn hashlimit(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let rate = part.get("hashlimit-upto").or_else(|| part.get("hashlimit-above"));
    let Some((option, &Value::Range(rate, seconds))) = rate.map(|option| (option, &option.value)) else {
        return as_state(part, reading, "hashlimit-name");
    };
    if part.has("hashlimit-rate-match") {
        return as_state(part, reading, "hashlimit-name");
    }
    let burst = part.number("hashlimit-burst").unwrap_or(BURST);
    let expiry = part.number("hashlimit-htable-expire").unwrap_or(seconds * 1000).div_ceil(1000).max(1);
    let under = (option.spec.name == "hashlimit-upto") != option.negated;
    let key = bucket(part, reading);
    let limit = vocabulary::limit(rate, seconds, burst, false);
    ask(&key, &limit, Some(expiry), place(part, "hashlimit-name"), under, reading)
}

/// Without a mode there is one bucket for all.
fn bucket(part: &Part, reading: &Reading<'_>) -> Key {
    const SOURCE: u64 = 1;
    const SPORT: u64 = 2;
    const DESTINATION: u64 = 4;
    const DPORT: u64 = 8;
    let mode = part.number("hashlimit-mode").unwrap_or_default();
    let (source, destination) = addresses(reading);
    let mut key = Key::new();
    let masked = |field: Field, option: &str| match part.number(option) {
        Some(0) => None,
        Some(length) => Some((field, Some(prefix(length, field.width())))),
        None => Some((field, None)),
    };
    if mode & SOURCE != 0 {
        key.extend(masked(source, "hashlimit-srcmask"));
    }
    if mode & SPORT != 0 {
        key.push((Field::Sport(L4::Th), None));
    }
    if mode & DESTINATION != 0 {
        key.extend(masked(destination, "hashlimit-dstmask"));
    }
    if mode & DPORT != 0 {
        key.push((Field::Dport(L4::Th), None));
    }
    if key.is_empty() {
        key.push((Field::Nfproto, None));
    }
    key
}

/// Each rule counts for itself; with a mask of no bits all connections count together.
pub fn connlimit(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let limit = part.get("connlimit-upto").or_else(|| part.get("connlimit-above"));
    let Some((option, &Value::Number(count))) = limit.map(|option| (option, &option.value)) else {
        return Ok(options::not_understood(part));
    };
    let Ok(count) = u32::try_from(count) else { return Ok(options::not_understood(part)) };
    let under = (option.spec.name == "connlimit-upto") != option.negated;
    let (source, destination) = addresses(reading);
    let field = if part.has("connlimit-daddr") { destination } else { source };
    let mask = match part.get("connlimit-mask").map(|option| &option.value) {
        Some(Value::Number(0)) => return reading.consult(vocabulary::connections(count), None, under),
        Some(&Value::Number(length)) => Some(prefix(length, field.width())),
        Some(Value::Addresses(ends)) => Some(ends.0),
        _ => None,
    };
    ask(&vec![(field, mask)], &vocabulary::connections(count), None, None, under, reading)
}

/// A list of addresses with the times of their packets, shared by all rules that name it.
pub fn recent(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    as_state(part, reading, "name")
}

/// State that the model knows by name only: whoever asks may change it, so the order of questions counts.
fn as_state(part: &Part, reading: &mut Reading<'_>, name: &str) -> Bounded<Vec<Step>> {
    let table = vocabulary::xtables(part.extension.name, &part.text(name).unwrap_or_default().to_string());
    let words = vocabulary::xtables(part.extension.name, &options::words(part, reading, &[]));
    let mut steps = vec![Step::Effect { effect: Effect::Other(format!("asks for {words}")), reads: sets::ANYTHING }];
    steps.extend(reading.consult(table.clone(), Some(table), true)?);
    Ok(steps)
}

fn ask(
    key: &Key,
    state: &str,
    expiry: Option<u64>,
    place: Option<String>,
    wanted: bool,
    reading: &mut Reading<'_>,
) -> Bounded<Vec<Step>> {
    let words = vocabulary::key(key);
    let fields: Vec<Field> = key.iter().map(|&(field, _)| field).collect();
    // Which state is asked depends on the key as it is now.
    let reads = reading.space.bands_of(&fields);
    let mut steps = vec![Step::Effect { effect: Effect::Other(format!("asks per {words}")), reads }];
    steps.extend(reading.consult(vocabulary::per_key(&words, state, expiry), place, wanted)?);
    Ok(steps)
}

fn place(part: &Part, name: &str) -> Option<String> {
    part.text(name).map(|name| vocabulary::xtables(part.extension.name, &name.to_string()))
}

fn addresses(reading: &Reading<'_>) -> (Field, Field) {
    match reading.space.family() {
        Family::Ip => (Field::IpSaddr, Field::IpDaddr),
        _ => (Field::Ip6Saddr, Field::Ip6Daddr),
    }
}

/// The mask of a prefix; more bits than there are mean all of them.
fn prefix(length: u64, width: u32) -> u128 {
    let all = u128::MAX >> (128 - width);
    let host = u128::from(width).saturating_sub(length.into());
    all & !(all.checked_shr((width as u128 - host) as u32).unwrap_or(0))
}
