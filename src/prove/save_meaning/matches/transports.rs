//! Transport headers other than TCP's and UDP's: `sctp`, `dccp`, `ah`, `esp`, `ipcomp`, `mh` (`xt_sctp.c`,
//! `xt_dccp.c`, `ipt_ah.c`, `xt_esp.c`, `xt_ipcomp.c`, `ip6t_mh.c`).
//!
//! The head has tested the protocol. None of them ever matches a later fragment, whatever the options say.

use super::unmodelled;
use crate::packet::{Exthdr, ExthdrPart, Family, Field, L4, SctpChunkPart};
use crate::prove::block::Step;
use crate::prove::dd::{Bounded, Dd};
use crate::prove::save_meaning::{Reading, options};
use crate::save::ast::{Opt, Part};
use crate::save::option::Value;

pub fn sctp(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    with_header(part, reading, Field::Dport(L4::Sctp), |option, reading| match option.spec.name {
        "chunk-types" => chunks(option, reading),
        _ => port(option, reading, L4::Sctp),
    })
}

pub fn dccp(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    with_header(part, reading, Field::Dport(L4::Dccp), |option, reading| match (option.spec.name, &option.value) {
        ("dccp-types", Value::Number(types)) => {
            reading.space.within(Field::DccpType, &options::bit_numbers(*types)).map(Some)
        }
        ("dccp-option", Value::Number(kind)) => {
            reading.space.masked(Field::DccpOption { kind: *kind as u8 }, 1, 1).map(Some)
        }
        _ => port(option, reading, L4::Dccp),
    })
}

/// The AH header of IPv6 is an extension header, which the model does not have.
pub fn ah(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    if reading.space.family() == Family::Ip6 {
        return unmodelled::condition(part, reading);
    }
    with_header(part, reading, Field::AhSpi, |option, reading| options::within(option, reading, Field::AhSpi))
}

pub fn esp(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    with_header(part, reading, Field::EspSpi, |option, reading| options::within(option, reading, Field::EspSpi))
}

/// Without `--ipcompspi` the range is that of 0 alone; `--compres` is not looked at.
pub fn ipcomp(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let mut steps = with_header(part, reading, Field::CompCpi, |option, reading| match option.spec.name {
        "ipcompspi" => options::within(option, reading, Field::CompCpi),
        "compres" => Ok(Some(Dd::TRUE)),
        _ => Ok(None),
    })?;
    if !part.has("ipcompspi") {
        steps.push(Step::Test(reading.space.masked(Field::CompCpi, 0xffff, 0)?));
    }
    Ok(steps)
}

/// Headers that something follows, which RFC 6275 forbids, are outside the model.
pub fn mh(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let kind = Field::Exthdr(Exthdr::Mh, ExthdrPart::Type);
    let mut steps = vec![Step::Test(reading.space.first_fragment()?), Step::Test(reading.space.present(kind)?)];
    steps.extend(options::tests(part, reading, |option, reading| {
        options::within(option, reading, Field::Exthdr(Exthdr::Mh, ExthdrPart::Type))
    })?);
    Ok(steps)
}

fn with_header(part: &Part, reading: &mut Reading<'_>, field: Field, test: options::Test) -> Bounded<Vec<Step>> {
    let mut steps = vec![Step::Test(reading.space.right_protocol(field)?), Step::Test(reading.space.first_fragment()?)];
    steps.extend(options::tests(part, reading, test)?);
    Ok(steps)
}

fn port(option: &Opt, reading: &mut Reading<'_>, l4: L4) -> Bounded<Option<Dd>> {
    match option.spec.name {
        "source-port" => options::within(option, reading, Field::Sport(l4)),
        "destination-port" => options::within(option, reading, Field::Dport(l4)),
        _ => Ok(None),
    }
}

/// `all` and `any` of chunks without flags (`match_packet`); what else can be asked has no bits in the model.
fn chunks(option: &Opt, reading: &mut Reading<'_>) -> Bounded<Option<Dd>> {
    const ALL: u64 = 1;
    const ANY: u64 = 2;
    let Value::List(parts) = &option.value else { return Ok(None) };
    let Some((Value::Number(mode), listed)) = parts.split_first() else { return Ok(None) };
    let mut there = Vec::with_capacity(listed.len());
    for chunk in listed {
        let Value::List(chunk) = chunk else { return Ok(None) };
        let [Value::Number(kind), Value::Text(flags)] = chunk.as_slice() else { return Ok(None) };
        let Ok(kind) = u8::try_from(*kind) else { return Ok(None) };
        if !flags.is_empty() {
            return Ok(None);
        }
        there.push(reading.space.masked(Field::SctpChunk { kind, part: SctpChunkPart::Exists }, 1, 1)?);
    }
    match *mode {
        _ if there.is_empty() => Ok(None),
        ALL => reading.space.dd.all(&there).map(Some),
        ANY => reading.space.dd.any(&there).map(Some),
        _ => Ok(None),
    }
}
