//! `-m connmark` (iptables-extensions(8), *connmark*; net/netfilter/xt_connmark.c, `connmark_mt`).
//!
//! A packet without a connection never matches, negated or not.

use crate::packet::{CtKey, Field};
use crate::save::ast::Part;
use crate::save::ext::lowering::{Cond, Cx, Fact, Refusal, masked};
use crate::save::ext::{Coverage, Extension, Families, Lower, shared, tracked};
use crate::save::option::{Arg, OptionSpec, Value};

pub static EXTENSION: Extension = Extension {
    name: "connmark",
    aliases: &[],
    families: Families::Both,
    options: &[OptionSpec::new("mark", Arg::Masked { bits: 32 }).not()],
    check: |part, _| shared::needs(part, "mark"),
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--mark", "-m connmark --mark 0x10/0xf0 -j ACCEPT"),
        Coverage::exact("! --mark", "-m connmark ! --mark 0x1 -j DROP"),
    ],
};

fn lower(part: &Part, _: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    let fact = part.get("mark").map(|opt| match opt.value {
        Value::Masked { value, mask } => masked(Field::Ct(CtKey::Mark), value.into(), mask.into(), opt.negated),
        _ => Fact::Never,
    });
    let fact = fact.map(|f| if f == Fact::Always { tracked::exists() } else { f });
    Ok(fact.and_then(Fact::cond).into_iter().collect())
}
