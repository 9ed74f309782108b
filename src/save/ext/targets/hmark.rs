//! `-j HMARK`: a mark from a hash of addresses and ports (iptables-extensions(8), *HMARK*;
//! net/netfilter/xt_HMARK.c).
//!
//! The hash is its own: nft's `jhash` gives other marks, of as many, to the same flows.

use bstr::{BString, ByteSlice};

use crate::diag::quote;
use crate::ir::{Assigned, KeyPart, Origin, Rule, Statement, Step, Test, Verdict};
use crate::packet::{CtDirection, CtKey, Family, Field, Interval, IntervalSet, L4, PayloadBase};
use crate::save::ast::Part;
use crate::save::ext::lowering::{Action, Cx, Refusal};
use crate::save::ext::{CheckCx, Coverage, Extension, Families, Lower, shared};
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
    lower: Lower::Target(lower),
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
    Coverage::approximate(option, example, NOTE)
}

const NOTE: &str = "nft's hash gives other marks to the same flows, and without `ct` to the two directions of one";

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
        // The tool takes longer ones for IPv4, and means all bits.
        return match value::number(word)? {
            n if n > 128 && family == Family::Ip6 => Err(format!("/{n} is longer than /{width}")),
            n => Ok(Value::Number(n.min(width))),
        };
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

/// Bits of `--hmark-tuple`.
const CT: u64 = 64;

/// Protocols whose header begins with ports, or has an SPI in their place (include/net/ip.h, `proto_ports_offset`).
const WITH_PORTS: [u128; 6] = [6, 17, 33, 50, 132, 136];

fn lower(part: &Part, cx: &mut Cx) -> Result<Action, Refusal> {
    if !cx.approximate {
        let help = "give --approximate if any even spread of the flows over these marks will do";
        return Err(Refusal::new("hmark", NOTE, help));
    }
    let number = |option| part.number(option).and_then(|n| u32::try_from(n).ok());
    let (modulus, seed) = (number("hmark-mod").unwrap_or(1), number("hmark-rnd").unwrap_or(0));
    let offset = number("hmark-offset").unwrap_or(0);
    if offset.checked_add(modulus - 1).is_none() {
        let reason = "the marks go on beyond the largest number, and nft starts none anew there";
        return Err(Refusal::new("hmark-offset", reason, "take a smaller offset").at("hmark-offset"));
    }
    cx.differs(NOTE);
    let mark = |key: Vec<KeyPart>| {
        let known = key.is_empty() || modulus == 1;
        let hash = Assigned::Hash { key, modulus, seed, offset };
        let value = if known { Assigned::Constant(offset.into()) } else { hash };
        Statement::Assign { field: Field::Mark, value }
    };
    let (addresses, ports) = (addresses(part, cx), ports(part));
    if ports.is_empty() {
        return Ok(Action::Statements(vec![mark(addresses)]));
    }
    let has_ports: IntervalSet = WITH_PORTS.into_iter().map(Interval::point).collect();
    let rule = |negated, key| {
        let protocol = Step::Test(Test::within(Field::L4proto, has_ports.clone(), negated));
        Rule::new([protocol, mark(key).into()], Verdict::Continue, Origin::default())
    };
    let all = addresses.iter().chain(&ports).copied().collect();
    Ok(Action::Block(vec![rule(false, all), rule(true, addresses)]))
}

/// Addresses and the protocol: the packet's, or of its connection the first packet's and those that answers come from.
fn addresses(part: &Part, cx: &Cx) -> Vec<KeyPart> {
    let v6 = cx.family == Family::Ip6;
    let of_connection = tuple(part) & CT != 0;
    let (original, reply) = (CtDirection::Original, CtDirection::Reply);
    let (source, destination) = match (of_connection, v6) {
        (false, _) => (cx.saddr(), cx.daddr()),
        (true, false) => (Field::Ct(CtKey::IpSaddr(original)), Field::Ct(CtKey::IpSaddr(reply))),
        (true, true) => (Field::Ct(CtKey::Ip6Saddr(original)), Field::Ct(CtKey::Ip6Saddr(reply))),
    };
    let width = if v6 { 128u32 } else { 32 };
    let prefix = |option, bit| {
        let length = part.number(option).or((tuple(part) & bit != 0).then_some(width.into()))? as u32;
        let host = u128::MAX.checked_shl(width - length.min(width)).unwrap_or(0);
        Some(host & u128::MAX >> (128 - width))
    };
    let protocol = part.number("hmark-proto-mask").or((tuple(part) & 32 != 0).then_some(0xff)).map(u128::from);
    [
        key(source, prefix("hmark-src-prefix", 1)),
        key(destination, prefix("hmark-dst-prefix", 2)),
        key(Field::L4proto, protocol),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Ports or the SPI, without the bits that the rule sets for all packets.
fn ports(part: &Part) -> Vec<KeyPart> {
    let mask = |option, bit, all: u64, set| {
        let mask = part.number(option).or((tuple(part) & bit != 0).then_some(all))?;
        Some(u128::from(mask & !part.number(set).unwrap_or(0)))
    };
    let of_connection = tuple(part) & CT != 0;
    let (source, destination) = if of_connection {
        (Field::Ct(CtKey::ProtoSrc(CtDirection::Original)), Field::Ct(CtKey::ProtoSrc(CtDirection::Reply)))
    } else {
        (Field::Sport(L4::Th), Field::Dport(L4::Th))
    };
    let spi = Field::Payload { base: PayloadBase::Transport, offset: 0, len: 32 };
    [
        key(source, mask("hmark-sport-mask", 4, 0xffff, "hmark-sport")),
        key(destination, mask("hmark-dport-mask", 8, 0xffff, "hmark-dport")),
        key(spi, mask("hmark-spi-mask", 16, 0xffff_ffff, "hmark-spi")),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn tuple(part: &Part) -> u64 {
    part.number("hmark-tuple").unwrap_or(0)
}

/// A field through a mask; nothing where the mask leaves nothing.
fn key(field: Field, mask: Option<u128>) -> Option<KeyPart> {
    let all = u128::MAX >> (128 - field.width().clamp(1, 128));
    let mask = mask? & all;
    (mask != 0).then_some(KeyPart { field, mask: (mask != all).then_some(mask) })
}
