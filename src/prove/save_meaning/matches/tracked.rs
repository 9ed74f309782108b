//! What connection tracking knows: `conntrack`, `state`, `connmark` (`xt_conntrack.c`, `xt_connmark.c`).

use crate::packet::{CtDirection, CtKey, Family, Field, IntervalSet};
use crate::prove::block::Step;
use crate::prove::dd::{Bounded, Dd};
use crate::prove::save_meaning::{Reading, head, options};
use crate::save::ast::{Opt, Part};
use crate::save::option::{Net, Value};

/// States as the tree numbers them: those of `ct state`, and two that are statuses in truth.
const STATES: u64 = 1 | 2 | 4 | 8 | 64;
const SNAT: u64 = 0x100;
const DNAT: u64 = 0x200;
/// `IPS_SRC_NAT`, `IPS_DST_NAT`.
const STATUS_SNAT: u128 = 1 << 4;
const STATUS_DNAT: u128 = 1 << 5;

/// `conntrack_mt`: the state first. A packet without a connection then matches if there was a state to
/// test, and does not if there was none; its other options, negated or not, are for packets with one.
pub fn conntrack(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let tracked = reading.space.tracked()?;
    let mut steps = Vec::new();
    let state = part.get("ctstate");
    if let Some(option) = state {
        let Some(set) = states(option, reading)? else { return Ok(vec![options::unknown(part, option)]) };
        steps.push(Step::Test(reading.negated_if(option.negated, set)?));
    }
    let mut all = Dd::TRUE;
    for option in part.options.iter().filter(|option| option.spec.name != "ctstate") {
        let Some(set) = of_connection(option, reading)? else { return Ok(vec![options::unknown(part, option)]) };
        let set = reading.negated_if(option.negated, set)?;
        all = reading.space.dd.and(all, set)?;
    }
    let set = reading.space.dd.ite(tracked, all, Dd::constant(state.is_some()))?;
    steps.push(Step::Test(set));
    Ok(steps)
}

/// Whether only a state is asked for that is no status in truth.
pub fn asks_state_alone(part: &Part) -> bool {
    let states = |value: &Value| matches!(value, Value::Number(words) if words & (SNAT | DNAT) == 0);
    part.options.iter().all(|option| option.spec.name == "ctstate" && states(&option.value))
}

/// `--state` is `--ctstate` by another name.
pub fn state(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    options::tests(part, reading, states)
}

/// Never without a connection, negated or not.
pub fn connmark(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let mut steps = vec![Step::Test(reading.space.tracked()?)];
    steps.extend(options::tests(part, reading, |option, reading| match (option.spec.name, &option.value) {
        ("mark", Value::Masked { value, mask }) => {
            reading.space.masked(Field::Ct(CtKey::Mark), (*mask).into(), (*value).into()).map(Some)
        }
        _ => Ok(None),
    })?);
    Ok(steps)
}

/// The state is one of these, or the connection is translated so.
fn states(option: &Opt, reading: &mut Reading<'_>) -> Bounded<Option<Dd>> {
    let Value::Number(words) = option.value else { return Ok(None) };
    if words & !(STATES | SNAT | DNAT) != 0 {
        return Ok(None);
    }
    let state = reading.space.any_bit(Field::Ct(CtKey::State), (words & STATES).into())?;
    let mut status = 0;
    status |= if words & SNAT != 0 { STATUS_SNAT } else { 0 };
    status |= if words & DNAT != 0 { STATUS_DNAT } else { 0 };
    let translated = reading.space.any_bit(Field::Ct(CtKey::Status), status)?;
    let tracked = reading.space.tracked()?;
    let translated = reading.space.dd.and(tracked, translated)?;
    reading.space.dd.or(state, translated).map(Some)
}

/// An option about the packet's connection, for packets that have one.
fn of_connection(option: &Opt, reading: &mut Reading<'_>) -> Bounded<Option<Dd>> {
    use CtDirection::{Original, Reply};
    let set = match (option.spec.name, &option.value) {
        ("ctproto", Value::Number(n)) => {
            reading.space.within(Field::Ct(CtKey::Protocol(Original)), &IntervalSet::point((*n).into()))?
        }
        ("ctorigsrc", value) => return address(reading, value, CtKey::IpSaddr(Original), CtKey::Ip6Saddr(Original)),
        ("ctorigdst", value) => return address(reading, value, CtKey::IpDaddr(Original), CtKey::Ip6Daddr(Original)),
        ("ctreplsrc", value) => return address(reading, value, CtKey::IpSaddr(Reply), CtKey::Ip6Saddr(Reply)),
        ("ctrepldst", value) => return address(reading, value, CtKey::IpDaddr(Reply), CtKey::Ip6Daddr(Reply)),
        ("ctorigsrcport", value) => return number(reading, value, CtKey::ProtoSrc(Original)),
        ("ctorigdstport", value) => return number(reading, value, CtKey::ProtoDst(Original)),
        ("ctreplsrcport", value) => return number(reading, value, CtKey::ProtoSrc(Reply)),
        ("ctrepldstport", value) => return number(reading, value, CtKey::ProtoDst(Reply)),
        ("ctdir", value) => return number(reading, value, CtKey::Direction),
        // Any of the bits; none for `NONE`, so that it never matches.
        ("ctstatus", Value::Number(bits)) => reading.space.any_bit(Field::Ct(CtKey::Status), (*bits).into())?,
        ("ctexpire", Value::Range(lo, hi)) => {
            reading.space.within(Field::Ct(CtKey::Expiration), &milliseconds(*lo, *hi))?
        }
        _ => return Ok(None),
    };
    Ok(Some(set))
}

fn address(reading: &mut Reading<'_>, value: &Value, v4: CtKey, v6: CtKey) -> Bounded<Option<Dd>> {
    let Value::Nets(nets) = value else { return Ok(None) };
    let (key, width) = if reading.space.family() == Family::Ip { (v4, 32) } else { (v6, 128) };
    let nets: Vec<Net> = nets.iter().map(|net| as_stored(net, u128::MAX >> (128 - width))).collect();
    head::in_nets(reading, Field::Ct(key), &nets).map(Some)
}

/// The tool stores all ones for a mask that is no prefix (`xtopt_parse_hostmask`).
fn as_stored(net: &Net, all: u128) -> Net {
    let host = all & !net.mask;
    let prefix = host & (host + 1) == 0;
    Net { mask: if prefix { net.mask } else { all }, ..*net }
}

fn number(reading: &mut Reading<'_>, value: &Value, key: CtKey) -> Bounded<Option<Dd>> {
    let Some(set) = options::set(value) else { return Ok(None) };
    reading.space.within(Field::Ct(key), &set).map(Some)
}

/// The kernel compares whole seconds, what is left of one cut off.
fn milliseconds(lo: u64, hi: u64) -> IntervalSet {
    let most = u64::from(u32::MAX);
    let (lo, hi) = (lo.saturating_mul(1000), hi.saturating_mul(1000).saturating_add(999).min(most));
    if lo <= hi { IntervalSet::range(lo.into(), hi.into()) } else { IntervalSet::empty() }
}
