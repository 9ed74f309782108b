//! `-m udp` (iptables-extensions(8), *udp*; net/netfilter/xt_tcpudp.c, `udp_mt`).
//!
//! The match holds only where a whole UDP header is there: never on a later fragment.

use crate::ir::Test;
use crate::packet::{Field, IntervalSet, L4};
use crate::save::ast::Part;
use crate::save::ext::lowering::{Cond, Cx, Refusal, in_range};
use crate::save::ext::{Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec};

pub static EXTENSION: Extension = Extension {
    name: "udp",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("source-port", Arg::PortRange).alias(&["sport"]).not(),
        OptionSpec::new("destination-port", Arg::PortRange).alias(&["dport"]).not(),
    ],
    check: |_, cx| shared::needs_protocol(cx, 17, "udp"),
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--source-port", "-p udp --sport 53 -j ACCEPT"),
        Coverage::exact("! --source-port", "-p udp ! --sport 1024:65535 -j DROP"),
        Coverage::exact("--destination-port", "-p udp --dport 53 -j ACCEPT"),
        Coverage::exact("! --destination-port", "-p udp ! --dport 53 -j DROP"),
    ],
};

fn lower(part: &Part, _: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    let mut out = vec![Cond::NotLaterFragment];
    out.extend(part.options.iter().filter_map(|opt| {
        let field = if opt.spec.name == "source-port" { Field::Sport(L4::Udp) } else { Field::Dport(L4::Udp) };
        in_range(field, &opt.value, opt.negated)
    }));
    if out.len() == 1 {
        // `-m udp` alone asks for a header, and any header will do.
        out.push(Test::within(Field::Dport(L4::Udp), IntervalSet::full(16), false).into());
    }
    Ok(out)
}
