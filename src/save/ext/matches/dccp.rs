//! `-m dccp` (iptables-extensions(8), *dccp*; net/netfilter/xt_dccp.c).

use bstr::BString;

use crate::diag::quote;
use crate::ir::{Step, Test};
use crate::nft::version::Feature;
use crate::packet::{Family, Field, Interval, IntervalSet, L4};
use crate::save::ast::{Opt, Part};
use crate::save::ext::lowering::{Cond, Cx, Refusal, in_range};
use crate::save::ext::{Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec, Value};

pub static EXTENSION: Extension = Extension {
    name: "dccp",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("source-port", Arg::PortRange).alias(&["sport"]).not(),
        OptionSpec::new("destination-port", Arg::PortRange).alias(&["dport"]).not(),
        OptionSpec::new("dccp-types", Arg::Custom { words: 1, read, show }).not(),
        OptionSpec::new("dccp-option", Arg::Number { min: 1, max: 255 }).not(),
    ],
    check: |_, cx| shared::needs_protocol(cx, 33, "dccp"),
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--source-port", "-p dccp --sport 1024:65535 -j ACCEPT"),
        Coverage::exact("! --source-port", "-p dccp ! --sport 5 -j DROP"),
        Coverage::exact("--destination-port", "-p dccp --dport 5 -j ACCEPT"),
        Coverage::exact("! --destination-port", "-p dccp ! --dport 5 -j DROP"),
        Coverage::exact("--dccp-types", "-p dccp --dccp-types REQUEST,RESPONSE -j ACCEPT"),
        Coverage::exact("! --dccp-types", "-p dccp ! --dccp-types RESET,INVALID -j DROP"),
        Coverage::exact("--dccp-option", "-p dccp --dccp-option 41 -j ACCEPT").note(OPTION),
        Coverage::exact("! --dccp-option", "-p dccp ! --dccp-option 41 -j DROP").note(OPTION),
    ],
};

const OPTION: &str = "needs nft 1.1.3 and Linux 6.4";

/// Types as bits of their numbers (include/uapi/linux/dccp.h, `DCCP_PKT_*`).
const TYPES: [&str; 11] =
    ["REQUEST", "RESPONSE", "DATA", "ACK", "DATAACK", "CLOSEREQ", "CLOSE", "RESET", "SYNC", "SYNCACK", "INVALID"];

fn read(words: &[&[u8]], _: Family) -> Result<Value, String> {
    let word = words.first().copied().unwrap_or_default();
    let bit = |w: &[u8]| TYPES.iter().position(|t| t.as_bytes().eq_ignore_ascii_case(w)).map(|at| 1u64 << at);
    let types = word.split(|&b| b == b',').filter(|w| !w.is_empty());
    types
        .map(|w| bit(w).ok_or_else(|| format!("{} is not one of {}", quote(w), TYPES.join(", "))))
        .try_fold(0, |bits, bit| bit.map(|b| bits | b))
        .map(Value::Number)
}

fn show(value: &Value, _: Family) -> Vec<BString> {
    match value {
        Value::Number(bits) => {
            let names = TYPES.iter().enumerate().filter(|(at, _)| bits & 1 << at != 0).map(|(_, name)| *name);
            vec![names.collect::<Vec<_>>().join(",").into()]
        }
        _ => Vec::new(),
    }
}

fn lower(part: &Part, cx: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    if part.has("dccp-option") && !cx.target.supports(Feature::DccpOption) {
        let reason = "options of DCCP can be read by nft 1.1.3 on Linux 6.4 and newer";
        return Err(Refusal::new("dccp-option", reason, "name a newer --target").at("dccp-option"));
    }
    let mut out = vec![Cond::NotLaterFragment];
    out.extend(part.options.iter().filter_map(cond));
    if out.len() == 1 {
        // `-m dccp` alone asks for a header, and any header will do.
        out.push(Test::within(Field::Dport(L4::Dccp), IntervalSet::full(16), false).into());
    }
    Ok(out)
}

fn cond(opt: &Opt) -> Option<Cond> {
    match (opt.spec.name, &opt.value) {
        ("source-port", value) => in_range(Field::Sport(L4::Dccp), value, opt.negated),
        ("destination-port", value) => in_range(Field::Dport(L4::Dccp), value, opt.negated),
        ("dccp-types", Value::Number(bits)) => Some(types(*bits, opt.negated)),
        ("dccp-option", Value::Number(kind)) => {
            let exists = Test::is(Field::DccpOption { kind: *kind as u8 }, 1);
            Some(if opt.negated { Cond::Not(vec![Step::Test(exists)]) } else { exists.into() })
        }
        _ => None,
    }
}

fn types(bits: u64, negated: bool) -> Cond {
    let field = Field::DccpType;
    let listed: IntervalSet = (0..11).filter(|n| bits & 1 << n != 0).map(|n: u32| Interval::point(n.into())).collect();
    let set = if negated { listed.complement(field.width()) } else { listed };
    if set.is_empty() { Cond::Never } else { Test::In { field, set }.into() }
}
