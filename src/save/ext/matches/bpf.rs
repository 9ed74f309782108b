//! `-m bpf`: a program decides (iptables-extensions(8), *bpf*; net/netfilter/xt_bpf.c). Refused:
//! rules of nft call no programs.

use crate::save::ast::Part;
use crate::save::ext::lowering::{Cond, Cx, Refusal};
use crate::save::ext::{Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec};

pub static EXTENSION: Extension = Extension {
    name: "bpf",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("bytecode", Arg::Text { max: 4096 }),
        OptionSpec::new("object-pinned", Arg::Text { max: 512 }),
    ],
    check: |part, _| shared::one_of(part, &["bytecode", "object-pinned"], true),
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::refused("--bytecode", "-m bpf --bytecode \"1,6 0 0 1\" -j ACCEPT", NOTE),
        Coverage::refused("--object-pinned", "-m bpf --object-pinned /sys/fs/bpf/p -j ACCEPT", NOTE),
    ],
};

const NOTE: &str = "rules of nft call no BPF programs";

fn lower(_: &Part, _: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    let help = "say what the program tests by nft expressions, or attach it to the netfilter hook itself (bpf_link)";
    Err(Refusal::new("bpf", NOTE, help))
}
