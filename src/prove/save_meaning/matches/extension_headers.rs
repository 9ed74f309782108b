//! Extension headers of IPv6: `hbh`, `dst`, `frag`, `rt`, `ipv6header` (`ip6t_hbh.c`, `ip6t_frag.c`, `ip6t_rt.c`,
//! `ip6t_ipv6header.c`).
//!
//! Each looks for the first header of its kind; a packet without one never matches, negated or not.

use super::unmodelled;
use crate::packet::{Exthdr, ExthdrPart, Field, Interval, IntervalSet};
use crate::prove::block::Step;
use crate::prove::dd::{Bounded, Dd};
use crate::prove::save_meaning::{Reading, options};
use crate::save::ast::{Opt, Part};
use crate::save::option::Value;

pub fn hbh(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    if part.has("hbh-opts") {
        return unmodelled::condition(part, reading);
    }
    with(Exthdr::Hbh, part, reading, |option, reading| match option.spec.name {
        "hbh-len" => length(option, reading, Exthdr::Hbh),
        _ => Ok(None),
    })
}

pub fn dst(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    if part.has("dst-opts") {
        return unmodelled::condition(part, reading);
    }
    with(Exthdr::Dst, part, reading, |option, reading| match option.spec.name {
        "dst-len" => length(option, reading, Exthdr::Dst),
        _ => Ok(None),
    })
}

/// `--fraglen` is not looked at.
pub fn frag(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    with(Exthdr::Frag, part, reading, |option, reading| {
        let field = |part| Field::Exthdr(Exthdr::Frag, part);
        match option.spec.name {
            "fragid" => options::within(option, reading, field(ExthdrPart::FragId)),
            // The option's own `!` says nothing either.
            "fraglen" => Ok(Some(Dd::constant(!option.negated))),
            "fragres" => {
                let first = reading.space.masked(field(ExthdrPart::FragReserved), u128::MAX, 0)?;
                let second = reading.space.masked(field(ExthdrPart::FragReserved2), u128::MAX, 0)?;
                reading.space.dd.and(first, second).map(Some)
            }
            "fragfirst" => reading.space.masked(field(ExthdrPart::FragOff), u128::MAX, 0).map(Some),
            "fragmore" => reading.space.masked(field(ExthdrPart::FragMore), 1, 1).map(Some),
            "fraglast" => reading.space.masked(field(ExthdrPart::FragMore), 1, 0).map(Some),
            _ => Ok(None),
        }
    })
}

/// What type 0 has in the places of segment routing's last entry, flags and tag is reserved; its addresses stand in
/// those of segments. Further addresses than the second, and addresses anywhere in the header, are not in the model.
pub fn rt(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let listed = part.text("rt-0-addrs").map_or(0, |list| list.split(|&b| b == b',').count());
    let anywhere = part.has("rt-0-not-strict");
    if listed > 2 || (anywhere && room(part).is_none()) {
        return unmodelled::condition(part, reading);
    }
    let (rest, listed): (Vec<Opt>, Vec<Opt>) = part
        .options
        .iter()
        .cloned()
        .partition(|option| !anywhere || !matches!(option.spec.name, "rt-0-addrs" | "rt-0-not-strict"));
    let rest = Part { options: rest.into(), ..part.clone() };
    let mut steps = routing(&rest, reading)?;
    if let Some((list, room)) = listed.iter().find(|option| option.spec.name == "rt-0-addrs").zip(room(part)) {
        let Some(set) = anywhere_among(list, room, reading)? else { return unmodelled::condition(part, reading) };
        steps.push(Step::Test(set));
    }
    Ok(steps)
}

/// How many addresses fit into the length that is asked for, where the model has them all.
fn room(part: &Part) -> Option<u64> {
    let bytes = part.get("rt-len").filter(|option| !option.negated).and(part.number("rt-len"))?;
    Some(bytes.saturating_sub(8) / 16).filter(|places| *places <= 2)
}

/// The addresses come in this order among as many: one after another is found, from the first place on.
fn anywhere_among(option: &Opt, room: u64, reading: &mut Reading<'_>) -> Bounded<Option<Dd>> {
    let Value::Text(list) = &option.value else { return Ok(None) };
    // For how many addresses of the list found so far: the packets.
    let mut found = vec![Dd::TRUE];
    let mut wanted = Vec::new();
    for address in list.split(|&b| b == b',') {
        let Some(address) = std::str::from_utf8(address).ok().and_then(|a| a.parse::<std::net::Ipv6Addr>().ok()) else {
            return Ok(None);
        };
        wanted.push(address.to_bits());
        found.push(Dd::FALSE);
    }
    for place in 1..=room as u8 {
        let field = Field::Exthdr(Exthdr::Srh, ExthdrPart::SrhSid(place));
        for (at, address) in wanted.iter().enumerate().rev() {
            let here = reading.space.masked(field, u128::MAX, *address)?;
            let next = reading.space.dd.and(found[at], here)?;
            found[at] = reading.space.dd.minus(found[at], next)?;
            found[at + 1] = reading.space.dd.or(found[at + 1], next)?;
        }
    }
    Ok(found.last().copied())
}

