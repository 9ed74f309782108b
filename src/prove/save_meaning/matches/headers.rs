//! Fields of the network header: `ttl`, `hl`, `iprange` (`xt_hl.c`, `xt_iprange.c`).

use crate::packet::{Family, Field, IntervalSet};
use crate::prove::block::Step;
use crate::prove::dd::{Bounded, Dd};
use crate::prove::save_meaning::{Reading, options};
use crate::save::ast::{Opt, Part};
use crate::save::option::Value;

pub fn ttl(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    options::tests(part, reading, |option, reading| hops(option, reading, Field::IpTtl))
}

pub fn hl(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    options::tests(part, reading, |option, reading| hops(option, reading, Field::Ip6Hoplimit))
}

fn hops(option: &Opt, reading: &mut Reading<'_>, field: Field) -> Bounded<Option<Dd>> {
    let Value::Number(n) = option.value else { return Ok(None) };
    let n = u128::from(n);
    let set = match option.spec.name {
        "ttl-eq" | "hl-eq" => IntervalSet::point(n),
        "ttl-lt" | "hl-lt" => n.checked_sub(1).map(|last| IntervalSet::range(0, last)).unwrap_or_default(),
        "ttl-gt" | "hl-gt" => IntervalSet::range(0, n).complement(8),
        _ => return Ok(None),
    };
    reading.space.within(field, &set).map(Some)
}

pub fn iprange(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    options::tests(part, reading, |option, reading| {
        let v4 = reading.space.family() == Family::Ip;
        let field = match (option.spec.name, v4) {
            ("src-range", true) => Field::IpSaddr,
            ("src-range", false) => Field::Ip6Saddr,
            ("dst-range", true) => Field::IpDaddr,
            ("dst-range", false) => Field::Ip6Daddr,
            _ => return Ok(None),
        };
        let Some(set) = options::set(&option.value) else { return Ok(None) };
        reading.space.within(field, &set).map(Some)
    })
}
