//! What the matches of IPv6 extension headers share.
//!
//! Both sides look for the first header of the kind, wherever it stands (net/ipv6/exthdrs_core.c,
//! `ipv6_find_hdr`), and a test of a header that is not there is false.

use crate::diag::quote;
use crate::ir::Test;
use crate::packet::{Exthdr, ExthdrPart, Family, Field, IntervalSet};
use crate::save::ast::Opt;
use crate::save::ext::lowering::{Cond, Refusal};
use crate::save::option::Value;
use crate::save::value::number;

pub const OPTIONS_NOTE: &str = "nft cannot look at the options inside the header";

/// Why a list of options cannot be translated.
pub fn options_refusal() -> Refusal {
    Refusal::new("header-options", OPTIONS_NOTE, "test the length of the header, or drop packets that have it")
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
