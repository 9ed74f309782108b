//! `-j DROP`: drops the packet without a word (iptables(8), *TARGETS*).

use crate::ir::Verdict;
use crate::packet::Family;
use crate::save::ast::{Part, TableKind};
use crate::save::ext::lowering::Action;
use crate::save::ext::{CheckCx, Coverage, Extension, Families, Grade, Lower};

pub static EXTENSION: Extension = Extension {
    name: "DROP",
    aliases: &[],
    families: Families::Both,
    options: &[],
    check,
    lower: Lower::Target(|_, _| Ok(Action::Verdict(Verdict::Drop))),
    coverage: &[Coverage { option: "", grade: Grade::Exact, example: "-j DROP", family: Family::Ip, note: "" }],
};

/// As the tool says it (iptables/iptables.c, `do_command4`).
fn check(_: &Part, cx: &CheckCx) -> Result<(), String> {
    match cx.table {
        TableKind::Nat => Err("the nat table is not intended for filtering, so DROP is refused in it".into()),
        _ => Ok(()),
    }
}
