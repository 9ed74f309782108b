//! What the matches of IPv6 extension headers share.
//!
//! Both sides look for the first header of the kind, wherever it stands (net/ipv6/exthdrs_core.c,
//! `ipv6_find_hdr`), and a test of a header that is not there is false.

use crate::diag::quote;
use crate::ir::Test;
use crate::packet::{Exthdr, ExthdrPart, Family, Field, IntervalSet, PayloadBase};
use crate::save::ast::{Opt, Part};
use crate::save::ext::lowering::{Cond, Cx, Refusal};
use crate::save::option::Value;
use crate::save::value::number;

pub const FIRST_NOTE: &str =
    "a header that others stand before is not looked at: nft reads its contents at a fixed place only";

/// The header of this number follows the header of IPv6 at once, which is asked for where a part of it has no name in nft.
/// `what` names the option that needs it.
pub fn comes_first(number: u8, what: &'static str, cx: &mut Cx) -> Result<Cond, Refusal> {
    if !cx.approximate {
        let help = "give --approximate where no other extension headers come before it";
        return Err(Refusal::new("header-contents", FIRST_NOTE, help).at(what));
    }
    cx.differs(FIRST_NOTE);
    Ok(Test::is(Field::Ip6Nexthdr, number.into()).into())
}

/// Bits of the header that follows that of IPv6, from a bit on.
pub const fn inside(bit: u16, len: u8) -> Field {
    const FIXED_HEADER: u16 = 40 * 8;
    Field::Payload { base: PayloadBase::Network, offset: FIXED_HEADER + bit, len }
}

/// The options in the header come in this order, from the first one on: `type[:length],...`.
fn options_are(header: Exthdr, list: &[u8]) -> Result<Vec<Cond>, Refusal> {
    const PADDING: u64 = 0;
    let (mut out, mut at) = (Vec::new(), 2u16);
    let mut items = list.split(|&b| b == b',').peekable();
    while let Some(item) = items.next() {
        let mut parts = item.splitn(2, |&b| b == b':').map(|n| number(n).unwrap_or(0));
        let (kind, length) = (parts.next().unwrap_or(PADDING), parts.next().filter(|&n| n != 0xff));
        out.push(Test::is(inside(at * 8, 8), kind.into()).into());
        at += match (kind, length) {
            (PADDING, _) => 1,
            (_, Some(length)) => {
                out.push(Test::is(inside(at * 8 + 8, 8), length.into()).into());
                2 + length as u16
            }
            (_, None) if items.peek().is_none() => 2,
            (_, None) => {
                let reason = "where an option of any length ends only the packet says";
                return Err(Refusal::new("header-options", reason, "give the length of each option but the last one"));
            }
        };
    }
    let units = u128::from(at.div_ceil(8).saturating_sub(1));
    if units > 0 {
        out.push(Test::between(Field::Exthdr(header, ExthdrPart::Hdrlength), units, 255).into());
    }
    Ok(out)
}

/// What `-m dst` and `-m hbh` ask of their headers, each with its number in the one before it and its options.
pub fn lower(
    (header, number): (Exthdr, u8),
    (length, options): (&str, &'static str),
    part: &Part,
    cx: &mut Cx,
) -> Result<Vec<Cond>, Refusal> {
    let mut out = with_length(header, part.get(length));
    if let Some(list) = part.text(options) {
        out.push(comes_first(number, options, cx)?);
        out.extend(options_are(header, list).map_err(|why| why.at(options))?);
    }
    Ok(out)
}

/// The header is there.
pub fn exists(header: Exthdr) -> Test {
    Test::is(Field::Exthdr(header, ExthdrPart::Exists), 1)
}

/// The header is there, and is so many bytes long, or not, where the option is given.
pub fn with_length(header: Exthdr, length: Option<&Opt>) -> Vec<Cond> {
    match length {
        Some(Opt { value: Value::Number(bytes), negated, .. }) => vec![length_is(header, *bytes, *negated)],
        _ => vec![exists(header).into()],
    }
}

/// The header counts itself in units of 8 bytes, the first one left out.
pub fn length_is(header: Exthdr, bytes: u64, negated: bool) -> Cond {
    let units = (bytes / 8).checked_sub(1).filter(|&n| bytes.is_multiple_of(8) && n <= 255);
    match (units, negated) {
        (Some(n), _) => {
            Test::within(Field::Exthdr(header, ExthdrPart::Hdrlength), IntervalSet::point(n.into()), negated).into()
        }
        (None, true) => exists(header).into(),
        (None, false) => Cond::Never,
    }
}

/// `type[:length],...`, at most 16 (extensions/libip6t_hbh.c).
pub fn read_options(words: &[&[u8]], _: Family) -> Result<Value, String> {
    let word = words.first().copied().unwrap_or_default();
    let byte = |w: &[u8]| number(w).is_ok_and(|n| n <= 255);
    let good = |item: &[u8]| match item.iter().position(|&b| b == b':') {
        Some(at) => byte(&item[..at]) && byte(&item[at + 1..]),
        None => byte(item),
    };
    let items: Vec<&[u8]> = word.split(|&b| b == b',').collect();
    match items.iter().find(|item| !good(item)) {
        Some(wrong) => Err(format!("{} is no option: `type` or `type:length`", quote(wrong))),
        None if items.len() > 16 => Err("at most 16 options fit".into()),
        None => Ok(Value::Text(word.into())),
    }
}
