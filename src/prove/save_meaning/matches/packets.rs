//! What the kernel knows of a packet beside its headers: `mark`, `mac`, `pkttype`, `length`, `comment`
//! (`xt_mark.c`, `xt_mac.c`, `xt_pkttype.c`, `xt_length.c`).

use crate::packet::Field;
use crate::prove::block::Step;
use crate::prove::dd::Bounded;
use crate::prove::save_meaning::{Reading, options};
use crate::save::ast::Part;
use crate::save::option::Value;

/// Always matches.
pub fn comment(_: &Part, _: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    Ok(Vec::new())
}

pub fn mark(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    options::tests(part, reading, |option, reading| match (option.spec.name, &option.value) {
        ("mark", Value::Masked { value, mask }) => {
            reading.space.masked(Field::Mark, (*mask).into(), (*value).into()).map(Some)
        }
        _ => Ok(None),
    })
}

/// Never without an Ethernet header, negated or not.
pub fn mac(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let mut steps = vec![Step::Test(reading.space.present(Field::EtherSaddr)?)];
    steps.extend(options::tests(part, reading, |option, reading| match (option.spec.name, &option.value) {
        ("mac-source", Value::Mac(bytes)) => {
            let address = bytes.iter().fold(0, |address, &byte| address << 8 | u128::from(byte));
            reading.space.masked(Field::EtherSaddr, (1 << 48) - 1, address).map(Some)
        }
        _ => Ok(None),
    })?);
    Ok(steps)
}

pub fn pkttype(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    options::tests(part, reading, |option, reading| match options::set(&option.value) {
        Some(kind) if option.spec.name == "pkt-type" => reading.space.within(Field::Pkttype, &kind).map(Some),
        _ => Ok(None),
    })
}

/// The length from the network header on, as its header says: that of the packet, since the kernel has
/// cut off anything beyond.
pub fn length(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    options::tests(part, reading, |option, reading| match options::set(&option.value) {
        Some(lengths) if option.spec.name == "length" => reading.space.within(Field::Length, &lengths).map(Some),
        _ => Ok(None),
    })
}

/// The processor that works on the packet.
pub fn cpu(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    options::tests(part, reading, |option, reading| match options::set(&option.value) {
        Some(number) if option.spec.name == "cpu" => reading.space.within(Field::Cpu, &number).map(Some),
        _ => Ok(None),
    })
}

/// The groups of the interfaces; what the mask hides of the number that is asked for does not count.
pub fn devgroup(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    options::tests(part, reading, |option, reading| {
        let field = match option.spec.name {
            "src-group" => Field::Iifgroup,
            "dst-group" => Field::Oifgroup,
            _ => return Ok(None),
        };
        let Value::Masked { value, mask } = option.value else { return Ok(None) };
        reading.space.masked(field, mask.into(), (value & mask).into()).map(Some)
    })
}
