//! `-m bpf`: a program decides (iptables-extensions(8), *bpf*; net/netfilter/xt_bpf.c). Refused:
//! rules of nft call no programs.

use bstr::ByteSlice;

use crate::save::ast::Part;
use crate::save::ext::lowering::{Cond, Cx, Refusal};
use crate::save::ext::{Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec};
use crate::save::value::number;

pub static EXTENSION: Extension = Extension {
    name: "bpf",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("bytecode", Arg::Text { max: 4096 }),
        OptionSpec::new("object-pinned", Arg::Text { max: 512 }),
    ],
    check: |part, _| {
        shared::one_of(part, &["bytecode", "object-pinned"], true)?;
        part.text("bytecode").map_or(Ok(()), |program| check_program(program))
    },
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::refused("--bytecode", "-m bpf --bytecode \"1,6 0 0 1\" -j ACCEPT", NOTE),
        Coverage::refused("--object-pinned", "-m bpf --object-pinned /sys/fs/bpf/p -j ACCEPT", NOTE),
    ],
};

const NOTE: &str = "rules of nft call no BPF programs";

/// `length,code jt jf k,...`, the instructions of a classic BPF program.
fn check_program(program: &[u8]) -> Result<(), String> {
    let wrong = || "the program is not `length,code jt jf k,...`".to_owned();
    let mut parts = program.split(|&b| b == b',');
    let length = parts.next().and_then(|n| number(n.trim_ascii()).ok()).ok_or_else(wrong)?;
    let is_instruction = |part: &[u8]| {
        let numbers: Vec<&[u8]> = part.fields().collect();
        numbers.len() == 4 && numbers.iter().all(|n| number(n).is_ok())
    };
    let instructions: Vec<&[u8]> = parts.filter(|p| !p.trim_ascii().is_empty()).collect();
    let good = length > 0 && instructions.len() as u64 == length && instructions.iter().all(|p| is_instruction(p));
    if good { Ok(()) } else { Err(wrong()) }
}

fn lower(_: &Part, _: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    let help = "say what the program tests by nft expressions, or attach it to the netfilter hook itself (bpf_link)";
    Err(Refusal::new("bpf", NOTE, help))
}
