//! `-s -d -p -i -o -f`: what every rule can test without a match (iptables(8), *PARAMETERS*).

use super::lowering::{Cond, Cx, Refusal, interface, net};
use super::{CheckCx, Coverage, Extension, Families, Lower};
use crate::ir::{Test, fragments};
use crate::packet::{Field, Hook, IntervalSet};
use crate::save::ast::{Opt, Part};
use crate::save::option::{Arg, OptionSpec, Value};

pub static EXTENSION: Extension = Extension {
    name: "standard",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("source", Arg::Nets).alias(&["s", "src"]).not(),
        OptionSpec::new("destination", Arg::Nets).alias(&["d", "dst"]).not(),
        OptionSpec::new("protocol", Arg::Protocol).alias(&["p"]).not(),
        OptionSpec::new("in-interface", Arg::Interface).alias(&["i"]).not(),
        OptionSpec::new("out-interface", Arg::Interface).alias(&["o"]).not(),
        OptionSpec::new("fragments", Arg::Flag).alias(&["f"]).not(),
    ],
    check,
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--source", "-s 10.0.0.0/8 -j ACCEPT"),
        Coverage::exact("! --source", "! -s 10.0.0.0/8 -j ACCEPT"),
        Coverage::exact("--destination", "-d 192.0.2.1 -j ACCEPT"),
        Coverage::exact("! --destination", "! -d 192.0.2.1 -j ACCEPT"),
        Coverage::exact("--protocol", "-p tcp -j ACCEPT"),
        Coverage::exact("! --protocol", "! -p tcp -j ACCEPT"),
        Coverage::exact("--in-interface", "-i eth+ -j ACCEPT"),
        Coverage::exact("! --in-interface", "! -i eth0 -j ACCEPT"),
        Coverage::exact("--out-interface", "-o eth0 -j ACCEPT"),
        Coverage::exact("! --out-interface", "! -o eth0 -j ACCEPT"),
        Coverage::exact("--fragments", "-f -j DROP"),
        Coverage::exact("! --fragments", "! -f -j ACCEPT"),
    ],
};

/// Interfaces that a hook does not have (iptables/xshared.c, `check_proto`, `ipv4_post_parse`).
fn check(part: &Part, cx: &CheckCx) -> Result<(), String> {
    let at = |hooks: [Hook; 2]| cx.table.hook(cx.chain).is_some_and(|hook| hooks.contains(&hook));
    if part.has("in-interface") && at([Hook::Output, Hook::Postrouting]) {
        return Err("`-i` has no meaning where packets leave: no interface is known that they came in by".into());
    }
    if part.has("out-interface") && at([Hook::Input, Hook::Prerouting]) {
        return Err("`-o` has no meaning where packets come in: no interface is known yet that they leave by".into());
    }
    let negated_single =
        |name| part.get(name).is_some_and(|o| o.negated && matches!(&o.value, Value::Nets(n) if n.len() > 1));
    if negated_single("source") || negated_single("destination") {
        return Err("`!` cannot stand before several addresses".into());
    }
    if part.get("protocol").is_some_and(|o| o.negated && o.value == Value::Number(0)) {
        return Err("a rule for no protocol would never match".into());
    }
    Ok(())
}

fn lower(part: &Part, cx: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    let mut out = Vec::with_capacity(part.options.len());
    out.extend(part.options.iter().filter_map(|opt| lower_option(opt, cx)));
    Ok(out)
}

fn lower_option(opt: &Opt, cx: &Cx) -> Option<Cond> {
    match (opt.spec.name, &opt.value) {
        ("source", Value::Nets(nets)) => net(cx.saddr(), nets.first()?, opt.negated, cx.family).cond(),
        ("destination", Value::Nets(nets)) => net(cx.daddr(), nets.first()?, opt.negated, cx.family).cond(),
        ("protocol", Value::Number(0)) => None,
        ("protocol", Value::Number(n)) => {
            Some(Test::within(Field::L4proto, IntervalSet::point((*n).into()), opt.negated).into())
        }
        ("in-interface", Value::Interface(i)) => interface(Field::Iifname, i, opt.negated),
        ("out-interface", Value::Interface(i)) => interface(Field::Oifname, i, opt.negated),
        // Only fragments after the first have an offset.
        ("fragments", _) => Some(fragments::offset_is_zero(opt.negated).into()),
        _ => None,
    }
}
