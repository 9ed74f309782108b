//! `-m ipv6header`: which extension headers a packet has (iptables-extensions(8), *ipv6header*;
//! net/ipv6/netfilter/ip6t_ipv6header.c).
//!
//! With `--soft` each listed header must be there (or none of them, negated); without it the packet
//! must have exactly the listed ones (or not exactly them).

use bstr::{BString, ByteSlice};

use crate::diag::quote;
use crate::ir::{Step, Test};
use crate::packet::{Exthdr, ExthdrPart, Family, Field, Interval, IntervalSet};
use crate::save::ast::Part;
use crate::save::ext::lowering::{Cond, Cx, Refusal};
use crate::save::ext::{Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec, Value};
use crate::save::value::{number, protocols};

pub static EXTENSION: Extension = Extension {
    name: "ipv6header",
    aliases: &[],
    families: Families::Ip6,
    options: &[
        OptionSpec::new("header", Arg::Custom { words: 1, read, show }).not(),
        OptionSpec::new("soft", Arg::Flag),
    ],
    check: |part, _| shared::needs(part, "header"),
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--header", "-m ipv6header --header hop,frag --soft -j DROP").v6().note(STRICT),
        Coverage::exact("! --header", "-m ipv6header ! --header hop,frag --soft -j ACCEPT").v6().note(STRICT),
        Coverage::exact("--soft", "-m ipv6header --header dst --soft -j DROP").v6().note("all headers but auth"),
    ],
};

const STRICT: &str = "without --soft with --approximate only: nft cannot see whether there is an auth header";

/// Headers as bits, with the numbers of their protocols (include/uapi/linux/netfilter_ipv6/ip6t_ipv6header.h).
const HEADERS: [(&str, &str, u64, Option<u8>); 8] = [
    ("hop-by-hop", "hop", 1 << 7, Some(0)),
    ("ipv6-opts", "dst", 1 << 6, Some(60)),
    ("ipv6-route", "route", 1 << 5, Some(43)),
    ("ipv6-frag", "frag", 1 << 4, Some(44)),
    ("ah", "auth", 1 << 3, Some(51)),
    ("esp", "esp", 1 << 2, Some(50)),
    ("ipv6-nonxt", "none", 1 << 1, Some(59)),
    ("protocol", "prot", 1, None),
];
const AUTH: u64 = 1 << 3;

fn read(words: &[&[u8]], _: Family) -> Result<Value, String> {
    let word = words.first().copied().unwrap_or_default();
    word.split(|&b| b == b',').try_fold(0, |bits, w| header(w).map(|bit| bits | bit)).map(Value::Number)
}

/// By its own name, by the name of its protocol, or by number.
fn header(word: &[u8]) -> Result<u64, String> {
    let named = HEADERS.iter().find(|(long, short, ..)| long.as_bytes() == word || short.as_bytes() == word);
    let by_number = || {
        let name = word.to_str().ok()?;
        let protocol = number(word).ok().and_then(|n| u8::try_from(n).ok()).or_else(|| protocols::number(name))?;
        HEADERS.iter().find(|(.., p)| *p == Some(protocol))
    };
    named.or_else(by_number).map(|(_, _, bit, _)| *bit).ok_or_else(|| {
        let names: Vec<&str> = HEADERS.iter().map(|(_, short, ..)| *short).collect();
        format!("{} is not one of {}", quote(word), names.join(", "))
    })
}

fn show(value: &Value, _: Family) -> Vec<BString> {
    match value {
        Value::Number(bits) => {
            let names = HEADERS.iter().filter(|(_, _, bit, _)| bits & bit != 0).map(|(name, ..)| *name);
            vec![names.collect::<Vec<_>>().join(",").into()]
        }
        _ => Vec::new(),
    }
}

fn lower(part: &Part, cx: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    let Some((opt, bits)) = part.get("header").zip(part.number("header")) else { return Ok(Vec::new()) };
    if part.has("soft") {
        if bits & AUTH != 0 {
            let reason = "nft cannot see whether there is an auth header";
            return Err(Refusal::new("ipv6header-auth", reason, "leave auth out of the list").at("header"));
        }
        let listed = HEADERS.iter().filter(|(_, _, bit, _)| bits & bit != 0);
        return Ok(listed.map(|(_, _, bit, _)| Cond::Step(test(*bit, !opt.negated))).collect());
    }
    if !cx.approximate || bits & AUTH != 0 {
        let reason = "it asks for all headers at once, and nft cannot see whether there is an auth header";
        let help = "add --soft to ask for the listed ones only, or give --approximate to take it that there is none";
        return Err(Refusal::new("ipv6header-strict", reason, help));
    }
    cx.differs("no packet has an auth header");
    let others = HEADERS.iter().filter(|(_, _, bit, _)| *bit != AUTH);
    let steps: Vec<Step> = others.map(|(_, _, bit, _)| test(*bit, bits & bit != 0)).collect();
    Ok(if opt.negated { vec![Cond::Not(steps)] } else { steps.into_iter().map(Cond::Step).collect() })
}

/// The header is there, or is not.
fn test(bit: u64, there: bool) -> Step {
    let exists = |header| Test::is(Field::Exthdr(header, ExthdrPart::Exists), there.into());
    let points = |numbers: &[u128]| -> IntervalSet { numbers.iter().map(|&n| Interval::point(n)).collect() };
    Step::Test(match bit {
        0x80 => exists(Exthdr::Hbh),
        0x40 => exists(Exthdr::Dst),
        0x20 => exists(Exthdr::Rt),
        0x10 => exists(Exthdr::Frag),
        0x04 => Test::within(Field::L4proto, points(&[50]), !there),
        0x02 => Test::within(Field::L4proto, points(&[59]), !there),
        _ => Test::within(Field::L4proto, points(&[50, 59]), there),
    })
}
