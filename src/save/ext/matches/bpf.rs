//! `-m bpf`: a program decides (iptables-extensions(8), *bpf*; net/netfilter/xt_bpf.c).
//!
//! A classic program that loads bytes, masks and compares them is so many ways through it, each of them a list of
//! tests; a load beyond the packet's end refuses the packet, as a test of nft does. Other programs are refused.

use bstr::{BString, ByteSlice};

use crate::packet::Family;
use crate::save::ast::Part;
use crate::save::ext::lowering::{Cond, Cx, Refusal};
use crate::save::ext::{Coverage, Extension, Families, Lower, program, shared, word};
use crate::save::option::{Arg, OptionSpec, Value};

pub static EXTENSION: Extension = Extension {
    name: "bpf",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("bytecode", Arg::Custom { words: 1, read, show }),
        OptionSpec::new("object-pinned", Arg::Text { max: 512 }),
    ],
    check: |part, _| shared::one_of(part, &["bytecode", "object-pinned"], true),
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--bytecode", "-m bpf --bytecode \"4,48 0 0 9,21 0 1 6,6 0 0 1,6 0 0 0\" -j ACCEPT").note(NOTE),
        Coverage::refused("--object-pinned", "-m bpf --object-pinned /sys/fs/bpf/p -j ACCEPT", PINNED),
    ],
};

const NOTE: &str = "programs that load, mask, shift and compare bytes of the packet, as tcpdump's compiler makes them for \
    addresses, protocols and ports; others are refused";
const PINNED: &str = "rules of nft call no programs, and what this one does does not stand in the dump";

/// Most instructions (include/uapi/linux/netfilter/xt_bpf.h, `XT_BPF_MAX_NUM_INSTR`).
const MOST: u64 = 64;

/// `length,code jt jf k,...`, the instructions of a classic BPF program.
fn read(words: &[&[u8]], _: Family) -> Result<Value, String> {
    let wrong = || "the program is not `length,code jt jf k,...`".to_owned();
    let text = words.first().copied().unwrap_or_default();
    let mut parts = text.split(|&b| b == b',');
    let length = parts.next().and_then(decimal).ok_or_else(wrong)?;
    let instruction = |part: &[u8]| -> Option<Value> {
        let numbers: Option<Vec<u64>> = part.fields().map(decimal).collect();
        match numbers?.as_slice() {
            &[code @ 0..=0xffff, jt @ 0..=0xff, jf @ 0..=0xff, k @ 0..=0xffff_ffff] => {
                Some(Value::Ranges(vec![(code, k), (jt, jf)]))
            }
            _ => None,
        }
    };
    let instructions = parts.filter(|p| !p.trim_ascii().is_empty()).map(instruction).collect::<Option<Vec<_>>>();
    let instructions = instructions.ok_or_else(wrong)?;
    if length > MOST {
        return Err(format!("a program has at most {MOST} instructions"));
    }
    let good = length > 0 && instructions.len() as u64 == length;
    if good { Ok(Value::List(instructions)) } else { Err(wrong()) }
}

fn decimal(word: &[u8]) -> Option<u64> {
    let word = word.trim_ascii();
    let fits = !word.is_empty() && word.len() <= 10 && word.iter().all(u8::is_ascii_digit);
    fits.then(|| word.to_str().ok()?.parse().ok()).flatten()
}

fn show(value: &Value, _: Family) -> Vec<BString> {
    let Value::List(instructions) = value else { return Vec::new() };
    let mut text = instructions.len().to_string();
    for instruction in instructions {
        if let Value::Ranges(pairs) = instruction
            && let &[(code, k), (jt, jf)] = pairs.as_slice()
        {
            text.push_str(&format!(",{code} {jt} {jf} {k}"));
        }
    }
    vec![text.into()]
}

fn lower(part: &Part, cx: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    let Some(Value::List(program)) = part.get("bytecode").map(|opt| &opt.value) else {
        let help = "attach the program to the netfilter hook itself (bpf_link), or say what it tests in nft";
        return Err(Refusal::new("bpf", PINNED, help).at("object-pinned"));
    };
    let ways = program::ways(program, program::Around { family: cx.family, reassembled: cx.reassembled }).map_err(
        |reason| {
            let help =
                "say what the program tests by nft expressions, or attach it to the netfilter hook itself (bpf_link)";
            Refusal::new("bpf", reason, help).at("bytecode")
        },
    )?;
    Ok(word::conditions(ways, false))
}
