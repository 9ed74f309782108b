//! `icmp` and `icmp6` (`xt_tcpudp.c` since Linux 6.2, `ip_tables.c` before): a type and a range of codes.
//!
//! Never a later fragment; `!` turns the whole test over.

use crate::packet::{Field, IntervalSet};
use crate::prove::block::Step;
use crate::prove::dd::{Bounded, Dd};
use crate::prove::save_meaning::{Reading, options};
use crate::save::ast::{Opt, Part};
use crate::save::option::Value;

/// The type that stands for any type and code, in IPv4 only.
const ANY: u64 = 255;

pub fn icmp(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    with_header(part, reading, Field::IcmpType, |option, reading| match type_and_codes(option) {
        Some((ANY, _)) => Ok(Some(Dd::TRUE)),
        found => test(reading, found, Field::IcmpType, Field::IcmpCode),
    })
}

pub fn icmp6(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    with_header(part, reading, Field::Icmp6Type, |option, reading| {
        test(reading, type_and_codes(option), Field::Icmp6Type, Field::Icmp6Code)
    })
}

fn with_header(part: &Part, reading: &mut Reading<'_>, field: Field, read: options::Test) -> Bounded<Vec<Step>> {
    let mut steps = vec![Step::Test(reading.space.right_protocol(field)?), Step::Test(reading.space.first_fragment()?)];
    steps.extend(options::tests(part, reading, read)?);
    Ok(steps)
}

type TypeAndCodes = (u64, (u64, u64));

/// A type, and the first and last code; backwards they hold nothing.
fn type_and_codes(option: &Opt) -> Option<TypeAndCodes> {
    match (option.spec.name, &option.value) {
        ("icmp-type" | "icmpv6-type", Value::Ranges(ranges)) => match ranges.as_slice() {
            &[(kind, _), codes] => Some((kind, codes)),
            _ => None,
        },
        _ => None,
    }
}

fn test(reading: &mut Reading<'_>, found: Option<TypeAndCodes>, kind: Field, code: Field) -> Bounded<Option<Dd>> {
    let Some((number, (lo, hi))) = found else { return Ok(None) };
    let Some(codes) = options::set(&Value::Range(lo, hi)) else { return Ok(None) };
    let kind = reading.space.within(kind, &IntervalSet::point(number.into()))?;
    let code = reading.space.within(code, &codes)?;
    reading.space.dd.and(kind, code).map(Some)
}
