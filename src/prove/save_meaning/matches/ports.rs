//! Ports and flags: `tcp`, `udp`, `multiport` (`xt_tcpudp.c`, `xt_multiport.c`).
//!
//! None of them ever matches a later fragment, whatever the options say. (`tcp` also drops fragments
//! that begin 8 bytes into the packet; such fragments are outside the model.)

use crate::packet::{Field, L4, TcpOptionPart};
use crate::prove::block::Step;
use crate::prove::dd::{Bounded, Dd};
use crate::prove::save_meaning::{Reading, options};
use crate::save::ast::{Opt, Part};
use crate::save::option::Value;

/// FIN, SYN, RST and ACK: what `--syn` looks at.
const SYN_MASK: u128 = 0x17;
const SYN: u128 = 0x02;

pub fn tcp(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    with_header(part, reading, L4::Tcp, |option, reading| match (option.spec.name, &option.value) {
        ("tcp-flags", Value::Masked { value, mask }) => {
            reading.space.masked(Field::TcpFlags, (*mask).into(), (*value).into()).map(Some)
        }
        ("syn", _) => reading.space.masked(Field::TcpFlags, SYN_MASK, SYN).map(Some),
        ("tcp-option", Value::Number(kind)) => {
            let field = Field::TcpOption { kind: *kind as u8, part: TcpOptionPart::Exists };
            reading.space.masked(field, 1, 1).map(Some)
        }
        _ => port(option, reading, L4::Tcp),
    })
}

pub fn udp(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    with_header(part, reading, L4::Udp, |option, reading| port(option, reading, L4::Udp))
}

/// The head has tested the protocol: one of those that have ports there.
pub fn multiport(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    with_header(part, reading, L4::Th, |option, reading| {
        let Some(ports) = options::set(&option.value) else { return Ok(None) };
        let source = reading.space.within(Field::Sport(L4::Th), &ports)?;
        let destination = reading.space.within(Field::Dport(L4::Th), &ports)?;
        Ok(match option.spec.name {
            "source-ports" => Some(source),
            "destination-ports" => Some(destination),
            "ports" => Some(reading.space.dd.or(source, destination)?),
            _ => None,
        })
    })
}

/// The tests of the options, for packets that have the transport header.
fn with_header(part: &Part, reading: &mut Reading<'_>, l4: L4, test: options::Test) -> Bounded<Vec<Step>> {
    let mut steps =
        vec![Step::Test(reading.space.right_protocol(Field::Dport(l4))?), Step::Test(reading.space.first_fragment()?)];
    steps.extend(options::tests(part, reading, test)?);
    Ok(steps)
}

fn port(option: &Opt, reading: &mut Reading<'_>, l4: L4) -> Bounded<Option<Dd>> {
    let field = match option.spec.name {
        "source-port" => Field::Sport(l4),
        "destination-port" => Field::Dport(l4),
        _ => return Ok(None),
    };
    let Some(ports) = options::set(&option.value) else { return Ok(None) };
    reading.space.within(field, &ports).map(Some)
}
