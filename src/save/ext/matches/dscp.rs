//! `-m dscp` (iptables-extensions(8), *dscp*; net/netfilter/xt_dscp.c, `dscp_mt`).

use crate::packet::{Family, Field, IntervalSet};
use crate::save::ast::Part;
use crate::save::ext::lowering::{Cond, Cx, Refusal, within};
use crate::save::ext::{Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec, Value};

pub static EXTENSION: Extension = Extension {
    name: "dscp",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("dscp", Arg::Number { min: 0, max: 63 }).not(),
        OptionSpec::new("dscp-class", Arg::Word(shared::DSCP_CLASSES)).not(),
    ],
    check: |part, _| shared::one_of(part, &["dscp", "dscp-class"], true),
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--dscp", "-m dscp --dscp 0x2e -j ACCEPT"),
        Coverage::exact("! --dscp", "-m dscp ! --dscp 0 -j ACCEPT"),
        Coverage::exact("--dscp-class", "-m dscp --dscp-class AF41 -j ACCEPT").v6(),
        Coverage::exact("! --dscp-class", "-m dscp ! --dscp-class BE -j ACCEPT"),
    ],
};

fn lower(part: &Part, cx: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    let field = if cx.family == Family::Ip6 { Field::Ip6Dscp } else { Field::IpDscp };
    let fact = |opt: &crate::save::ast::Opt| match opt.value {
        Value::Number(n) => within(field, IntervalSet::point(n.into()), opt.negated).cond(),
        _ => None,
    };
    Ok(part.options.iter().filter_map(fact).collect())
}
