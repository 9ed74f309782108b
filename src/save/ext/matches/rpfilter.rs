//! `-m rpfilter`: whether the route back to the sender leaves by the interface the packet came
//! in by (iptables-extensions(8), *rpfilter*; net/ipv4/netfilter/ipt_rpfilter.c, net/ipv6/netfilter/ip6t_rpfilter.c).

use crate::ir::{Step, Test};
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
        Coverage::exact("--loose", "-m rpfilter --loose -j ACCEPT").note(BROADCAST),
        Coverage::exact("--validmark", "-m rpfilter --validmark -j ACCEPT"),
        Coverage::exact("--accept-local", "-m rpfilter --accept-local -j ACCEPT"),
        Coverage::exact("--invert", "-m rpfilter --invert -j DROP"),
    ],
};

fn lower(part: &Part, cx: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    let flags = FibFlags { saddr: true, iif: !part.has("loose"), mark: part.has("validmark"), ..FibFlags::default() };
    let route = |there: bool| Step::Test(Test::is(Field::Fib { flags, result: FibResult::Exists }, there.into()));
    let local = |negated| {
        // IPv6 takes any of the host's addresses, whichever interface has it.
        let iif = flags.iif && cx.family != Family::Ip6;
        let field = Field::Fib { flags: FibFlags { mark: false, iif, ..flags }, result: FibResult::Type };
        Step::Test(Test::within(field, IntervalSet::point(LOCAL), negated))
    };
    let unspecified = |negated| Step::Test(Test::within(Field::Ip6Saddr, IntervalSet::point(0), negated));
    let accept_local = part.has("accept-local");
    // To 0.0.0.0 as sender of broadcasts and local multicasts (DHCP) there is a way back for both; to `::` always.
    let ip6 = cx.family == Family::Ip6;
    let not_unspecified = ip6.then(|| unspecified(true));
    if part.has("invert") {
        let not_local = accept_local.then(|| local(true));
        return Ok(not_unspecified.into_iter().chain([route(false)]).chain(not_local).map(Cond::Step).collect());
    }
    let mut ways = vec![vec![route(true)]];
    if accept_local {
        ways.push(vec![route(false), local(false)]);
    }
    if let Some(not_unspecified) = not_unspecified {
        ways.iter_mut().for_each(|way| way.insert(0, not_unspecified.clone()));
        ways.insert(0, vec![unspecified(false)]);
    }
    Ok(match ways.as_mut_slice() {
        [only] => only.drain(..).map(Cond::Step).collect(),
        _ => vec![Cond::OneOf(ways)],
    })
}

const BROADCAST: &str =
    "packets from a broadcast address, which routing drops right behind these rules, count as expected";

/// `RTN_LOCAL`; nft finds no route back to an address of the host itself.
const LOCAL: u128 = 2;
