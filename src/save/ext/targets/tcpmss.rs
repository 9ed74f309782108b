//! `-j TCPMSS`: lowers the MSS that a SYN announces (iptables-extensions(8), *TCPMSS*;
//! net/netfilter/xt_TCPMSS.c).
//!
//! Neither xtables nor nft (net/netfilter/nft_exthdr.c) ever raises the value. A SYN without the option
//! gets one from xtables, at most 536 (IPv4) or 1220 (IPv6) which is what its absence means anyway.

use bstr::BString;

use crate::ir::{Assigned, Statement};
use crate::packet::{Family, Field, Hook, TcpOptionPart};
use crate::save::ast::Part;
use crate::save::ext::lowering::{Action, Cx, Refusal};
use crate::save::ext::{CheckCx, Coverage, Extension, Families, Grade, Lower, shared};
use crate::save::option::{Arg, OptionSpec, Value};
use crate::save::value;

pub static EXTENSION: Extension = Extension {
    name: "TCPMSS",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("set-mss", Arg::Custom { words: 1, read: read_mss, show: show_mss }),
        OptionSpec::new("clamp-mss-to-pmtu", Arg::Flag),
    ],
    check,
    lower: Lower::Target(lower),
    coverage: &[
        row("--set-mss", "-p tcp --syn -j TCPMSS --set-mss 1400", MISSING),
        row("--clamp-mss-to-pmtu", "-p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu", MISSING),
    ],
};

const MISSING: &str = "known difference: xtables adds the option to a SYN that has none and no data (at most 536, IPv6 \
                       1220), nft leaves such a SYN as it is";

const fn row(option: &'static str, example: &'static str, note: &'static str) -> Coverage {
    Coverage { option, grade: Grade::Exact, example, family: Family::Ip, note }
}

/// Bit of SYN in `--tcp-flags`.
const SYN: u64 = 2;

/// The kernel wants to see that only SYN packets come here (`find_syn_match`).
fn check(part: &Part, cx: &CheckCx) -> Result<(), String> {
    if part.options.is_empty() {
        return Err("one of --set-mss, --clamp-mss-to-pmtu must be given".into());
    }
    shared::needs_protocol(cx, 6, "tcp")?;
    let asks_syn = |part: &Part| {
        part.options.iter().any(|o| match (o.spec.name, &o.value) {
            ("syn", _) => !o.negated,
            ("tcp-flags", Value::Masked { value, .. }) => !o.negated && value & SYN != 0,
            _ => false,
        })
    };
    if !cx.matches.iter().any(|m| m.extension.name == "tcp" && asks_syn(m)) {
        return Err("it works on SYN packets only: `--syn` or `--tcp-flags SYN,RST SYN` is needed before it".into());
    }
    match clamps(part) {
        true => shared::at_hooks(cx, &[Hook::Forward, Hook::Output, Hook::Postrouting]),
        false => Ok(()),
    }
}

/// The last option counts.
fn clamps(part: &Part) -> bool {
    part.options.last().is_some_and(|o| o.spec.name == "clamp-mss-to-pmtu")
}

fn lower(part: &Part, cx: &mut Cx) -> Result<Action, Refusal> {
    let value = match part.number("set-mss") {
        Some(mss) if !clamps(part) => Assigned::Constant(mss.into()),
        _ => Assigned::RouteMtu,
    };
    cx.notes.push("a SYN without an MSS option is left as it is; iptables added one".into());
    let field = Field::TcpOption { kind: 2, part: TcpOptionPart::MaxsegSize };
    Ok(Action::Statements(vec![Statement::Assign { field, value }]))
}

/// At most what an IP packet holds beside its headers.
fn read_mss(words: &[&[u8]], family: Family) -> Result<Value, String> {
    let most = if family == Family::Ip6 { 65495 } else { 65515 };
    match value::number(words.first().copied().unwrap_or_default())? {
        n if n <= most => Ok(Value::Number(n)),
        n => Err(format!("{n} is out of range: 0 to {most}")),
    }
}

fn show_mss(value: &Value, _: Family) -> Vec<BString> {
    match value {
        Value::Number(n) => vec![n.to_string().into()],
        _ => Vec::new(),
    }
}
