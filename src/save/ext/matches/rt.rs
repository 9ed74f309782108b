//! `-m rt`: the routing header of IPv6 (iptables-extensions(8), *rt*; net/ipv6/netfilter/ip6t_rt.c).

use bstr::BString;

use crate::diag::quote;
use crate::ir::{Step, Test};
use crate::packet::{Exthdr, ExthdrPart, Family, Field, IntervalSet};
use crate::save::ast::{Opt, Part};
use crate::save::ext::lowering::{Cond, Cx, Refusal, in_range};
use crate::save::ext::{Coverage, Extension, Families, Lower, extension_header, shared};
use crate::save::option::{Arg, OptionSpec, Value};
use crate::save::value;

pub static EXTENSION: Extension = Extension {
    name: "rt",
    aliases: &[],
    families: Families::Ip6,
    options: &[
        OptionSpec::new("rt-type", Arg::Number { min: 0, max: u32::MAX as u64 }).not(),
        OptionSpec::new("rt-segsleft", Arg::Range { max: u32::MAX as u64, separator: b':', open: true }).not(),
        OptionSpec::new("rt-len", Arg::Number { min: 0, max: u32::MAX as u64 }).not(),
        OptionSpec::new("rt-0-res", Arg::Flag),
        OptionSpec::new("rt-0-addrs", Arg::Custom { words: 1, read: read_addresses, show: shared::show_text }),
        OptionSpec::new("rt-0-not-strict", Arg::Flag),
    ],
    check,
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--rt-type", "-m rt --rt-type 0 -j DROP").v6(),
        Coverage::exact("! --rt-type", "-m rt ! --rt-type 2 -j DROP").v6(),
        Coverage::exact("--rt-segsleft", "-m rt --rt-segsleft 1:3 -j DROP").v6(),
        Coverage::exact("! --rt-segsleft", "-m rt ! --rt-segsleft 0 -j DROP").v6(),
        Coverage::exact("--rt-len", "-m rt --rt-len 24 -j DROP").v6(),
        Coverage::exact("! --rt-len", "-m rt ! --rt-len 24 -j DROP").v6(),
        Coverage::exact("--rt-0-res", "-m rt --rt-type 0 --rt-0-res -j DROP").v6().note(SAME_PLACES),
        Coverage::exact("--rt-0-addrs", "-m rt --rt-type 0 --rt-0-addrs 2001:db8::1 -j DROP")
            .v6()
            .note("one or two addresses: nft reads no further ones"),
        Coverage::exact(
            "--rt-0-not-strict",
            "-m rt --rt-type 0 --rt-len 40 --rt-0-addrs 2001:db8::1 --rt-0-not-strict -j DROP",
        )
        .v6()
        .note(ANYWHERE),
    ],
};

const SAME_PLACES: &str = "written by the names that fields of segment routing have in the same places";
const ANYWHERE: &str = "where `--rt-len` leaves room for two addresses (at most 48): nft reads no further ones";
/// Addresses of a routing header that nft has a name for.
const NAMED: usize = 2;

fn check(part: &Part, _: &crate::save::ext::CheckCx) -> Result<(), String> {
    let type_0 = part.get("rt-type").is_some_and(|o| !o.negated && o.value == Value::Number(0));
    if (part.has("rt-0-res") || part.has("rt-0-addrs")) && !type_0 {
        return Err("options of type 0 need `--rt-type 0`".into());
    }
    if part.has("rt-0-not-strict") && !part.has("rt-0-addrs") {
        return Err("`--rt-0-not-strict` needs `--rt-0-addrs`".into());
    }
    Ok(())
}

/// Comma-separated addresses, at most 16.
fn read_addresses(words: &[&[u8]], family: Family) -> Result<Value, String> {
    let word = words.first().copied().unwrap_or_default();
    let addresses: Vec<u128> =
        word.split(|&b| b == b',').map(|w| value::read_address(w, family)).collect::<Result<_, _>>()?;
    if addresses.len() > 16 {
        return Err(format!("{} holds more than 16 addresses", quote(word)));
    }
    let shown: Vec<String> = addresses.iter().map(|&a| value::show_address(a, family)).collect();
    Ok(Value::Text(BString::from(shown.join(","))))
}

