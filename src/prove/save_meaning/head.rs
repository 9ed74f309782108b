//! The head of a rule, `-s -d -p -i -o -f` (`ip_packet_match`, `ip6_packet_match`): pure tests.

use super::Reading;
use crate::packet::{Family, Field, Interval, IntervalSet};
use crate::prove::block::Step;
use crate::prove::dd::{Bounded, Dd, Range};
use crate::save::ast::{Opt, Rule};
use crate::save::option::{Net, Value};

/// Interface names that the head mentions.
pub(super) fn names(rule: &Rule) -> impl Iterator<Item = (Vec<u8>, bool)> {
    rule.parts().flat_map(|part| &part.options).filter_map(|option| match &option.value {
        Value::Interface(interface) => Some((interface.name.to_vec(), interface.wildcard)),
        _ => None,
    })
}

/// The tests of the head.
pub(super) fn steps(reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let rule = reading.rule;
    let mut steps = Vec::new();
    for option in &rule.head.options {
        if let Some(range) = one_net(reading, option) {
            steps.push(Step::In(range));
            continue;
        }
        match test(reading, option)? {
            Some(set) => {
                let set = reading.negated_if(option.negated, set)?;
                steps.push(Step::Test(set));
            }
            None => steps.push(Step::Unknown(format!("--{}", option.spec.name))),
        }
    }
    Ok(steps)
}

/// Addresses of one network, which long lists have.
fn one_net(reading: &mut Reading<'_>, option: &Opt) -> Option<Range> {
    let (Value::Nets(nets), false) = (&option.value, option.negated) else { return None };
    let [net] = nets.as_slice() else { return None };
    let field = match (option.spec.name, reading.space.family()) {
        ("source", Family::Ip) => Field::IpSaddr,
        ("source", _) => Field::Ip6Saddr,
        ("destination", Family::Ip) => Field::IpDaddr,
        ("destination", _) => Field::Ip6Daddr,
        _ => return None,
    };
    let network = interval(field, net)?;
    reading.space.range(field, &network.into())
}

/// The addresses of a network whose mask is a prefix.
fn interval(field: Field, net: &Net) -> Option<Interval> {
    let width = field.width();
    let host = !net.mask & if width >= 128 { u128::MAX } else { (1 << width) - 1 };
    let network = net.address & net.mask;
    (host & host.wrapping_add(1) == 0).then(|| Interval::new(network, network | host))
}

fn test(reading: &mut Reading<'_>, option: &Opt) -> Bounded<Option<Dd>> {
    let v4 = reading.space.family() == Family::Ip;
    let set = match (option.spec.name, &option.value) {
        ("source", Value::Nets(nets)) => in_nets(reading, if v4 { Field::IpSaddr } else { Field::Ip6Saddr }, nets)?,
        ("destination", Value::Nets(nets)) => {
            in_nets(reading, if v4 { Field::IpDaddr } else { Field::Ip6Daddr }, nets)?
        }
        ("protocol", Value::Number(0)) => Dd::TRUE,
        ("protocol", Value::Number(number)) => reading.space.protocol(&IntervalSet::point((*number).into()))?,
        // A missing interface has the empty name (`ifname_compare_aligned` with `nulldevname`).
        ("in-interface", Value::Interface(i)) => reading.space.name(Field::Iifname, &i.name, i.wildcard)?,
        ("out-interface", Value::Interface(i)) => reading.space.name(Field::Oifname, &i.name, i.wildcard)?,
        ("fragments", _) if v4 => {
            let first = reading.space.first_fragment()?;
            reading.space.dd.not(first)?
        }
        _ => return Ok(None),
    };
    Ok(Some(set))
}

/// Addresses in any of the networks; a mask need not be a prefix.
pub(super) fn in_nets(reading: &mut Reading<'_>, field: Field, nets: &[Net]) -> Bounded<Dd> {
    let mut sets = Vec::with_capacity(nets.len());
    for net in nets {
        sets.push(match interval(field, net) {
            Some(addresses) => reading.space.within(field, &addresses.into())?,
            None => reading.space.masked(field, net.mask, net.address & net.mask)?,
        });
    }
    reading.space.dd.any(&sets)
}
