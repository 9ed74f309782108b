//! `-j NETMAP`: maps a network onto another, host bits kept (iptables-extensions(8), *NETMAP*;
//! net/netfilter/xt_NETMAP.c).

use crate::ir::{Nat, NatData, Verdict};
use crate::nft::ast::{NatFlags, NatKind};
use crate::packet::{Family, Hook};
use crate::save::ast::{Part, TableKind};
use crate::save::ext::lowering::{Action, Cx, Refusal};
use crate::save::ext::{CheckCx, Coverage, Extension, Families, Grade, Lower, shared};
use crate::save::option::{Arg, Net, OptionSpec, Value};

pub static EXTENSION: Extension = Extension {
    name: "NETMAP",
    aliases: &[],
    families: Families::Both,
    options: &[OptionSpec::new("to", Arg::Net)],
    check,
    lower: Lower::Target(lower),
    coverage: &[
        row("-d 198.51.100.0/24 -j NETMAP --to 10.0.0.0/24", Family::Ip),
        row("-d 2001:db8:1::/64 -j NETMAP --to fd00::/64", Family::Ip6),
    ],
};

const fn row(example: &'static str, family: Family) -> Coverage {
    Coverage { option: "--to", grade: Grade::Exact, example, family, note: "" }
}

fn check(part: &Part, cx: &CheckCx) -> Result<(), String> {
    shared::in_tables(cx, &[TableKind::Nat])?;
    shared::needs(part, "to")?;
    match network(part, cx.family) {
        Some(_) => Ok(()),
        None => Err("the mask of `--to` must be a prefix".into()),
    }
}

/// The network and its prefix length; `None` when the mask is no prefix.
fn network(part: &Part, family: Family) -> Option<(u128, u8)> {
    let Value::Nets(nets) = &part.get("to")?.value else { return None };
    let &Net { address, mask } = nets.first()?;
    let width: u32 = if family == Family::Ip6 { 128 } else { 32 };
    let len = mask.count_ones();
    let prefix = len == 0 && mask == 0 || mask.trailing_zeros() + len == width;
    prefix.then_some((address & mask, len as u8))
}

fn lower(part: &Part, cx: &mut Cx) -> Result<Action, Refusal> {
    let to = network(part, cx.family).unwrap_or_default();
    let source = |hook: &Hook| matches!(hook, Hook::Input | Hook::Postrouting);
    let kind = match (cx.hooks.iter().any(source), cx.hooks.iter().all(source)) {
        (true, true) => NatKind::Snat,
        (false, _) => NatKind::Dnat,
        (true, false) => {
            return Err(Refusal::new(
                "netmap-direction",
                "the chain is called both where sources and where destinations are mapped",
                "write the rule into two chains, one for each",
            ));
        }
    };
    let width = if cx.family == Family::Ip6 { 128 } else { 32 };
    // The tests of the rule have chosen the packets: any address they let through is mapped.
    let data = match to {
        (address, len) if len == width => NatData::Fixed { address: Some((address, address)), port: None },
        _ => NatData::Prefix { from: (0, 0), to },
    };
    Ok(Action::Verdict(Verdict::Nat(Box::new(Nat { kind, data, flags: NatFlags::default() }))))
}
