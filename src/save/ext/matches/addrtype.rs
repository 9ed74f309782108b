//! `-m addrtype`: what the routing tables say of an address (iptables-extensions(8), *addrtype*;
//! net/netfilter/xt_addrtype.c).
//!
//! IPv4 asks whether the type is one of the list. IPv6 does not: MULTICAST, UNICAST and UNSPEC
//! are classes of addresses that must all hold, and only LOCAL, ANYCAST and UNREACHABLE are
//! alternatives, asked of the routes (`match_type6`).

use bstr::BString;

use crate::ir::{Step, Test};
use crate::packet::{Family, FibFlags, FibResult, Field, Hook, Interval, IntervalSet};
use crate::save::ast::{Opt, Part};
use crate::save::ext::lowering::{Cond, Cx, Refusal};
use crate::save::ext::{CheckCx, Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec, Value};

pub static EXTENSION: Extension = Extension {
    name: "addrtype",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("src-type", Arg::Custom { words: 1, read, show }).not(),
        OptionSpec::new("dst-type", Arg::Custom { words: 1, read, show }).not(),
        OptionSpec::new("limit-iface-in", Arg::Flag),
        OptionSpec::new("limit-iface-out", Arg::Flag),
    ],
    check,
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--src-type", "-m addrtype --src-type BROADCAST,MULTICAST -j DROP").note(LINK_LOCAL),
        Coverage::exact("! --src-type", "-m addrtype ! --src-type LOCAL -j ACCEPT").note(LINK_LOCAL),
        Coverage::exact("--dst-type", "-m addrtype --dst-type LOCAL -j ACCEPT").note(LINK_LOCAL),
        Coverage::exact("! --dst-type", "-m addrtype ! --dst-type UNICAST,LOCAL -j DROP").v6().note(LINK_LOCAL),
        Coverage::exact("--limit-iface-in", "-m addrtype --dst-type LOCAL --limit-iface-in -j ACCEPT"),
        Coverage::exact("--limit-iface-out", "-m addrtype --src-type LOCAL --limit-iface-out -j ACCEPT"),
    ],
};

/// `nft_fib6_flowi_init` binds the look-up of such addresses to an interface, `match_lookup_rt6` does not.
const LINK_LOCAL: &str = "IPv6: nft asks the packet's own interface for a link-local address (docs/semantics.md)";

/// Types by name, as bits of their numbers (include/uapi/linux/rtnetlink.h, `RTN_*`).
const TYPES: [(&str, u64); 12] = [
    ("UNSPEC", 1),
    ("UNICAST", 1 << 1),
    ("LOCAL", 1 << 2),
    ("BROADCAST", 1 << 3),
    ("ANYCAST", 1 << 4),
    ("MULTICAST", 1 << 5),
    ("BLACKHOLE", 1 << 6),
    ("UNREACHABLE", 1 << 7),
    ("PROHIBIT", 1 << 8),
    ("THROW", 1 << 9),
    ("NAT", 1 << 10),
    ("XRESOLVE", 1 << 11),
];

/// What IPv6 knows: UNSPEC, UNICAST, LOCAL, ANYCAST, MULTICAST, UNREACHABLE.
const IPV6: u64 = 1 | 1 << 1 | 1 << 2 | 1 << 4 | 1 << 5 | 1 << 7;

fn check(part: &Part, cx: &CheckCx) -> Result<(), String> {
    shared::some_of(part, &["src-type", "dst-type"])?;
    shared::one_of(part, &["limit-iface-in", "limit-iface-out"], false)?;
    if part.has("limit-iface-in") {
        shared::at_hooks(cx, &[Hook::Prerouting, Hook::Input, Hook::Forward])?;
    }
    if part.has("limit-iface-out") {
        shared::at_hooks(cx, &[Hook::Forward, Hook::Output, Hook::Postrouting])?;
    }
    let asked = part.number("src-type").unwrap_or_default() | part.number("dst-type").unwrap_or_default();
    if cx.family == Family::Ip6 && asked & !IPV6 != 0 {
        return Err(format!("the kernel knows no IPv6 type {}", shared::words_of(asked & !IPV6, &TYPES)));
    }
    Ok(())
}

