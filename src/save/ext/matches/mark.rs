//! `-m mark` (iptables-extensions(8), *mark*; net/netfilter/xt_mark.c, `mark_mt`).

use crate::packet::Field;
use crate::save::ast::Part;
use crate::save::ext::lowering::{Cond, Cx, Refusal, masked};
use crate::save::ext::{Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec, Value};

pub static EXTENSION: Extension = Extension {
    name: "mark",
    aliases: &[],
    families: Families::Both,
    options: &[OptionSpec::new("mark", Arg::Masked { bits: 32 }).not()],
    check: |part, _| shared::needs(part, "mark"),
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--mark", "-m mark --mark 0x10/0xf0 -j ACCEPT"),
        Coverage::exact("! --mark", "-m mark ! --mark 0x1 -j DROP"),
    ],
};

fn lower(part: &Part, _: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    let fact = part.get("mark").and_then(|opt| match opt.value {
        Value::Masked { value, mask } => Some(masked(Field::Mark, value.into(), mask.into(), opt.negated)),
        _ => None,
    });
    Ok(fact.and_then(|f| f.cond()).into_iter().collect())
}
