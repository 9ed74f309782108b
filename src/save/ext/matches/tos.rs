//! `-m tos`: the type of service byte, or the traffic class of IPv6 (iptables-extensions(8), *tos*;
//! net/netfilter/xt_dscp.c, `tos_mt`).
//!
//! nft has no name for the byte, but for its two parts, DSCP and ECN.

use bstr::BString;

use crate::packet::{Family, Field};
use crate::save::ast::Part;
use crate::save::ext::lowering::{Cond, Cx, Fact, Refusal, masked};
use crate::save::ext::{Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec, Value};
use crate::save::value;

pub static EXTENSION: Extension = Extension {
    name: "tos",
    aliases: &[],
    families: Families::Both,
    options: &[OptionSpec::new("tos", Arg::Custom { words: 1, read, show }).not()],
    check: |part, _| shared::needs(part, "tos"),
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--tos", "-m tos --tos 0x10/0x3f -j ACCEPT"),
        Coverage::exact("! --tos", "-m tos ! --tos 0x12 -j ACCEPT"),
    ],
};

const NUMBER: Arg = Arg::Masked { bits: 8 };

/// Names stand for values of six bits (include/linux/ip.h, `IPTOS_*`).
const NAMES: [(&str, u64); 5] = [
    ("Minimize-Delay", 0x10),
    ("Maximize-Throughput", 0x08),
    ("Maximize-Reliability", 0x04),
    ("Minimize-Cost", 0x02),
    ("Normal-Service", 0x00),
];

fn read(words: &[&[u8]], family: Family) -> Result<Value, String> {
    let word = words.first().copied().unwrap_or_default();
    match NAMES.iter().find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(word)) {
        Some(&(_, value)) => Ok(Value::Masked { value, mask: 0x3f }),
        None => value::read(&NUMBER, words, value::ReadCx { family, protocol: None }),
    }
}

fn show(tos: &Value, _: Family) -> Vec<BString> {
    match tos {
        Value::Masked { value, mask } => vec![format!("{value:#04x}/{mask:#04x}").into()],
        _ => Vec::new(),
    }
}

fn lower(part: &Part, cx: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    let Some(opt) = part.get("tos") else { return Ok(Vec::new()) };
    let Value::Masked { value, mask } = opt.value else { return Ok(Vec::new()) };
    let (value, mask) = (u128::from(value), u128::from(mask));
    let (dscp, ecn) =
        if cx.family == Family::Ip6 { (Field::Ip6Dscp, Field::Ip6Ecn) } else { (Field::IpDscp, Field::IpEcn) };
    let high = |negated| masked(dscp, value >> 2, mask >> 2, negated);
    let low = |negated| masked(ecn, value & 3, mask & 3, negated);
    if !opt.negated {
        return Ok([high(false), low(false)].into_iter().filter_map(Fact::cond).collect());
    }
    Ok(match (high(false), high(true), low(true)) {
        (Fact::Test(same), Fact::Test(other), Fact::Test(low)) => {
            vec![Cond::OneOf(vec![vec![other.into()], vec![same.into(), low.into()]])]
        }
        // Where one part cannot differ, or always does, the other one alone or nothing decides.
        (_, high, Fact::Never) => high.cond().into_iter().collect(),
        (_, Fact::Never, low) => low.cond().into_iter().collect(),
        _ => Vec::new(),
    })
}
