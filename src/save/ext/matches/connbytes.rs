//! `-m connbytes`: what a connection has carried (iptables-extensions(8), *connbytes*;
//! net/netfilter/xt_connbytes.c).
//!
//! A packet without a connection never matches. Both sides turn accounting on when they are loaded.

use bstr::BString;

use crate::packet::{CtDirection, CtKey, Family, Field};
use crate::save::ast::Part;
use crate::save::ext::lowering::{Cond, Cx, Fact, Refusal, span, within};
use crate::save::ext::{Coverage, Extension, Families, Lower, shared, tracked};
use crate::save::option::{Arg, OptionSpec, Value};
use crate::save::value;

pub static EXTENSION: Extension = Extension {
    name: "connbytes",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("connbytes", Arg::Custom { words: 1, read, show }).not(),
        OptionSpec::new("connbytes-dir", Arg::Word(&[("original", 0), ("reply", 1), ("both", 2)])),
        OptionSpec::new("connbytes-mode", Arg::Word(&[("packets", 0), ("bytes", 1), ("avgpkt", 2)])),
    ],
    check: |part, _| {
        shared::needs(part, "connbytes")?;
        shared::needs(part, "connbytes-dir")?;
        shared::needs(part, "connbytes-mode")
    },
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact(
            "--connbytes",
            "-m connbytes --connbytes 10000: --connbytes-dir both --connbytes-mode bytes -j ACCEPT",
        )
        .note(NOTE),
        Coverage::exact(
            "! --connbytes",
            "-m connbytes ! --connbytes 0:20 --connbytes-dir reply --connbytes-mode packets -j ACCEPT",
        )
        .note(NOTE),
        Coverage::exact(
            "--connbytes-dir",
            "-m connbytes --connbytes 5: --connbytes-dir original --connbytes-mode packets -j ACCEPT",
        ),
        Coverage::exact(
            "--connbytes-mode",
            "-m connbytes --connbytes 100:200 --connbytes-dir both --connbytes-mode avgpkt -j ACCEPT",
        ),
    ],
};

const NOTE: &str = "connections from before the rules were loaded, which nothing counts, have carried 0 for nft";

/// `from[:[to]]`; a number alone has no upper end.
const RANGE: Arg = Arg::Range { max: u64::MAX, separator: b':', open: true };

fn read(words: &[&[u8]], family: Family) -> Result<Value, String> {
    let word = words.first().copied().unwrap_or_default();
    match value::read(&RANGE, words, value::ReadCx { family, protocol: None })? {
        Value::Range(lo, hi) if lo > hi => Err("the range is backwards".into()),
        Value::Range(lo, _) if !word.contains(&b':') => Ok(Value::Range(lo, u64::MAX)),
        other => Ok(other),
    }
}

fn show(range: &Value, _: Family) -> Vec<BString> {
    match range {
        Value::Range(lo, hi) => vec![format!("{lo}:{hi}").into()],
        _ => Vec::new(),
    }
}

fn lower(part: &Part, _: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    let direction = match part.number("connbytes-dir") {
        Some(0) => Some(CtDirection::Original),
        Some(1) => Some(CtDirection::Reply),
        _ => None,
    };
    let key = match part.number("connbytes-mode") {
        Some(0) => CtKey::Packets(direction),
        Some(1) => CtKey::Bytes(direction),
        _ => CtKey::Avgpkt(direction),
    };
    let fact = part.get("connbytes").map(|opt| match opt.value {
        Value::Range(lo, hi) => {
            // The kernel is told of a negation by swapped ends, so one value alone is never negated.
            let negated = opt.negated && lo != hi;
            within(Field::Ct(key), span(lo.into(), hi.into()), negated)
        }
        _ => Fact::Never,
    });
    let fact = fact.map(|f| if f == Fact::Always { tracked::exists() } else { f });
    Ok(fact.and_then(Fact::cond).into_iter().collect())
}
