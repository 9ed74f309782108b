//! `-m policy`: whether IPsec handled the packet, or will (iptables-extensions(8), *policy*;
//! net/netfilter/xt_policy.c).
//!
//! With `--strict` the elements must be all the transforms, in order; without it the one element
//! must be among them.

use smallvec::SmallVec;

use crate::ir::{Step, Test};
use crate::packet::{Field, Hook, IntervalSet, IpsecDirection, IpsecKey, RtKey};
use crate::save::ast::{Opt, Part};
use crate::save::ext::lowering::{Cond, Cx, Refusal};
use crate::save::ext::{CheckCx, Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec, Value};

pub static EXTENSION: Extension = Extension {
    name: "policy",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("dir", Arg::Word(&[("in", 0), ("out", 1)])),
        OptionSpec::new("pol", Arg::Word(&[("none", 0), ("ipsec", 1)])),
        OptionSpec::new("strict", Arg::Flag),
        OptionSpec::new("reqid", Arg::Number { min: 0, max: u32::MAX as u64 }).not().many(),
        OptionSpec::new("spi", Arg::Number { min: 0, max: u32::MAX as u64 }).not().many(),
        OptionSpec::new("proto", Arg::Protocol).not().many(),
        OptionSpec::new("mode", Arg::Word(&[("transport", 0), ("tunnel", 1)])).not().many(),
        OptionSpec::new("tunnel-src", Arg::Net).not().many(),
        OptionSpec::new("tunnel-dst", Arg::Net).not().many(),
        OptionSpec::new("next", Arg::Flag).many(),
    ],
    check,
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--dir", "-m policy --dir in --pol ipsec -j ACCEPT"),
        Coverage::exact("--pol", "-m policy --dir in --pol none -j DROP"),
        Coverage::exact("--strict", "-m policy --dir in --pol ipsec --strict --reqid 5 -j ACCEPT"),
        Coverage::exact("--reqid", "-m policy --dir in --pol ipsec --reqid 5 -j ACCEPT"),
        Coverage::exact("! --reqid", "-m policy --dir in --pol ipsec ! --reqid 5 -j ACCEPT"),
        Coverage::exact("--spi", "-m policy --dir in --pol ipsec --spi 0x100 -j ACCEPT"),
        Coverage::exact("! --spi", "-m policy --dir in --pol ipsec ! --spi 0x100 -j ACCEPT"),
        Coverage::refused("--proto", "-m policy --dir in --pol ipsec --proto esp -j ACCEPT", NOTE),
        Coverage::refused("! --proto", "-m policy --dir in --pol ipsec ! --proto esp -j ACCEPT", NOTE),
        Coverage::refused("--mode", "-m policy --dir in --pol ipsec --mode tunnel -j ACCEPT", NOTE),
        Coverage::refused("! --mode", "-m policy --dir in --pol ipsec ! --mode tunnel -j ACCEPT", NOTE),
        Coverage::refused("--tunnel-src", TUNNEL, NOTE),
        Coverage::refused("! --tunnel-src", TUNNEL, NOTE),
        Coverage::refused("--tunnel-dst", TUNNEL, NOTE),
        Coverage::refused("! --tunnel-dst", TUNNEL, NOTE),
        Coverage::exact("--next", "-m policy --dir out --pol ipsec --strict --reqid 5 --next --reqid 6 -j ACCEPT")
            .note("outgoing packets only: the kernel's test of incoming ones is broken"),
    ],
};

const TUNNEL: &str =
    "-m policy --dir in --pol ipsec --mode tunnel --tunnel-src 192.0.2.1 --tunnel-dst 192.0.2.2 -j ACCEPT";
const NOTE: &str = "nft sees the request id and SPI of a transform, not its protocol or mode";

/// Elements of a policy (include/uapi/linux/netfilter/xt_policy.h), and transforms of a packet
/// (include/net/xfrm.h, `XFRM_MAX_DEPTH`).
const MOST_ELEMENTS: usize = 4;
const DEPTH: u8 = 6;

/// Options of one element.
type Element<'a> = SmallVec<[&'a Opt; 2]>;

fn elements(part: &Part) -> Vec<Element<'_>> {
    let mut out = vec![Element::new()];
    for opt in &part.options {
        match opt.spec.name {
            "dir" | "pol" | "strict" => {}
            "next" => out.push(Element::new()),
            _ => {
                if let Some(last) = out.last_mut() {
                    last.push(opt);
                }
            }
        }
    }
    out
}

