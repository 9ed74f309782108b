//! The byte of the network header for classes of traffic: `dscp`, `tos`, `ecn` (`xt_dscp.c`, `xt_ecn.c`).

use crate::packet::{Family, Field, IntervalSet, PayloadBase};
use crate::prove::block::Step;
use crate::prove::dd::{Bounded, Dd};
use crate::prove::save_meaning::{Reading, options};
use crate::save::ast::{Opt, Part};
use crate::save::option::Value;

/// Flags of the TCP header.
const CWR: u128 = 0x80;
const ECE: u128 = 0x40;

pub fn dscp(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    options::tests(part, reading, |option, reading| match option.value {
        Value::Number(class) => masked(reading, 0xfc, u128::from(class) << 2).map(Some),
        _ => Ok(None),
    })
}

pub fn tos(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    options::tests(part, reading, |option, reading| match option.value {
        Value::Masked { value, mask } => masked(reading, mask.into(), value.into()).map(Some),
        _ => Ok(None),
    })
}

/// The head has tested the protocol where flags are asked for; nobody looks whether it is a first fragment.
pub fn ecn(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    options::tests(part, reading, congestion)
}

fn congestion(option: &Opt, reading: &mut Reading<'_>) -> Bounded<Option<Dd>> {
    match (option.spec.name, &option.value) {
        ("ecn-tcp-cwr", _) => reading.space.masked(Field::TcpFlags, CWR, CWR).map(Some),
        ("ecn-tcp-ece", _) => reading.space.masked(Field::TcpFlags, ECE, ECE).map(Some),
        ("ecn-ip-ect", Value::Number(bits)) => masked(reading, 3, (*bits).into()).map(Some),
        _ => Ok(None),
    }
}

/// The byte, which IPv6 has 4 bits further on, seen through `mask`.
fn masked(reading: &mut Reading<'_>, mask: u128, value: u128) -> Bounded<Dd> {
    let offset = if reading.space.family() == Family::Ip { 8 } else { 4 };
    let field = Field::Payload { base: PayloadBase::Network, offset, len: 8 };
    if value & !mask != 0 {
        return reading.space.within(field, &IntervalSet::empty());
    }
    reading.space.masked(field, mask, value)
}
