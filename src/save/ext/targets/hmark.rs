//! `-j HMARK`: a mark from a hash of addresses and ports (iptables-extensions(8), *HMARK*;
//! net/netfilter/xt_HMARK.c).
//!
//! The hash is its own: nft's `jhash` gives other marks to the same flows.

use bstr::{BString, ByteSlice};

use crate::diag::quote;
use crate::packet::Family;
use crate::save::ast::Part;
use crate::save::ext::lowering::Refusal;
use crate::save::ext::{CheckCx, Coverage, Extension, Families, Grade, Lower, shared};
use crate::save::option::{Arg, OptionSpec, Value};
use crate::save::value;

const WORD: Arg = Arg::Number { min: 0, max: 0xffff_ffff };
const PORT: Arg = Arg::Number { min: 0, max: 0xffff };
const PREFIX: Arg = Arg::Custom { words: 1, read: read_prefix, show: show_prefix };

/// Parts of the packet that `--hmark-tuple` names; each stands for a full mask of its own option.
const TUPLE: &[(&str, u64)] =
    &[("src", 1), ("dst", 2), ("sport", 4), ("dport", 8), ("spi", 16), ("proto", 32), ("ct", 64)];

pub static EXTENSION: Extension = Extension {
    name: "HMARK",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("hmark-tuple", Arg::Words(TUPLE)),
        OptionSpec::new("hmark-mod", Arg::Number { min: 1, max: 0xffff_ffff }),
        OptionSpec::new("hmark-offset", WORD),
        OptionSpec::new("hmark-rnd", WORD),
        OptionSpec::new("hmark-src-prefix", PREFIX),
        OptionSpec::new("hmark-dst-prefix", PREFIX),
        OptionSpec::new("hmark-sport-mask", PORT),
        OptionSpec::new("hmark-dport-mask", PORT),
        OptionSpec::new("hmark-sport", PORT),
        OptionSpec::new("hmark-dport", PORT),
        OptionSpec::new("hmark-spi-mask", WORD),
        OptionSpec::new("hmark-spi", WORD),
        OptionSpec::new("hmark-proto-mask", PORT),
    ],
    check,
    lower: Lower::Target(|_, _| {
        Err(Refusal::new(
            "hmark",
            "nft's hash gives other marks to the same flows",
            "write `meta mark set jhash ip saddr . ip daddr mod 10 seed 0x1 offset 100`, if any even spread will do",
        ))
    }),
    coverage: &[
        row("--hmark-tuple", TUPLED),
        row("--hmark-mod", TUPLED),
        row("--hmark-offset", TUPLED),
        row("--hmark-rnd", TUPLED),
        row("--hmark-src-prefix", "-j HMARK --hmark-src-prefix 24 --hmark-mod 10 --hmark-rnd 1"),
        row("--hmark-dst-prefix", "-j HMARK --hmark-dst-prefix 24 --hmark-mod 10 --hmark-rnd 1"),
        row("--hmark-sport-mask", "-j HMARK --hmark-sport-mask 0xff --hmark-mod 10 --hmark-rnd 1"),
        row("--hmark-dport-mask", "-j HMARK --hmark-dport-mask 0xff --hmark-mod 10 --hmark-rnd 1"),
        row("--hmark-sport", "-j HMARK --hmark-sport 80 --hmark-mod 10 --hmark-rnd 1"),
        row("--hmark-dport", "-j HMARK --hmark-dport 80 --hmark-mod 10 --hmark-rnd 1"),
        row("--hmark-spi-mask", "-j HMARK --hmark-spi-mask 0xff --hmark-mod 10 --hmark-rnd 1"),
        row("--hmark-spi", "-j HMARK --hmark-spi 80 --hmark-mod 10 --hmark-rnd 1"),
        row("--hmark-proto-mask", "-j HMARK --hmark-proto-mask 0xff --hmark-mod 10 --hmark-rnd 1"),
    ],
};

const TUPLED: &str = "-j HMARK --hmark-tuple src,dst,proto --hmark-mod 10 --hmark-offset 100 --hmark-rnd 1";

const fn row(option: &'static str, example: &'static str) -> Coverage {
    let note = "nft's hash gives other marks to the same flows";
    Coverage { option, grade: Grade::Refused, example, family: Family::Ip, note }
}

fn check(part: &Part, _: &CheckCx) -> Result<(), String> {
    for option in ["hmark-mod", "hmark-rnd"] {
        shared::needs(part, option)?;
    }
    if part.options.iter().all(|o| matches!(o.spec.name, "hmark-mod" | "hmark-rnd" | "hmark-offset")) {
        return Err("`--hmark-tuple` must say what is hashed".into());
    }
    let tuple = part.number("hmark-tuple").unwrap_or(0);
    let doubles = [("hmark-src-prefix", 1), ("hmark-dst-prefix", 2), ("hmark-sport-mask", 4), ("hmark-dport-mask", 8)];
    if let Some((option, _)) = doubles.iter().find(|(option, bit)| part.has(option) && tuple & bit != 0) {
        return Err(format!("`--{option}` says again what `--hmark-tuple` says"));
    }
    let ports = part.has("hmark-sport-mask") || part.has("hmark-dport-mask") || tuple & 12 != 0;
    if ports && (part.has("hmark-spi-mask") || tuple & 16 != 0) {
        return Err("ports and SPIs cannot be hashed together".into());
    }
    Ok(())
}

/// A prefix length or a netmask.
fn read_prefix(words: &[&[u8]], family: Family) -> Result<Value, String> {
    let word = words.first().copied().unwrap_or_default();
    let width = if family == Family::Ip6 { 128 } else { 32 };
    if word.find_byteset(b".:").is_none() {
        return value::number(word).map(|n| Value::Number(n.min(width)));
    }
    let ones = value::read_address(word, family)?.count_ones();
    if ones == 0 { Err(format!("{} is no netmask", quote(word))) } else { Ok(Value::Number(ones.into())) }
}

fn show_prefix(value: &Value, _: Family) -> Vec<BString> {
    match value {
        Value::Number(n) => vec![n.to_string().into()],
        _ => Vec::new(),
    }
}
