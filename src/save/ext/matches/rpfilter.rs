//! `-m rpfilter`: whether the route back to the sender leaves by the interface the packet came
//! in by (iptables-extensions(8), *rpfilter*; net/ipv4/netfilter/ipt_rpfilter.c, net/ipv6/netfilter/ip6t_rpfilter.c).

use crate::ir::Test;
use crate::packet::{Family, FibFlags, FibResult, Field, Hook, IntervalSet};
use crate::save::ast::{Part, TableKind};
use crate::save::ext::lowering::{Cond, Cx, Refusal};
use crate::save::ext::{Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec};

pub static EXTENSION: Extension = Extension {
    name: "rpfilter",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("loose", Arg::Flag),
        OptionSpec::new("validmark", Arg::Flag),
        OptionSpec::new("accept-local", Arg::Flag),
        OptionSpec::new("invert", Arg::Flag),
    ],
    check: |_, cx| {
        shared::in_tables(cx, &[TableKind::Raw, TableKind::Mangle])?;
        shared::at_hooks(cx, &[Hook::Prerouting])
    },
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--loose", "-m rpfilter --loose -j ACCEPT"),
        Coverage::exact("--validmark", "-m rpfilter --validmark -j ACCEPT"),
        Coverage::refused("--accept-local", "-m rpfilter --accept-local -j ACCEPT", "nft answers no for own addresses"),
        Coverage::exact("--invert", "-m rpfilter --invert -j DROP"),
    ],
};

fn lower(part: &Part, cx: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    if part.has("accept-local") {
        let reason = "nft answers no for addresses of the host itself";
        return Err(Refusal::new("rpfilter-local", reason, "leave --accept-local out").at("accept-local"));
    }
    let flags = FibFlags { saddr: true, iif: !part.has("loose"), mark: part.has("validmark"), ..FibFlags::default() };
    let field = Field::Fib { flags, result: FibResult::Exists };
    let invert = part.has("invert");
    let route = Test::is(field, u128::from(!invert));
    // To 0.0.0.0 as sender of broadcasts and local multicasts (DHCP) there is a way back for both.
    Ok(if cx.family == Family::Ip6 { ipv6(route, invert) } else { vec![route.into()] })
}

/// There is always a way back to `::`.
fn ipv6(route: Test, invert: bool) -> Vec<Cond> {
    let unspecified = |negated| Test::within(Field::Ip6Saddr, IntervalSet::point(0), negated);
    if invert {
        return vec![unspecified(true).into(), route.into()];
    }
    vec![Cond::OneOf(vec![vec![unspecified(false).into()], vec![unspecified(true).into(), route.into()]])]
}
