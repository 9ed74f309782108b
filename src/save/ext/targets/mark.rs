//! `-j MARK`: changes the packet's mark (iptables-extensions(8), *MARK*; net/netfilter/xt_mark.c).

use crate::packet::{Family, Field};
use crate::save::ast::Part;
use crate::save::ext::lowering::{Action, Cx, Refusal};
use crate::save::ext::{Coverage, Extension, Families, Grade, Lower, mark, shared};
use crate::save::option::{Arg, OptionSpec};

const BITS: Arg = Arg::Number { min: 0, max: mark::ALL };

pub static EXTENSION: Extension = Extension {
    name: "MARK",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("set-xmark", Arg::Masked { bits: 32 }),
        OptionSpec::new("set-mark", Arg::Masked { bits: 32 }),
        OptionSpec::new("and-mark", BITS),
        OptionSpec::new("or-mark", BITS),
        OptionSpec::new("xor-mark", BITS),
    ],
    check: |part, _| shared::one_of(part, &mark::SETTERS, true),
    lower: Lower::Target(lower),
    coverage: &[
        row("--set-xmark", "-j MARK --set-xmark 0x1/0xff"),
        row("--set-mark", "-j MARK --set-mark 0x1"),
        row("--and-mark", "-j MARK --and-mark 0xff00"),
        row("--or-mark", "-j MARK --or-mark 0x1"),
        row("--xor-mark", "-j MARK --xor-mark 0x1"),
    ],
};

const fn row(option: &'static str, example: &'static str) -> Coverage {
    Coverage { option, grade: Grade::Exact, example, family: Family::Ip, note: "" }
}

fn lower(part: &Part, _: &mut Cx) -> Result<Action, Refusal> {
    let change = part.options.iter().find_map(mark::setter);
    Ok(Action::Statements(change.and_then(|c| mark::assign(Field::Mark, c)).into_iter().collect()))
}