fn routing(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    with(Exthdr::Rt, part, reading, |option, reading| match option.spec.name {
        "rt-type" => options::within(option, reading, Field::Exthdr(Exthdr::Rt, ExthdrPart::Type)),
        "rt-segsleft" => options::within(option, reading, Field::Exthdr(Exthdr::Rt, ExthdrPart::SegLeft)),
        "rt-len" => length(option, reading, Exthdr::Rt),
        "rt-0-res" => {
            let parts = [ExthdrPart::SrhLastEntry, ExthdrPart::SrhFlags, ExthdrPart::SrhTag];
            let zero = parts.map(|part| reading.space.masked(Field::Exthdr(Exthdr::Srh, part), u128::MAX, 0));
            reading.space.dd.all(&zero.into_iter().collect::<Bounded<Vec<Dd>>>()?).map(Some)
        }
        "rt-0-addrs" => addresses(option, reading),
        _ => Ok(None),
    })
}

/// These and no others: there is room for as many and not for one more.
fn addresses(option: &Opt, reading: &mut Reading<'_>) -> Bounded<Option<Dd>> {
    let Value::Text(list) = &option.value else { return Ok(None) };
    let (mut set, mut units) = (Dd::TRUE, 0);
    for (address, at) in list.split(|&b| b == b',').zip(1..) {
        let Some(address) = std::str::from_utf8(address).ok().and_then(|a| a.parse::<std::net::Ipv6Addr>().ok()) else {
            return Ok(None);
        };
        let field = Field::Exthdr(Exthdr::Srh, ExthdrPart::SrhSid(at));
        let equal = reading.space.masked(field, u128::MAX, address.to_bits())?;
        set = reading.space.dd.and(set, equal)?;
        units += 2;
    }
    let room = IntervalSet::range(units, units + 1);
    let room = reading.space.within(Field::Exthdr(Exthdr::Rt, ExthdrPart::Hdrlength), &room)?;
    reading.space.dd.and(set, room).map(Some)
}

/// With `--soft` each header of the list must be there, or with `!` none of them; without it these must be all the
/// headers there are, and whether there is one for authentication is not in the model.
pub fn ipv6header(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let Some((option, listed)) = part.get("header").zip(part.number("header")) else {
        return Ok(options::not_understood(part));
    };
    if !part.has("soft") || listed & AUTH != 0 {
        return unmodelled::condition(part, reading);
    }
    let mut steps = Vec::new();
    for bit in (0..8).map(|at| 1 << at).filter(|bit| listed & bit != 0) {
        let there = header(bit, reading)?;
        steps.push(Step::Test(reading.negated_if(option.negated, there)?));
    }
    Ok(steps)
}

/// Bits of `include/uapi/linux/netfilter_ipv6/ip6t_ipv6header.h`.
const HOP_BY_HOP: u64 = 1 << 7;
const DESTINATION: u64 = 1 << 6;
const ROUTING: u64 = 1 << 5;
const FRAGMENT: u64 = 1 << 4;
const AUTH: u64 = 1 << 3;
const ESP: u64 = 1 << 2;
const NONE: u64 = 1 << 1;
/// Protocols that end the row of headers without being a transport.
const NUMBER_OF_ESP: u128 = 50;
const NUMBER_OF_NONE: u128 = 59;

fn header(bit: u64, reading: &mut Reading<'_>) -> Bounded<Dd> {
    let mut exists = |header| reading.space.masked(Field::Exthdr(header, ExthdrPart::Exists), 1, 1);
    match bit {
        HOP_BY_HOP => exists(Exthdr::Hbh),
        DESTINATION => exists(Exthdr::Dst),
        ROUTING => exists(Exthdr::Rt),
        FRAGMENT => exists(Exthdr::Frag),
        ESP => reading.space.protocol(&IntervalSet::point(NUMBER_OF_ESP)),
        NONE => reading.space.protocol(&IntervalSet::point(NUMBER_OF_NONE)),
        _ => {
            let ends: IntervalSet = [NUMBER_OF_ESP, NUMBER_OF_NONE].into_iter().map(Interval::point).collect();
            reading.space.protocol(&ends.complement(8))
        }
    }
}

fn with(header: Exthdr, part: &Part, reading: &mut Reading<'_>, test: options::Test) -> Bounded<Vec<Step>> {
    let mut steps = vec![Step::Test(reading.space.masked(Field::Exthdr(header, ExthdrPart::Exists), 1, 1)?)];
    steps.extend(options::tests(part, reading, test)?);
    Ok(steps)
}

/// The length in bytes: the header counts units of eight, beyond the first.
fn length(option: &Opt, reading: &mut Reading<'_>, header: Exthdr) -> Bounded<Option<Dd>> {
    let Value::Number(bytes) = option.value else { return Ok(None) };
    let units = (0..=255u128).filter(|units| (units + 1) * 8 == u128::from(bytes)).map(Interval::point).collect();
    reading.space.within(Field::Exthdr(header, ExthdrPart::Hdrlength), &units).map(Some)
}