fn check(part: &Part, cx: &CheckCx) -> Result<(), String> {
    shared::needs(part, "dir")?;
    if part.number("dir") == Some(0) {
        shared::at_hooks(cx, &[Hook::Prerouting, Hook::Input, Hook::Forward])?;
    } else {
        shared::at_hooks(cx, &[Hook::Forward, Hook::Output, Hook::Postrouting])?;
    }
    let elements = elements(part);
    if part.number("pol") == Some(0) && part.has("strict") {
        return Err("`--pol none` leaves nothing to be strict about".into());
    }
    if elements.len() > MOST_ELEMENTS {
        return Err(format!("at most {MOST_ELEMENTS} elements fit"));
    }
    if part.has("next") && !part.has("strict") {
        return Err("`--next` needs `--strict`".into());
    }
    elements.iter().try_for_each(|e| check_element(e, part.has("strict")))
}

fn check_element(element: &Element, strict: bool) -> Result<(), String> {
    if strict && element.is_empty() {
        return Err("an element says nothing, and with `--strict` it must".into());
    }
    for (at, opt) in element.iter().enumerate() {
        if element.iter().take(at).any(|o| o.spec.name == opt.spec.name) {
            return Err(format!("`--{}` is given twice in one element", opt.spec.name));
        }
        if opt.spec.name == "proto" && !matches!(opt.value, Value::Number(50 | 51 | 108)) {
            return Err("`--proto` is esp, ah or ipcomp".into());
        }
    }
    let tunnel = element.iter().any(|o| o.spec.name == "mode" && (o.value == Value::Number(1)) != o.negated);
    let addresses = element.iter().any(|o| o.spec.name.starts_with("tunnel-"));
    if addresses && !tunnel { Err("addresses need `--mode tunnel`".into()) } else { Ok(()) }
}

fn lower(part: &Part, _: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    let dir = if part.number("dir") == Some(0) { IpsecDirection::In } else { IpsecDirection::Out };
    let handled = match dir {
        IpsecDirection::In => Field::Secpath,
        IpsecDirection::Out => Field::Rt(RtKey::Ipsec),
    };
    if part.number("pol") == Some(0) {
        return Ok(vec![Test::is(handled, 0).into()]);
    }
    let elements = elements(part);
    if let Some(opt) = elements.iter().flatten().find(|o| !matches!(o.spec.name, "reqid" | "spi")) {
        let help = "match --reqid or --spi, which name the transform, or mark packets by the policy";
        return Err(Refusal::new("policy-element", NOTE, help).at(opt.spec.name));
    }
    if part.has("next") && dir == IpsecDirection::In {
        let reason =
            "kernels of 2025 and before compare the elements of incoming packets with memory that is not theirs";
        let help = "ask for one element; IPsec in IPsec is rare";
        return Err(Refusal::new("policy-next", reason, help).at("next"));
    }
    if part.has("strict") {
        return Ok(strict(&elements, dir));
    }
    match elements.first().map(SmallVec::as_slice) {
        Some([only]) => Ok(vec![any_of(only, dir)]),
        Some([_, other, ..]) => {
            let reason =
                "without --strict any one transform must have all of this, which nft can say of one thing only";
            Err(Refusal::new("policy-any", reason, "add --strict, or ask for the SPI alone").at(other.spec.name))
        }
        _ => Ok(vec![Test::is(handled, 1).into()]),
    }
}

/// The transform with this number, the one done or to be done first having number 0.
fn transform(opt: &Opt, dir: IpsecDirection, number: u8, negated: bool) -> Test {
    let key = if opt.spec.name == "spi" { IpsecKey::Spi } else { IpsecKey::Reqid };
    let value = if let Value::Number(n) = opt.value { n } else { 0 };
    Test::within(Field::Ipsec { dir, spnum: number, key }, IntervalSet::point(value.into()), negated)
}

/// The first transform that fits is the one with some number: all before it do not fit.
fn any_of(opt: &Opt, dir: IpsecDirection) -> Cond {
    let way = |number: u8| {
        let before = (0..number).map(|n| transform(opt, dir, n, !opt.negated));
        before.chain([transform(opt, dir, number, opt.negated)]).map(Step::Test).collect()
    };
    Cond::OneOf((0..DEPTH).map(way).collect())
}

/// Each element fits its transform, and there is no further one.
fn strict(elements: &[Element], dir: IpsecDirection) -> Vec<Cond> {
    let count = elements.len() as u8;
    let fits = |(at, element): (usize, &Element)| -> Vec<Cond> {
        element.iter().map(|opt| transform(opt, dir, at as u8, opt.negated).into()).collect()
    };
    let mut out: Vec<Cond> = elements.iter().enumerate().flat_map(fits).collect();
    let further = Field::Ipsec { dir, spnum: count, key: IpsecKey::Reqid };
    out.push(Cond::Not(vec![Step::Test(Test::within(further, IntervalSet::full(32), false))]));
    out
}