fn lower(part: &Part, cx: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    let help = "drop all packets with this header: `--rt-type 0` alone";
    let mut out: Vec<Cond> = part.options.iter().filter_map(cond).collect();
    if part.has("rt-0-res") {
        let zero = |part| Test::is(Field::Exthdr(Exthdr::Srh, part), 0).into();
        out.extend([ExthdrPart::SrhLastEntry, ExthdrPart::SrhFlags, ExthdrPart::SrhTag].map(zero));
    }
    if let Some(list) = part.text("rt-0-addrs") {
        let addresses: Vec<u128> =
            list.split(|&b| b == b',').filter_map(|w| value::read_address(w, cx.family).ok()).collect();
        if addresses.len() > NAMED {
            let reason = "nft reads the first two addresses of a routing header only";
            return Err(Refusal::new("rt-0", reason, help).at("rt-0-addrs"));
        }
        if part.has("rt-0-not-strict") {
            let places = places(part).ok_or_else(|| {
                let reason = "nft reads the first two addresses of a routing header only";
                Refusal::new("rt-0", reason, "add --rt-len 24 or --rt-len 40").at("rt-0-not-strict")
            })?;
            out.push(among(&addresses, places));
        } else {
            out.extend(only_addresses(&addresses));
        }
    }
    Ok(if out.is_empty() { vec![extension_header::exists(Exthdr::Rt).into()] } else { out })
}

/// How many addresses there is room for, where the length is asked for and leaves room for those that nft names.
fn places(part: &Part) -> Option<usize> {
    let length = part.get("rt-len").filter(|opt| !opt.negated);
    let bytes = length.and(part.number("rt-len"))?;
    let places = usize::try_from(bytes.saturating_sub(8) / 16).ok()?;
    (places <= NAMED).then_some(places)
}

/// The addresses come in this order among those that there is room for.
fn among(addresses: &[u128], places: usize) -> Cond {
    let place = |at| Field::Exthdr(Exthdr::Srh, ExthdrPart::SrhSid(at));
    match (addresses, places) {
        ([only], 1) => Test::is(place(1), *only).into(),
        ([only], NAMED) => {
            let second = vec![Test::within(place(1), IntervalSet::point(*only), true), Test::is(place(2), *only)];
            let ways = [vec![Test::is(place(1), *only)], second];
            Cond::OneOf(ways.into_iter().map(|way| way.into_iter().map(Step::Test).collect()).collect())
        }
        ([first, second], NAMED) => {
            Cond::OneOf(vec![vec![Test::is(place(1), *first).into(), Test::is(place(2), *second).into()]])
        }
        _ => Cond::Never,
    }
}

/// The header holds these addresses and no others; its length counts units of eight bytes, beyond the first.
fn only_addresses(addresses: &[u128]) -> Vec<Cond> {
    let units = 2 * addresses.len() as u128;
    let length = Field::Exthdr(Exthdr::Rt, ExthdrPart::Hdrlength);
    let length = Test::within(length, IntervalSet::range(units, units + 1), false);
    let is = |(at, address): (u8, &u128)| Test::is(Field::Exthdr(Exthdr::Srh, ExthdrPart::SrhSid(at)), *address);
    std::iter::once(length).chain((1..).zip(addresses).map(is)).map(Cond::from).collect()
}

fn cond(opt: &Opt) -> Option<Cond> {
    let field = |part| Field::Exthdr(Exthdr::Rt, part);
    match (opt.spec.name, &opt.value) {
        ("rt-type", Value::Number(n)) if *n <= 255 => {
            Some(Test::within(field(ExthdrPart::Type), IntervalSet::point((*n).into()), opt.negated).into())
        }
        ("rt-type", _) if opt.negated => Some(extension_header::exists(Exthdr::Rt).into()),
        ("rt-type", _) => Some(Cond::Never),
        ("rt-segsleft", value) => in_range(field(ExthdrPart::SegLeft), value, opt.negated),
        ("rt-len", Value::Number(bytes)) => Some(extension_header::length_is(Exthdr::Rt, *bytes, opt.negated)),
        _ => None,
    }
}
