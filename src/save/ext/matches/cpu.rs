//! `-m cpu`: which processor handles the packet (iptables-extensions(8), *cpu*; net/netfilter/xt_cpu.c).

use crate::packet::{Field, IntervalSet};
use crate::save::ast::Part;
use crate::save::ext::lowering::{Cond, Cx, Fact, Refusal, within};
use crate::save::ext::{Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec, Value};

pub static EXTENSION: Extension = Extension {
    name: "cpu",
    aliases: &[],
    families: Families::Both,
    options: &[OptionSpec::new("cpu", Arg::Number { min: 0, max: u32::MAX as u64 }).not()],
    check: |part, _| shared::needs(part, "cpu"),
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--cpu", "-m cpu --cpu 0 -j ACCEPT"),
        Coverage::exact("! --cpu", "-m cpu ! --cpu 0 -j ACCEPT"),
    ],
};

fn lower(part: &Part, _: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    let fact = part.get("cpu").map(|opt| match opt.value {
        Value::Number(n) => within(Field::Cpu, IntervalSet::point(n.into()), opt.negated),
        _ => Fact::Never,
    });
    Ok(fact.and_then(Fact::cond).into_iter().collect())
}
