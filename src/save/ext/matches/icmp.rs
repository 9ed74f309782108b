//! `-m icmp` (iptables-extensions(8), *icmp*; net/netfilter/xt_tcpudp.c, `icmp_match`).
//!
//! Type 255 stands for any type. The match never holds on a later fragment.

use crate::packet::Field;
use crate::save::ast::Part;
use crate::save::ext::icmp_type::{self, ALL, Named};
use crate::save::ext::lowering::{Cond, Cx, Refusal};
use crate::save::ext::{Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec, Value};

pub static EXTENSION: Extension = Extension {
    name: "icmp",
    aliases: &[],
    families: Families::Ip,
    options: &[OptionSpec::new(
        "icmp-type",
        Arg::Custom { words: 1, read: |words, _| read(words), show: |value, _| icmp_type::show(value) },
    )
    .not()],
    check: |part, cx| {
        shared::needs_protocol(cx, 1, "icmp")?;
        shared::needs(part, "icmp-type")
    },
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--icmp-type", "-p icmp --icmp-type echo-request -j ACCEPT"),
        Coverage::exact("! --icmp-type", "-p icmp ! --icmp-type 3/4 -j DROP"),
    ],
};

/// The type that stands for all.
const ANY: u8 = 255;

const NAMES: [Named; 40] = [
    ("any", ANY, ALL),
    ("echo-reply", 0, ALL),
    ("pong", 0, ALL),
    ("destination-unreachable", 3, ALL),
    ("network-unreachable", 3, (0, 0)),
    ("host-unreachable", 3, (1, 1)),
    ("protocol-unreachable", 3, (2, 2)),
    ("port-unreachable", 3, (3, 3)),
    ("fragmentation-needed", 3, (4, 4)),
    ("source-route-failed", 3, (5, 5)),
    ("network-unknown", 3, (6, 6)),
    ("host-unknown", 3, (7, 7)),
    ("network-prohibited", 3, (9, 9)),
    ("host-prohibited", 3, (10, 10)),
    ("TOS-network-unreachable", 3, (11, 11)),
    ("TOS-host-unreachable", 3, (12, 12)),
    ("communication-prohibited", 3, (13, 13)),
    ("host-precedence-violation", 3, (14, 14)),
    ("precedence-cutoff", 3, (15, 15)),
    ("source-quench", 4, ALL),
    ("redirect", 5, ALL),
    ("network-redirect", 5, (0, 0)),
    ("host-redirect", 5, (1, 1)),
    ("TOS-network-redirect", 5, (2, 2)),
    ("TOS-host-redirect", 5, (3, 3)),
    ("echo-request", 8, ALL),
    ("ping", 8, ALL),
    ("router-advertisement", 9, ALL),
    ("router-solicitation", 10, ALL),
    ("time-exceeded", 11, ALL),
    ("ttl-exceeded", 11, ALL),
    ("ttl-zero-during-transit", 11, (0, 0)),
    ("ttl-zero-during-reassembly", 11, (1, 1)),
    ("parameter-problem", 12, ALL),
    ("ip-header-bad", 12, (0, 0)),
    ("required-option-missing", 12, (1, 1)),
    ("timestamp-request", 13, ALL),
    ("timestamp-reply", 14, ALL),
    ("address-mask-request", 17, ALL),
    ("address-mask-reply", 18, ALL),
];

/// A code beside the type that stands for all means nothing.
fn read(words: &[&[u8]]) -> Result<Value, String> {
    let value = icmp_type::read(words, &NAMES)?;
    let any = matches!(&value, Value::Ranges(parts) if parts.first().is_some_and(|p| p.0 == u64::from(ANY)));
    Ok(if any { Value::Ranges(vec![(ANY.into(), ANY.into()), (0, 255)]) } else { value })
}

fn lower(part: &Part, _: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    let Some(opt) = part.get("icmp-type") else { return Ok(Vec::new()) };
    Ok(icmp_type::lower(&opt.value, opt.negated, [Field::IcmpType, Field::IcmpCode], Some(ANY.into())))
}
