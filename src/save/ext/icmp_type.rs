//! `type[/code[:code]]` or a name: what `--icmp-type` and `--icmpv6-type` take, and its test
//! (net/netfilter/xt_tcpudp.c, `icmp_match`).

use bstr::BString;

use super::lowering::{Cond, span};
use crate::diag::quote;
use crate::ir::Test;
use crate::packet::{Field, IntervalSet};
use crate::save::option::Value;
use crate::save::value::number;

/// A name, its type, and the codes it stands for.
pub type Named = (&'static str, u8, (u8, u8));

/// Every code of the type.
pub const ALL: (u8, u8) = (0, 255);

/// Reads a type. A name may be cut short as long as it is clear; codes may be backwards, and then
/// hold nothing.
pub fn read(words: &[&[u8]], names: &[Named]) -> Result<Value, String> {
    let word = words.first().copied().unwrap_or_default();
    let starts = |name: &str| name.as_bytes().get(..word.len()).is_some_and(|n| n.eq_ignore_ascii_case(word));
    let found: Vec<&Named> = names.iter().filter(|(name, ..)| starts(name)).collect();
    match found.as_slice() {
        [(_, kind, codes)] => Ok(value(*kind, *codes)),
        [(first, ..), (second, ..), ..] => Err(format!("{} may be {first} or {second}", quote(word))),
        [] => numbers(word),
    }
}

fn numbers(word: &[u8]) -> Result<Value, String> {
    let byte = |w: &[u8]| number(w).ok().and_then(|n| u8::try_from(n).ok());
    let read = || {
        let Some(at) = word.iter().position(|&b| b == b'/') else {
            return Some(value(byte(word)?, ALL));
        };
        let codes = &word[at + 1..];
        let codes = match codes.iter().position(|&b| b == b':') {
            Some(colon) => (byte(&codes[..colon])?, byte(&codes[colon + 1..])?),
            None => (byte(codes)?, byte(codes)?),
        };
        Some(value(byte(&word[..at])?, codes))
    };
    read().ok_or_else(|| format!("{} is no ICMP type: a name, `type` or `type/code`", quote(word)))
}

fn value(kind: u8, (lo, hi): (u8, u8)) -> Value {
    Value::Ranges(vec![(kind.into(), kind.into()), (lo.into(), hi.into())])
}

/// The type by numbers.
pub fn show(value: &Value) -> Vec<BString> {
    let Value::Ranges(parts) = value else { return Vec::new() };
    let [(kind, _), (lo, hi)] = parts.as_slice() else { return Vec::new() };
    let text = match (lo, hi) {
        (0, 255) => kind.to_string(),
        (lo, hi) if lo == hi => format!("{kind}/{lo}"),
        (lo, hi) => format!("{kind}/{lo}:{hi}"),
    };
    vec![text.into()]
}

/// The test. `any` is the type that stands for all of them, where there is one.
pub fn lower(value: &Value, negated: bool, [kind, code]: [Field; 2], any: Option<u64>) -> Vec<Cond> {
    let Value::Ranges(parts) = value else { return Vec::new() };
    let [(number, _), (lo, hi)] = *parts.as_slice() else { return Vec::new() };
    let is_kind = |negated| Test::within(kind, IntervalSet::point(number.into()), negated);
    let is_there = Test::within(kind, IntervalSet::full(8), false);
    let codes = span(lo.into(), hi.into());
    let every = codes.is_full(8);
    let test = match (any == Some(number), codes.is_empty(), negated) {
        (true, _, false) | (false, true, true) => is_there.into(),
        (true, _, true) | (false, true, false) => Cond::Never,
        (false, false, _) if every => is_kind(negated).into(),
        (false, false, false) => {
            return vec![Cond::NotLaterFragment, is_kind(false).into(), Test::within(code, codes, false).into()];
        }
        (false, false, true) => {
            let other_code = Test::within(code, codes, true);
            Cond::OneOf(vec![vec![is_kind(true).into()], vec![is_kind(false).into(), other_code.into()]])
        }
    };
    vec![Cond::NotLaterFragment, test]
}
