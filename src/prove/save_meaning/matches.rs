//! Matches: what a packet must be for the rule to go on.

use super::Reading;
use crate::packet::{Field, IntervalSet, L4};
use crate::prove::block::Step;
use crate::prove::dd::{Bounded, Dd};
use crate::save::ast::{Opt, Part};
use crate::save::option::Value;

/// Always matches.
pub(super) fn comment(_: &Part, _: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    Ok(Vec::new())
}

/// `-m tcp` (`xt_tcpudp.c`): never a later fragment, whatever the options.
pub(super) fn tcp(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    ports(part, reading, L4::Tcp)
}

/// `-m udp` (`xt_tcpudp.c`).
pub(super) fn udp(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    ports(part, reading, L4::Udp)
}

fn ports(part: &Part, reading: &mut Reading<'_>, l4: L4) -> Bounded<Vec<Step>> {
    let mut steps =
        vec![Step::Test(reading.space.right_protocol(Field::Dport(l4))?), Step::Test(reading.space.first_fragment()?)];
    for option in &part.options {
        match port_option(option, reading, l4)? {
            Some(set) => {
                let set = reading.negated_if(option.negated, set)?;
                steps.push(Step::Test(set));
            }
            None => steps.push(Step::Unknown(format!("--{} of {}", option.spec.name, part.extension.name))),
        }
    }
    Ok(steps)
}

fn port_option(option: &Opt, reading: &mut Reading<'_>, l4: L4) -> Bounded<Option<Dd>> {
    let (field, lo, hi) = match (option.spec.name, &option.value) {
        ("source-port", Value::Range(lo, hi)) => (Field::Sport(l4), *lo, *hi),
        ("destination-port", Value::Range(lo, hi)) => (Field::Dport(l4), *lo, *hi),
        _ => return Ok(None),
    };
    reading.space.within(field, &IntervalSet::range(lo.into(), hi.into())).map(Some)
}
