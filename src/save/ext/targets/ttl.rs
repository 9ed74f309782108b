//! `-j TTL`: the IPv4 time to live (iptables-extensions(8), *TTL*; net/netfilter/xt_HL.c, `ttl_tg`).
//!
//! nft has no arithmetic on it and no map for it, so that adding and subtracting are a rule for
//! each value.

use crate::ir::{Assigned, Origin, Rule, Statement, Step, Test, Verdict};
use crate::packet::{Family, Field, IntervalSet};
use crate::save::ast::{Part, TableKind};
use crate::save::ext::lowering::{Action, Cx, Refusal};
use crate::save::ext::{Coverage, Extension, Families, Grade, Lower, hops, shared};
use crate::save::option::{Arg, OptionSpec};

pub static EXTENSION: Extension = Extension {
    name: "TTL",
    aliases: &[],
    families: Families::Ip,
    options: &[
        OptionSpec::new("ttl-set", Arg::Number { min: 0, max: 255 }),
        OptionSpec::new("ttl-dec", Arg::Number { min: 1, max: 255 }),
        OptionSpec::new("ttl-inc", Arg::Number { min: 1, max: 255 }),
    ],
    check: |part, cx| {
        shared::in_tables(cx, &[TableKind::Mangle])?;
        shared::one_of(part, &["ttl-set", "ttl-dec", "ttl-inc"], true)
    },
    lower: Lower::Target(lower),
    coverage: &[
        row("--ttl-set", "-j TTL --ttl-set 64", ""),
        row("--ttl-dec", "-j TTL --ttl-dec 1", "one rule for each value: nft has no arithmetic on the TTL"),
        row("--ttl-inc", "-j TTL --ttl-inc 1", "one rule for each value: nft has no arithmetic on the TTL"),
    ],
};

const fn row(option: &'static str, example: &'static str, note: &'static str) -> Coverage {
    Coverage { option, grade: Grade::Exact, example, family: Family::Ip, note }
}

fn lower(part: &Part, _: &mut Cx) -> Result<Action, Refusal> {
    let write = |ttl: u64| Statement::Assign { field: Field::IpTtl, value: Assigned::Constant(ttl.into()) };
    if let Some(ttl) = part.number("ttl-set") {
        return Ok(Action::Statements(vec![write(ttl)]));
    }
    let outcomes = match (part.number("ttl-dec"), part.number("ttl-inc")) {
        (Some(n), _) => hops::less(n),
        (_, n) => hops::more(n.unwrap_or(0)),
    };
    let rule = |(lo, hi, ttl): (u64, u64, u64)| {
        let test = Test::In { field: Field::IpTtl, set: IntervalSet::range(lo.into(), hi.into()) };
        // The new value has a rule of its own, which must not see the packet.
        Rule::new([Step::Test(test), write(ttl).into()], Verdict::Return, Origin::default())
    };
    Ok(Action::Block(outcomes.into_iter().map(rule).collect()))
}
