//! `-m physdev`: the ports of a bridge (iptables-extensions(8), *physdev*; net/netfilter/xt_physdev.c).
//!
//! Refused: tables of the ip and ip6 families see the bridge as the interface, never its ports,
//! and a wrong guess would open or close a firewall between virtual machines.

use crate::packet::Hook;
use crate::save::ast::Part;
use crate::save::ext::lowering::{Cond, Cx, Refusal};
use crate::save::ext::{CheckCx, Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec};

pub static EXTENSION: Extension = Extension {
    name: "physdev",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("physdev-in", Arg::Interface).not(),
        OptionSpec::new("physdev-out", Arg::Interface).not(),
        OptionSpec::new("physdev-is-in", Arg::Flag).not(),
        OptionSpec::new("physdev-is-out", Arg::Flag).not(),
        OptionSpec::new("physdev-is-bridged", Arg::Flag).not(),
    ],
    check,
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::refused("--physdev-in", "-m physdev --physdev-in eth0 -j ACCEPT", NOTE),
        Coverage::refused("! --physdev-in", "-m physdev ! --physdev-in eth0 -j ACCEPT", NOTE),
        Coverage::refused("--physdev-out", "-m physdev --physdev-is-bridged --physdev-out eth0 -j ACCEPT", NOTE),
        Coverage::refused("! --physdev-out", "-m physdev --physdev-is-bridged ! --physdev-out eth0 -j ACCEPT", NOTE),
        Coverage::refused("--physdev-is-in", "-m physdev --physdev-is-in -j ACCEPT", NOTE),
        Coverage::refused("! --physdev-is-in", "-m physdev ! --physdev-is-in -j ACCEPT", NOTE),
        Coverage::refused("--physdev-is-out", "-m physdev --physdev-is-out -j ACCEPT", NOTE),
        Coverage::refused("! --physdev-is-out", "-m physdev ! --physdev-is-out -j ACCEPT", NOTE),
        Coverage::refused("--physdev-is-bridged", "-m physdev --physdev-is-bridged -j ACCEPT", NOTE),
        Coverage::refused("! --physdev-is-bridged", "-m physdev ! --physdev-is-bridged -j ACCEPT", NOTE),
    ],
};

const NOTE: &str = "rules for IP packets see the bridge as their interface, not its ports";

/// Packets that leave the host have no outgoing port before the bridge has them.
fn check(part: &Part, cx: &CheckCx) -> Result<(), String> {
    shared::some_of(part, &["physdev-in", "physdev-out", "physdev-is-in", "physdev-is-out", "physdev-is-bridged"])?;
    let needs_bridged = part.has("physdev-out") || part.has("physdev-is-out");
    let only_bridged = part.get("physdev-is-bridged").is_some_and(|o| !o.negated);
    if needs_bridged && !only_bridged && cx.table.hook(cx.chain) == Some(Hook::Output) {
        return Err("a packet that the host sends has no outgoing port here: add `--physdev-is-bridged`".into());
    }
    Ok(())
}

fn lower(_: &Part, _: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    let help = "move the rule into a chain of a `table bridge`, where `iifname` and `oifname` are the ports, \
                and `meta ibrname` the bridge; rules there see bridged packets only";
    Err(Refusal::new("physdev", NOTE, help))
}
