//! `-j DROP`: drops the packet without a word (iptables(8), *TARGETS*).

use crate::ir::Verdict;
use crate::packet::Family;
use crate::save::ext::lowering::Action;
use crate::save::ext::{Coverage, Extension, Families, Grade, Lower, shared};

pub static EXTENSION: Extension = Extension {
    name: "DROP",
    aliases: &[],
    families: Families::Both,
    options: &[],
    check: shared::no_check,
    lower: Lower::Target(|_, _| Ok(Action::Verdict(Verdict::Drop))),
    coverage: &[Coverage { option: "", grade: Grade::Exact, example: "-j DROP", family: Family::Ip, note: "" }],
};
