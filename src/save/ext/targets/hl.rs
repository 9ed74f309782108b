//! `-j HL`: the IPv6 hop limit (iptables-extensions(8), *HL*; net/netfilter/xt_HL.c, `hl_tg6`).

use smallvec::smallvec;

use crate::ir::{Assigned, Component, MapRow, Row, Statement};
use crate::packet::{Family, Field, Interval};
use crate::save::ast::{Part, TableKind};
use crate::save::ext::lowering::{Action, Cx, Refusal};
use crate::save::ext::{Coverage, Extension, Families, Grade, Lower, hops, shared};
use crate::save::option::{Arg, OptionSpec};

pub static EXTENSION: Extension = Extension {
    name: "HL",
    aliases: &[],
    families: Families::Ip6,
    options: &[
        OptionSpec::new("hl-set", Arg::Number { min: 0, max: 255 }),
        OptionSpec::new("hl-dec", Arg::Number { min: 1, max: 255 }),
        OptionSpec::new("hl-inc", Arg::Number { min: 1, max: 255 }),
    ],
    check: |part, cx| {
        shared::in_tables(cx, &[TableKind::Mangle])?;
        shared::one_of(part, &["hl-set", "hl-dec", "hl-inc"], true)
    },
    lower: Lower::Target(lower),
    coverage: &[
        row("--hl-set", "-j HL --hl-set 64", ""),
        row("--hl-dec", "-j HL --hl-dec 1", "a map of all values: nft has no arithmetic on the hop limit"),
        row("--hl-inc", "-j HL --hl-inc 1", "a map of all values: nft has no arithmetic on the hop limit"),
    ],
};

const fn row(option: &'static str, example: &'static str, note: &'static str) -> Coverage {
    Coverage { option, grade: Grade::Exact, example, family: Family::Ip6, note }
}

fn lower(part: &Part, _: &mut Cx) -> Result<Action, Refusal> {
    let field = Field::Ip6Hoplimit;
    let value = match (part.number("hl-set"), part.number("hl-dec"), part.number("hl-inc")) {
        (Some(n), ..) => Assigned::Constant(n.into()),
        (_, Some(n), _) => map(hops::less(n)),
        (_, _, n) => map(hops::more(n.unwrap_or(0))),
    };
    Ok(Action::Statements(vec![Statement::Assign { field, value }]))
}

fn map(outcomes: Vec<(u64, u64, u64)>) -> Assigned {
    let row = |(lo, hi, new): (u64, u64, u64)| {
        let key: Row = smallvec![Component::Interval(Interval::new(lo.into(), hi.into()))];
        MapRow { key, data: new.into(), comment: None }
    };
    Assigned::Map { key: smallvec![Field::Ip6Hoplimit], rows: outcomes.into_iter().map(row).collect() }
}
