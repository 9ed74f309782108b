//! `-m cluster`: whether this node of several handles the flow (iptables-extensions(8), *cluster*;
//! net/netfilter/xt_cluster.c). Refused: the test also changes the packet's type.

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
        Coverage::refused("--cluster-total-nodes", EXAMPLE, NOTE),
        Coverage::refused("--cluster-local-node", EXAMPLE, NOTE),
        Coverage::refused("! --cluster-local-node", EXAMPLE, NOTE),
        Coverage::refused("--cluster-local-nodemask", EXAMPLE, NOTE),
        Coverage::refused("! --cluster-local-nodemask", EXAMPLE, NOTE),
        Coverage::refused("--cluster-hash-seed", EXAMPLE, NOTE),
    ],
};

const EXAMPLE: &str = "-m cluster --cluster-total-nodes 2 --cluster-local-node 1 --cluster-hash-seed 5 -j ACCEPT";
const NOTE: &str = "connections that another one announced (FTP data) go by the address of that one, which nft cannot ask; and \
    the test makes packets for a group look like packets for this host";

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

fn lower(_: &Part, _: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    let help = "write `jhash ct original ip saddr mod NODES seed SEED == NODE meta pkttype set host` by hand, nodes \
        counted from 0, where no connection announces others";
    Err(Refusal::new("cluster", NOTE, help))
}