fn read(words: &[&[u8]], _: Family) -> Result<Value, String> {
    shared::beginnings(words.first().copied().unwrap_or_default(), &TYPES).map(Value::Number)
}

fn show(value: &Value, _: Family) -> Vec<BString> {
    match value {
        Value::Number(bits) => vec![shared::words_of(*bits, &TYPES).into()],
        _ => Vec::new(),
    }
}

fn lower(part: &Part, cx: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    let mut out = Vec::new();
    for name in ["src-type", "dst-type"] {
        let Some(opt) = part.get(name) else { continue };
        let source = name == "src-type";
        let flags = FibFlags {
            saddr: source,
            daddr: !source,
            iif: part.has("limit-iface-in"),
            oif: part.has("limit-iface-out"),
            ..FibFlags::default()
        };
        let fib = Field::Fib { flags, result: FibResult::Type };
        let address = if source { cx.saddr() } else { cx.daddr() };
        out.extend(if cx.family == Family::Ip6 { conds6(opt, fib, address) } else { conds4(opt, fib) });
    }
    Ok(out)
}

fn conds4(opt: &Opt, fib: Field) -> Vec<Cond> {
    let Value::Number(bits) = opt.value else { return Vec::new() };
    vec![Test::within(fib, numbers(bits), opt.negated).into()]
}

/// The numbers of the types that are bits.
fn numbers(bits: u64) -> IntervalSet {
    (0..12).filter(|n| bits & 1 << n != 0).map(|n: u32| Interval::point(n.into())).collect()
}

fn conds6(opt: &Opt, fib: Field, address: Field) -> Vec<Cond> {
    let Value::Number(bits) = opt.value else { return Vec::new() };
    let mut class = IntervalSet::full(128);
    for (bit, holds) in [(1 << 5, multicast()), (1 << 1, unicast()), (1, IntervalSet::point(0))] {
        if bits & bit != 0 {
            class = class.intersection(&holds);
        }
    }
    let mut tests = Vec::new();
    if !class.is_full(128) {
        tests.push(Test::within(address, class.clone(), false));
    }
    let routes = routes6(bits);
    if !routes.is_empty() {
        tests.push(Test::within(fib, routes, false));
    }
    match (class.is_empty(), opt.negated, tests.as_slice()) {
        (true, negated, _) => {
            if negated {
                Vec::new()
            } else {
                vec![Cond::Never]
            }
        }
        (_, true, [Test::In { field, set }]) => vec![Test::within(*field, set.clone(), true).into()],
        (_, true, _) => vec![Cond::Not(tests.into_iter().map(Step::Test).collect())],
        (_, false, _) => tests.into_iter().map(Cond::from).collect(),
    }
}

/// LOCAL, ANYCAST, and UNREACHABLE, which stands for every kind of route that rejects.
fn routes6(bits: u64) -> IntervalSet {
    let rejecting = 1 << 6 | 1 << 7 | 1 << 8 | 1 << 9;
    let asked = bits & (1 << 2 | 1 << 4);
    numbers(if bits & 1 << 7 != 0 { asked | rejecting } else { asked })
}

fn multicast() -> IntervalSet {
    IntervalSet::range(0xff << 120, u128::MAX)
}

/// What `__ipv6_addr_type` (net/ipv6/addrconf_core.c) calls unicast: not multicast, not `::`, not
/// `::ffff:0:0/96`.
fn unicast() -> IntervalSet {
    let mapped = IntervalSet::range(0xffff << 32, (0xffff << 32) + 0xffff_ffff);
    IntervalSet::full(128).difference(&multicast()).difference(&mapped).difference(&IntervalSet::point(0))
}
