//! `-m length`: the whole packet, network header included (iptables-extensions(8), *length*;
//! net/netfilter/xt_length.c).

use crate::packet::Field;
use crate::save::ast::Part;
use crate::save::ext::lowering::{Cond, Cx, Fact, Refusal, span, within};
use crate::save::ext::{Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec, Value};

pub static EXTENSION: Extension = Extension {
    name: "length",
    aliases: &[],
    families: Families::Both,
    options: &[OptionSpec::new("length", Arg::Range { max: 0xffff, separator: b':', open: true }).not()],
    check: |part, _| shared::needs(part, "length"),
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--length", "-m length --length 100:200 -j ACCEPT"),
        Coverage::exact("! --length", "-m length ! --length 0:1500 -j DROP"),
    ],
};

fn lower(part: &Part, _: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    let fact = part.get("length").map(|opt| match opt.value {
        Value::Range(lo, hi) => within(Field::Length, span(lo.into(), hi.into()), opt.negated),
        _ => Fact::Never,
    });
    Ok(fact.and_then(Fact::cond).into_iter().collect())
}
