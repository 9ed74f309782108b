//! `-j REJECT`: drops and says so (iptables-extensions(8), *REJECT*; net/ipv4/netfilter/ipt_REJECT.c,
//! net/ipv6/netfilter/ip6t_REJECT.c).

use bstr::BString;

use crate::diag::quote;
use crate::ir::Verdict;
use crate::nft::ast::Reject;
use crate::packet::{Family, Hook};
use crate::save::ast::{Part, TableKind};
use crate::save::ext::lowering::{Action, Cx, Refusal};
use crate::save::ext::{CheckCx, Coverage, Extension, Families, Grade, Lower, shared};
use crate::save::option::{Arg, OptionSpec, Value};

pub static EXTENSION: Extension = Extension {
    name: "REJECT",
    aliases: &[],
    families: Families::Both,
    options: &[OptionSpec::new("reject-with", Arg::Custom { words: 1, read, show })],
    check,
    lower: Lower::Target(lower),
    coverage: &[
        row("--reject-with", "-j REJECT --reject-with icmp-host-prohibited", Family::Ip),
        row("--reject-with", "-p tcp -j REJECT --reject-with tcp-reset", Family::Ip),
        row("--reject-with", "-j REJECT --reject-with icmp6-adm-prohibited", Family::Ip6),
    ],
};

const fn row(option: &'static str, example: &'static str, family: Family) -> Coverage {
    Coverage { option, grade: Grade::Exact, example, family, note: "" }
}

/// How an answer is stored in `Value::Number`: an ICMP code, or this.
const TCP_RESET: u64 = 256;

/// Port unreachable is what a bare `-j REJECT` sends.
const fn default_code(family: Family) -> u64 {
    if matches!(family, Family::Ip6) { 4 } else { 3 }
}

/// Name, alias, ICMP code of type 3; in the order of the tool, since abbreviations take the first.
const IP: [(&str, &str, u64); 8] = [
    ("icmp-net-unreachable", "net-unreach", 0),
    ("icmp-host-unreachable", "host-unreach", 1),
    ("icmp-proto-unreachable", "proto-unreach", 2),
    ("icmp-port-unreachable", "port-unreach", 3),
    ("icmp-net-prohibited", "net-prohib", 9),
    ("icmp-host-prohibited", "host-prohib", 10),
    ("tcp-reset", "tcp-rst", TCP_RESET),
    ("icmp-admin-prohibited", "admin-prohib", 13),
];

/// Name, alias, ICMPv6 code of type 1.
const IP6: [(&str, &str, u64); 7] = [
    ("icmp6-no-route", "no-route", 0),
    ("icmp6-adm-prohibited", "adm-prohibited", 1),
    ("icmp6-addr-unreachable", "addr-unreach", 3),
    ("icmp6-port-unreachable", "port-unreach", 4),
    ("tcp-reset", "tcp-reset", TCP_RESET),
    ("icmp6-policy-fail", "policy-fail", 5),
    ("icmp6-reject-route", "reject-route", 6),
];

const fn answers(family: Family) -> &'static [(&'static str, &'static str, u64)] {
    if matches!(family, Family::Ip6) { &IP6 } else { &IP }
}

fn check(part: &Part, cx: &CheckCx) -> Result<(), String> {
    shared::in_tables(cx, &[TableKind::Filter])?;
    shared::at_hooks(cx, &[Hook::Input, Hook::Forward, Hook::Output])?;
    if part.number("reject-with") == Some(TCP_RESET) {
        return shared::needs_protocol(cx, 6, "tcp");
    }
    Ok(())
}

fn lower(part: &Part, cx: &mut Cx) -> Result<Action, Refusal> {
    let code = part.number("reject-with").unwrap_or(default_code(cx.family));
    let reject = match (code, cx.family) {
        (TCP_RESET, _) => Reject::TcpReset,
        (code, Family::Ip6) => Reject::Icmp6(code as u8),
        (code, _) => Reject::Icmp(code as u8),
    };
    Ok(Action::Verdict(Verdict::Reject(reject)))
}

/// The beginning of a name or alias, in any case; the first that fits.
fn read(words: &[&[u8]], family: Family) -> Result<Value, String> {
    let word = words.first().copied().unwrap_or_default();
    let begins = |name: &str| name.as_bytes().get(..word.len()).is_some_and(|n| n.eq_ignore_ascii_case(word));
    let found = answers(family).iter().find(|(name, alias, _)| begins(name) || begins(alias));
    found.map(|&(_, _, code)| Value::Number(code)).ok_or_else(|| {
        let names: Vec<&str> = answers(family).iter().map(|(name, ..)| *name).collect();
        format!("{} is not one of {}", quote(word), names.join(", "))
    })
}

fn show(value: &Value, family: Family) -> Vec<BString> {
    let Value::Number(code) = value else { return Vec::new() };
    answers(family).iter().filter(|(.., c)| c == code).map(|(name, ..)| (*name).into()).collect()
}
