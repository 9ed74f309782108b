//! `-m policy`: whether IPsec handled the packet, or will (iptables-extensions(8), *policy*;
//! net/netfilter/xt_policy.c).
//!
//! With `--strict` the elements must be all the transforms, in order; without it the one element
//! must be among them.

use smallvec::SmallVec;

use crate::ir::{Step, Test};
use crate::packet::{Family, Field, Hook, IntervalSet, IpsecDirection, IpsecKey, RtKey};
use crate::save::ast::{Opt, Part};
use crate::save::ext::lowering::{Cond, Cx, Fact, Refusal, net};
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
        Coverage::approximate("--proto", "-m policy --dir in --pol ipsec --reqid 5 --proto esp -j ACCEPT", LEFT_OUT),
        Coverage::refused("! --proto", "-m policy --dir in --pol ipsec ! --proto esp -j ACCEPT", NOTE),
        Coverage::approximate("--mode", "-m policy --dir in --pol ipsec --reqid 5 --mode tunnel -j ACCEPT", MODE),
        Coverage::approximate("! --mode", "-m policy --dir in --pol ipsec ! --mode tunnel -j ACCEPT", MODE),
        Coverage::approximate("--tunnel-src", TUNNEL, LEFT_OUT),
        Coverage::approximate("! --tunnel-src", NO_TUNNEL, LEFT_OUT),
        Coverage::approximate("--tunnel-dst", TUNNEL, LEFT_OUT),
        Coverage::approximate("! --tunnel-dst", NO_TUNNEL, LEFT_OUT),
        Coverage::exact("--next", "-m policy --dir out --pol ipsec --strict --reqid 5 --next --reqid 6 -j ACCEPT")
            .note("outgoing packets only: the kernel's test of incoming ones is broken"),
    ],
};

const TUNNEL: &str =
    "-m policy --dir in --pol ipsec --mode tunnel --tunnel-src 192.0.2.1 --tunnel-dst 192.0.2.2 -j ACCEPT";
const NO_TUNNEL: &str =
    "-m policy --dir in --pol ipsec --mode tunnel ! --tunnel-src 192.0.2.1 ! --tunnel-dst 192.0.2.2 -j ACCEPT";
const NOTE: &str = "nft sees the request id, SPI and outer addresses of a transform, not its protocol";
const MODE: &str = "what has outer addresses is taken for a tunnel, as BEET has, and without --strict the first transform is \
    asked only";
const LEFT_OUT: &str = "its protocol is not asked for, and without --strict only the first transform is, where several things \
    are asked for";

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

fn lower(part: &Part, cx: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    let dir = if part.number("dir") == Some(0) { IpsecDirection::In } else { IpsecDirection::Out };
    let handled = match dir {
        IpsecDirection::In => Field::Secpath,
        IpsecDirection::Out => Field::Rt(RtKey::Ipsec),
    };
    if part.number("pol") == Some(0) {
        return Ok(vec![Test::is(handled, 0).into()]);
    }
    let mut elements = elements(part);
    let modes = modes(&elements, dir);
    leave_out(&mut elements, cx)?;
    if part.has("next") && dir == IpsecDirection::In {
        let reason =
            "kernels of 2025 and before compare the elements of incoming packets with memory that is not theirs";
        let help = "ask for one element; IPsec in IPsec is rare";
        return Err(Refusal::new("policy-next", reason, help).at("next"));
    }
    let mut out = if part.has("strict") { strict(&elements, dir, cx.family) } else { first(&elements, dir, cx)? };
    if out.is_empty() {
        out.push(Test::is(handled, 1).into());
    }
    out.extend(modes);
    Ok(out)
}

/// Whether transforms have outer addresses, of either family, which those of tunnels have.
fn modes(elements: &[Element], dir: IpsecDirection) -> Vec<Cond> {
    let mut out = Vec::new();
    for (element, spnum) in elements.iter().zip(0..) {
        let Some(opt) = element.iter().find(|o| o.spec.name == "mode") else { continue };
        let has = |key| {
            let field = Field::Ipsec { dir, spnum, key };
            vec![Step::Test(Test::within(field, IntervalSet::full(field.width()), false))]
        };
        let either = [has(IpsecKey::IpSaddr), has(IpsecKey::Ip6Saddr)];
        if (opt.value == Value::Number(1)) == opt.negated {
            out.extend(either.map(Cond::Not));
        } else {
            out.push(Cond::OneOf(either.into()));
        }
    }
    out
}

