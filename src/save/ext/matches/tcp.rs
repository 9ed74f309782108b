//! `-m tcp` (iptables-extensions(8), *tcp*; net/netfilter/xt_tcpudp.c, `tcp_mt`).
//!
//! The match holds only where a whole TCP header is there: never on a later fragment.

use bstr::BString;

use crate::ir::Test;
use crate::packet::{Family, Field, IntervalSet, L4, TcpOptionPart};
use crate::save::ast::{Opt, Part};
use crate::save::ext::lowering::{Cond, Cx, Refusal, in_range, masked};
use crate::save::ext::{Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec, Value};

pub static EXTENSION: Extension = Extension {
    name: "tcp",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("source-port", Arg::Ports).alias(&["sport"]).not(),
        OptionSpec::new("destination-port", Arg::Ports).alias(&["dport"]).not(),
        OptionSpec::new("tcp-flags", Arg::Custom { words: 2, read: read_flags, show: show_flags }).not(),
        OptionSpec::new("syn", Arg::Flag).not(),
        OptionSpec::new("tcp-option", Arg::Number { min: 1, max: 255 }).not(),
    ],
    check: |part, cx| {
        shared::needs_protocol(cx, 6, "tcp")?;
        if part.has("syn") && part.has("tcp-flags") {
            return Err("`--syn` and `--tcp-flags` cannot be given together".into());
        }
        Ok(())
    },
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--source-port", "-p tcp --sport 1024:65535 -j ACCEPT"),
        Coverage::exact("! --source-port", "-p tcp ! --sport 22 -j ACCEPT"),
        Coverage::exact("--destination-port", "-p tcp --dport 22 -j ACCEPT"),
        Coverage::exact("! --destination-port", "-p tcp ! --dport 22 -j ACCEPT"),
        Coverage::exact("--tcp-flags", "-p tcp --tcp-flags SYN,RST SYN -j ACCEPT"),
        Coverage::exact("! --tcp-flags", "-p tcp ! --tcp-flags ALL NONE -j ACCEPT"),
        Coverage::exact("--syn", "-p tcp --syn -j ACCEPT"),
        Coverage::exact("! --syn", "-p tcp ! --syn -j DROP"),
        Coverage::exact("--tcp-option", "-p tcp --tcp-option 8 -j ACCEPT"),
        Coverage::exact("! --tcp-option", "-p tcp ! --tcp-option 8 -j DROP"),
    ],
};

/// Flags in the order of the header, lowest bit first.
const FLAGS: [(&str, u64); 6] = [("FIN", 1), ("SYN", 2), ("RST", 4), ("PSH", 8), ("ACK", 16), ("URG", 32)];

/// FIN, SYN, RST and ACK: what `--syn` looks at; only SYN may be set.
const SYN_MASK: u128 = 0x17;

fn lower(part: &Part, _: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    let mut out = vec![Cond::NotLaterFragment];
    out.extend(part.options.iter().filter_map(lower_option));
    if out.len() == 1 {
        // `-m tcp` alone asks for a header, and any header will do.
        out.push(Test::within(Field::Dport(L4::Tcp), IntervalSet::full(16), false).into());
    }
    Ok(out)
}

fn lower_option(opt: &Opt) -> Option<Cond> {
    let flags = |mask, value| masked(Field::TcpFlags, value, mask, opt.negated).cond();
    match (opt.spec.name, &opt.value) {
        ("source-port", value) => in_range(Field::Sport(L4::Tcp), value, opt.negated),
        ("destination-port", value) => in_range(Field::Dport(L4::Tcp), value, opt.negated),
        ("tcp-flags", Value::Masked { value, mask }) => flags((*mask).into(), (*value).into()),
        ("syn", _) => flags(SYN_MASK, 2),
        ("tcp-option", Value::Number(kind)) => {
            let field = Field::TcpOption { kind: *kind as u8, part: TcpOptionPart::Exists };
            Some(Test::is(field, u128::from(!opt.negated)).into())
        }
        _ => None,
    }
}

/// `MASK COMP`, each a list of flag names; a flag of COMP that is not in MASK can never be seen.
fn read_flags(words: &[&[u8]], _: Family) -> Result<Value, String> {
    let [mask, value] = words else {
        return Err("two lists of flags are needed: which to look at, which must be set".into());
    };
    Ok(Value::Masked { mask: flag_list(mask)?, value: flag_list(value)? })
}

fn flag_list(word: &[u8]) -> Result<u64, String> {
    word.split(|&b| b == b',').filter(|name| !name.is_empty()).try_fold(0, |bits, name| {
        let known =
            FLAGS.iter().chain(&[("ALL", 63), ("NONE", 0)]).find(|(n, _)| n.as_bytes().eq_ignore_ascii_case(name));
        known.map(|(_, bit)| bits | bit).ok_or_else(|| format!("{} is no TCP flag", crate::diag::quote(name)))
    })
}

fn show_flags(value: &Value, _: Family) -> Vec<BString> {
    let Value::Masked { value, mask } = value else { return Vec::new() };
    [mask, value].map(|&bits| flag_names(bits).into()).into()
}

fn flag_names(bits: u64) -> String {
    if bits == 0 {
        return "NONE".into();
    }
    FLAGS.iter().filter(|(_, bit)| bits & bit != 0).map(|(name, _)| *name).collect::<Vec<_>>().join(",")
}
