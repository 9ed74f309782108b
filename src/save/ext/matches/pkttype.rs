//! `-m pkttype` (iptables-extensions(8), *pkttype*; net/netfilter/xt_pkttype.c).

use crate::ir::Test;
use crate::packet::{Field, IntervalSet};
use crate::save::ast::Part;
use crate::save::ext::lowering::{Cond, Cx, Refusal};
use crate::save::ext::{Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec, Value};

pub static EXTENSION: Extension = Extension {
    name: "pkttype",
    aliases: &[],
    families: Families::Both,
    options: &[OptionSpec::new("pkt-type", Arg::Word(&TYPES)).not()],
    check: |part, _| shared::needs(part, "pkt-type"),
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--pkt-type", "-m pkttype --pkt-type broadcast -j DROP"),
        Coverage::exact("! --pkt-type", "-m pkttype ! --pkt-type unicast -j DROP"),
    ],
};

/// `PACKET_*` of include/uapi/linux/if_packet.h.
const TYPES: [(&str, u64); 7] =
    [("unicast", 0), ("broadcast", 1), ("multicast", 2), ("otherhost", 3), ("host", 0), ("bcast", 1), ("mcast", 2)];

fn lower(part: &Part, _: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    let cond = part.get("pkt-type").and_then(|opt| match opt.value {
        Value::Number(n) => Some(Test::within(Field::Pkttype, IntervalSet::point(n.into()), opt.negated).into()),
        _ => None,
    });
    Ok(cond.into_iter().collect())
}
