//! `-j CONNSECMARK`: copies security marks between packet and connection (iptables-extensions(8),
//! *CONNSECMARK*; net/netfilter/xt_CONNSECMARK.c).

use crate::ir::{Assigned, Bits, Origin, Rule, Statement, Step, Test, Verdict};
use crate::packet::{CtKey, Family, Field};
use crate::save::ast::{Part, TableKind};
use crate::save::ext::lowering::{Action, Cx, Refusal};
use crate::save::ext::{Coverage, Extension, Families, Grade, Lower, shared};
use crate::save::option::{Arg, OptionSpec};

pub static EXTENSION: Extension = Extension {
    name: "CONNSECMARK",
    aliases: &[],
    families: Families::Both,
    options: &[OptionSpec::new("save", Arg::Flag), OptionSpec::new("restore", Arg::Flag)],
    check: |part, cx| {
        shared::in_tables(cx, &[TableKind::Mangle, TableKind::Security])?;
        shared::one_of(part, &["save", "restore"], true)
    },
    lower: Lower::Target(lower),
    coverage: &[row("--save", "-j CONNSECMARK --save"), row("--restore", "-j CONNSECMARK --restore")],
};

const fn row(option: &'static str, example: &'static str) -> Coverage {
    let note = "nft lists the test as `meta secmark 0`, which it does not read: keep the file, not the listing";
    Coverage { option, grade: Grade::Exact, example, family: Family::Ip, note }
}

/// What is copied must be there, and nothing where it goes. nft compares a mark with a number only behind a mask.
fn lower(part: &Part, _: &mut Cx) -> Result<Action, Refusal> {
    const CONNECTION: Field = Field::Ct(CtKey::Secmark);
    const ALL: u128 = 0xffff_ffff;
    let none = |field, negated| Test::from(Bits { field, mask: ALL, value: 0, negated });
    let (from, to) = if part.has("save") { (Field::Secmark, CONNECTION) } else { (CONNECTION, Field::Secmark) };
    let copy = Statement::Assign { field: to, value: Assigned::Mix { keep: 0, from, take: ALL } };
    let steps = [Step::Test(none(from, true)), Step::Test(none(to, false)), copy.into()];
    Ok(Action::Block(vec![Rule::new(steps, Verdict::Continue, Origin::default())]))
}
