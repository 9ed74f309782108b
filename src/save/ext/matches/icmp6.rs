//! `-m icmp6` (iptables-extensions(8), *icmp6*; net/netfilter/xt_tcpudp.c, `icmp6_match`).
//!
//! No type stands for all of them. The match never holds on a later fragment.

use crate::packet::{Family, Field};
use crate::save::ast::Part;
use crate::save::ext::icmp_type::{self, ALL, Named};
use crate::save::ext::lowering::{Cond, Cx, Refusal};
use crate::save::ext::{Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec, Value};

pub static EXTENSION: Extension = Extension {
    name: "icmp6",
    aliases: &["icmpv6", "ipv6-icmp"],
    families: Families::Ip6,
    options: &[
        OptionSpec::new("icmpv6-type", Arg::Custom { words: 1, read, show: |value, _| icmp_type::show(value) }).not()
    ],
    check: |part, cx| {
        shared::needs_protocol(cx, 58, "icmpv6")?;
        shared::needs(part, "icmpv6-type")
    },
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--icmpv6-type", "-p icmpv6 --icmpv6-type neighbour-solicitation -j ACCEPT").v6(),
        Coverage::exact("! --icmpv6-type", "-p icmpv6 ! --icmpv6-type 1/4 -j DROP").v6(),
    ],
};

const NAMES: [Named; 28] = [
    ("destination-unreachable", 1, ALL),
    ("no-route", 1, (0, 0)),
    ("communication-prohibited", 1, (1, 1)),
    ("beyond-scope", 1, (2, 2)),
    ("address-unreachable", 1, (3, 3)),
    ("port-unreachable", 1, (4, 4)),
    ("failed-policy", 1, (5, 5)),
    ("reject-route", 1, (6, 6)),
    ("packet-too-big", 2, ALL),
    ("time-exceeded", 3, ALL),
    ("ttl-exceeded", 3, ALL),
    ("ttl-zero-during-transit", 3, (0, 0)),
    ("ttl-zero-during-reassembly", 3, (1, 1)),
    ("parameter-problem", 4, ALL),
    ("bad-header", 4, (0, 0)),
    ("unknown-header-type", 4, (1, 1)),
    ("unknown-option", 4, (2, 2)),
    ("echo-request", 128, ALL),
    ("ping", 128, ALL),
    ("echo-reply", 129, ALL),
    ("pong", 129, ALL),
    ("router-solicitation", 133, ALL),
    ("router-advertisement", 134, ALL),
    ("neighbour-solicitation", 135, ALL),
    ("neighbor-solicitation", 135, ALL),
    ("neighbour-advertisement", 136, ALL),
    ("neighbor-advertisement", 136, ALL),
    ("redirect", 137, ALL),
];

/// The tool takes a range of one type, too.
fn read(words: &[&[u8]], _: Family) -> Result<Value, String> {
    let word = words.first().copied().unwrap_or_default();
    match word.iter().position(|&b| b == b':').map(|at| (&word[..at], &word[at + 1..])) {
        Some((first, last)) if first == last => icmp_type::read(&[first], &NAMES),
        _ => icmp_type::read(words, &NAMES),
    }
}

fn lower(part: &Part, _: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    let Some(opt) = part.get("icmpv6-type") else { return Ok(Vec::new()) };
    Ok(icmp_type::lower(&opt.value, opt.negated, [Field::Icmp6Type, Field::Icmp6Code], None))
}
