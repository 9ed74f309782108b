//! `-j CLUSTERIP`: several machines that share an address (iptables-extensions(8), *CLUSTERIP*;
//! net/ipv4/netfilter/ipt_CLUSTERIP.c, removed in Linux 6.7). Known in order to be refused well.

use crate::packet::{Family, Hook};
use crate::save::ext::lowering::Refusal;
use crate::save::ext::{Coverage, Extension, Families, Grade, Lower, shared};
use crate::save::option::{Arg, OptionSpec};

const MODES: &[(&str, u64)] = &[("sourceip", 0), ("sourceip-sourceport", 1), ("sourceip-sourceport-destport", 2)];

pub static EXTENSION: Extension = Extension {
    name: "CLUSTERIP",
    aliases: &[],
    families: Families::Ip,
    options: &[
        OptionSpec::new("new", Arg::Flag),
        OptionSpec::new("hashmode", Arg::Word(MODES)),
        OptionSpec::new("clustermac", Arg::Mac),
        OptionSpec::new("total-nodes", Arg::Number { min: 1, max: 16 }),
        OptionSpec::new("local-node", Arg::Number { min: 1, max: 16 }),
        OptionSpec::new("hash-init", Arg::Number { min: 0, max: 0xffff_ffff }),
    ],
    check: |part, cx| {
        shared::at_hooks(cx, &[Hook::Input])?;
        if !part.has("new") {
            return if part.options.is_empty() { Ok(()) } else { Err("the other options need --new".into()) };
        }
        ["hashmode", "clustermac", "total-nodes", "local-node"].iter().try_for_each(|o| shared::needs(part, o))
    },
    lower: Lower::Target(|_, _| {
        Err(Refusal::new(
            "clusterip",
            "nft does not answer ARP for a shared address, and the kernel dropped CLUSTERIP in 6.7",
            "use a cluster address from keepalived, or `jhash` of the source address with a multicast MAC that `arp` rules set",
        ))
    }),
    coverage: &[
        row("--new"),
        row("--hashmode"),
        row("--clustermac"),
        row("--total-nodes"),
        row("--local-node"),
        row("--hash-init"),
    ],
};

const fn row(option: &'static str) -> Coverage {
    Coverage {
        option,
        grade: Grade::Refused,
        example: "-i eth0 -j CLUSTERIP --new --hashmode sourceip --clustermac 01:00:5e:00:00:01 --total-nodes 2 \
                  --local-node 1 --hash-init 7",
        family: Family::Ip,
        note: "nft does not answer ARP for a shared address",
    }
}