/// Without `--strict`: the tests of the one element.
fn first(elements: &[Element], dir: IpsecDirection, cx: &Cx) -> Result<Vec<Cond>, Refusal> {
    match elements.first().map(SmallVec::as_slice) {
        Some([only]) => Ok(vec![any_of(only, dir, cx.family)]),
        Some([_, other, ..]) if !cx.approximate => {
            let reason =
                "without --strict any one transform must have all of this, which nft can say of one thing only";
            let help = "add --strict, or ask for the SPI alone, or give --approximate where there is one transform";
            Err(Refusal::new("policy-any", reason, help).at(other.spec.name))
        }
        Some(first @ [_, ..]) => {
            Ok(first.iter().filter_map(|opt| transform(opt, dir, 0, opt.negated, cx.family)).map(Cond::from).collect())
        }
        _ => Ok(Vec::new()),
    }
}

/// Takes out the protocol, which nft does not see, and the mode, which is asked for in another way, where that is
/// wanted.
fn leave_out(elements: &mut [Element], cx: &mut Cx) -> Result<(), Refusal> {
    let unseen = |o: &&Opt| !matches!(o.spec.name, "reqid" | "spi");
    let Some(first) = elements.iter().flatten().find(|o| unseen(o)).map(|o| o.spec.name) else { return Ok(()) };
    let never = |o: &&&Opt| o.spec.name == "proto" && o.negated;
    if let Some(opt) = elements.iter().flatten().find(never) {
        let help = "match --reqid or --spi, which name the transform, or mark packets by the policy";
        return Err(Refusal::new("policy-element", NOTE, help).at(opt.spec.name));
    }
    if !cx.approximate {
        let help = "match --reqid or --spi, which name the transform, or give --approximate to leave the protocol out";
        return Err(Refusal::new("policy-element", NOTE, help).at(first));
    }
    if elements.iter().flatten().any(|o| o.spec.name == "mode") {
        cx.differs(MODE);
    }
    if elements.iter().flatten().any(|o| o.spec.name != "mode" && unseen(o)) {
        cx.differs(LEFT_OUT);
    }
    elements.iter_mut().for_each(|element| element.retain(|o| !matches!(o.spec.name, "proto" | "mode")));
    Ok(())
}

/// The transform with this number, the one done or to be done first having number 0; nothing to ask when it
/// always fits.
fn transform(opt: &Opt, dir: IpsecDirection, spnum: u8, negated: bool, family: Family) -> Option<Test> {
    let field = |key| Field::Ipsec { dir, spnum, key };
    let key = match (opt.spec.name, family) {
        ("spi", _) => IpsecKey::Spi,
        ("tunnel-src", Family::Ip6) => IpsecKey::Ip6Saddr,
        ("tunnel-src", _) => IpsecKey::IpSaddr,
        ("tunnel-dst", Family::Ip6) => IpsecKey::Ip6Daddr,
        ("tunnel-dst", _) => IpsecKey::IpDaddr,
        _ => IpsecKey::Reqid,
    };
    match &opt.value {
        Value::Nets(nets) => match net(field(key), nets.first()?, negated, family) {
            Fact::Test(test) => Some(test),
            Fact::Always => None,
            Fact::Never => Some(Test::within(field(key), IntervalSet::full(field(key).width()), true)),
        },
        Value::Number(n) => Some(Test::within(field(key), IntervalSet::point((*n).into()), negated)),
        _ => None,
    }
}

/// The first transform that fits is the one with some number: all before it do not fit.
fn any_of(opt: &Opt, dir: IpsecDirection, family: Family) -> Cond {
    let way = |number: u8| {
        let before = (0..number).map(|n| transform(opt, dir, n, !opt.negated, family));
        before.chain([transform(opt, dir, number, opt.negated, family)]).flatten().map(Step::Test).collect()
    };
    Cond::OneOf((0..DEPTH).map(way).collect())
}

/// Each element fits its transform, and there is no further one.
fn strict(elements: &[Element], dir: IpsecDirection, family: Family) -> Vec<Cond> {
    let count = elements.len() as u8;
    let fits = |(at, element): (usize, &Element)| -> Vec<Cond> {
        let tests = element.iter().filter_map(|opt| transform(opt, dir, at as u8, opt.negated, family));
        tests.map(Cond::from).collect()
    };
    let mut out: Vec<Cond> = elements.iter().enumerate().flat_map(fits).collect();
    let further = Field::Ipsec { dir, spnum: count, key: IpsecKey::Reqid };
    out.push(Cond::Not(vec![Step::Test(Test::within(further, IntervalSet::full(32), false))]));
    out
}
