//! `-m ecn`: congestion notification (iptables-extensions(8), *ecn*; net/netfilter/xt_ecn.c).

use crate::ir::{Bits, Test};
use crate::packet::{Family, Field, IntervalSet};
use crate::save::ast::{Opt, Part};
use crate::save::ext::lowering::{Cond, Cx, Refusal, within};
use crate::save::ext::{CheckCx, Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec, Value};

pub static EXTENSION: Extension = Extension {
    name: "ecn",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("ecn-tcp-cwr", Arg::Flag).not(),
        OptionSpec::new("ecn-tcp-ece", Arg::Flag).not(),
        OptionSpec::new("ecn-ip-ect", Arg::Number { min: 0, max: 3 }).not(),
    ],
    check,
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--ecn-tcp-cwr", "-p tcp -m ecn --ecn-tcp-cwr -j ACCEPT"),
        Coverage::exact("! --ecn-tcp-cwr", "-p tcp -m ecn ! --ecn-tcp-cwr -j ACCEPT"),
        Coverage::exact("--ecn-tcp-ece", "-p tcp -m ecn --ecn-tcp-ece -j ACCEPT"),
        Coverage::exact("! --ecn-tcp-ece", "-p tcp -m ecn ! --ecn-tcp-ece -j ACCEPT"),
        Coverage::exact("--ecn-ip-ect", "-m ecn --ecn-ip-ect 2 -j ACCEPT"),
        Coverage::exact("! --ecn-ip-ect", "-m ecn ! --ecn-ip-ect 0 -j ACCEPT").v6(),
    ],
};

fn check(part: &Part, cx: &CheckCx) -> Result<(), String> {
    shared::some_of(part, &["ecn-tcp-cwr", "ecn-tcp-ece", "ecn-ip-ect"])?;
    if part.has("ecn-tcp-cwr") || part.has("ecn-tcp-ece") {
        shared::needs_protocol(cx, 6, "tcp")?;
    }
    Ok(())
}

fn lower(part: &Part, cx: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    Ok(part.options.iter().filter_map(|opt| cond(opt, cx.family)).collect())
}

/// Bits of the byte with the TCP flags.
const CWR: u128 = 0x80;
const ECE: u128 = 0x40;

fn cond(opt: &Opt, family: Family) -> Option<Cond> {
    let flag = |mask| Test::from(Bits { field: Field::TcpFlags, mask, value: mask, negated: opt.negated });
    match (opt.spec.name, &opt.value) {
        ("ecn-tcp-cwr", _) => Some(flag(CWR).into()),
        ("ecn-tcp-ece", _) => Some(flag(ECE).into()),
        (_, Value::Number(n)) => {
            let field = if family == Family::Ip6 { Field::Ip6Ecn } else { Field::IpEcn };
            within(field, IntervalSet::point((*n).into()), opt.negated).cond()
        }
        _ => None,
    }
}
