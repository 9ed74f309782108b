//! `-m cluster`: whether this node of several handles the flow (iptables-extensions(8), *cluster*;
//! net/netfilter/xt_cluster.c).
//!
//! Both hash the IPv4 address that opened the connection by the same function, on processors that put the low byte
//! first. Of an IPv6 address xtables hashes the first 32 bits (`NF_CT_TUPLE_L3SIZE` counts words), which nft cannot ask.
//! The match also makes packets that came to a group's link address, but to this host, look as if sent to it alone.

use crate::ir::{Assigned, Statement, Step, Test};
use crate::packet::{CtDirection, CtKey, Family, Field, Hook, Interval, IntervalSet};
use crate::save::ast::Part;
use crate::save::ext::lowering::{Cond, Cx, Refusal};
use crate::save::ext::{CheckCx, Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec};

pub static EXTENSION: Extension = Extension {
    name: "cluster",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("cluster-total-nodes", Arg::Number { min: 1, max: 32 }),
        OptionSpec::new("cluster-local-node", Arg::Number { min: 1, max: 32 }).not(),
        OptionSpec::new("cluster-local-nodemask", Arg::Number { min: 1, max: u32::MAX as u64 }).not(),
        OptionSpec::new("cluster-hash-seed", Arg::Number { min: 0, max: u32::MAX as u64 }),
    ],
    check,
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::approximate("--cluster-total-nodes", EXAMPLE, NOTE),
        Coverage::approximate("--cluster-local-node", EXAMPLE, NOTE),
        Coverage::approximate("! --cluster-local-node", EXAMPLE, NOTE),
        Coverage::approximate("--cluster-local-nodemask", EXAMPLE, NOTE),
        Coverage::approximate("! --cluster-local-nodemask", EXAMPLE, NOTE),
        Coverage::approximate("--cluster-hash-seed", EXAMPLE, NOTE),
    ],
};

const EXAMPLE: &str = "-m cluster --cluster-total-nodes 2 --cluster-local-node 1 --cluster-hash-seed 5 -j ACCEPT";
const ANNOUNCED: &str =
    "connections that another one announced (FTP data) go by their own address, not by that of the other one";
const NOTE: &str = "connections that another one announced (FTP data) go by their own address, not by that of the other one; \
    for IPv6 all connections are shared out in another way";

const SPREAD: &str = "IPv6 connections are shared out in another way, so that all nodes must change at once";
const LATER: &str = "packets that came to a group's link address stay so";

fn check(part: &Part, _: &CheckCx) -> Result<(), String> {
    shared::needs(part, "cluster-total-nodes")?;
    shared::needs(part, "cluster-hash-seed")?;
    shared::one_of(part, &["cluster-local-node", "cluster-local-nodemask"], true)?;
    let total = part.number("cluster-total-nodes").unwrap_or(32);
    if part.number("cluster-local-node").is_some_and(|n| n > total) {
        return Err("the local node is not among the nodes".into());
    }
    if part.number("cluster-local-nodemask").is_some_and(|mask| mask >= 1 << total) {
        return Err("the mask names nodes that are not there".into());
    }
    Ok(())
}

fn lower(part: &Part, cx: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    if !cx.approximate {
        let help = "give --approximate where no connection announces others";
        return Err(Refusal::new("cluster", NOTE, help));
    }
    cx.differs(ANNOUNCED);
    if cx.family == Family::Ip6 {
        cx.differs(SPREAD);
    }
    let number = |option| part.number(option).and_then(|n| u32::try_from(n).ok());
    let nodes = number("cluster-local-nodemask").or(number("cluster-local-node").map(|n| 1 << (n - 1))).unwrap_or(0);
    let negated = part.options.iter().any(|o| o.negated);
    let total = number("cluster-total-nodes").unwrap_or(1);
    let mine = (0..total).filter(|node| (nodes >> node & 1 == 1) != negated);
    let set: IntervalSet = mine.map(|node| Interval::point(node.into())).collect();
    let direction = CtDirection::Original;
    let address = if cx.family == Family::Ip6 { CtKey::Ip6Saddr(direction) } else { CtKey::IpSaddr(direction) };
    let all = set == IntervalSet::range(0, (total - 1).into());
    let here = if set.is_empty() {
        Cond::Never
    } else if all {
        Test::within(Field::Ct(address), IntervalSet::full(Field::Ct(address).width()), false).into()
    } else {
        let seed = number("cluster-hash-seed").unwrap_or(0);
        let fields = [Field::Ct(address)].into_iter().collect();
        Test::Hash { fields, modulus: total, seed, set: Box::new(set) }.into()
    };
    // nft changes the type before routing only, which is where rules for clusters stand.
    if cx.hooks.iter().any(|hook| *hook != Hook::Prerouting) {
        cx.differs(LATER);
        return Ok(vec![here]);
    }
    Ok(vec![Cond::Also(to_this_host(cx)), here])
}

/// What came to a group's link address, but to an address that is none of a group, is taken for sent to this host.
fn to_this_host(cx: &Cx) -> Vec<Step> {
    const HOST: u128 = 0;
    const MULTICAST: u128 = 2;
    let groups = if cx.family == Family::Ip6 {
        IntervalSet::range(0xff << 120, u128::MAX)
    } else {
        IntervalSet::range(0xe000_0000, 0xefff_ffff)
    };
    vec![
        Test::is(Field::Pkttype, MULTICAST).into(),
        Test::within(cx.daddr(), groups, true).into(),
        Statement::Assign { field: Field::Pkttype, value: Assigned::Constant(HOST) }.into(),
    ]
}
