//! `-j RETURN`: goes back to the calling chain, or to the policy (iptables(8), *TARGETS*).

use crate::ir::Verdict;
use crate::packet::Family;
use crate::save::ext::lowering::Action;
use crate::save::ext::{Coverage, Extension, Families, Grade, Lower, shared};

pub static EXTENSION: Extension = Extension {
    name: "RETURN",
    aliases: &[],
    families: Families::Both,
    options: &[],
    check: shared::no_check,
    lower: Lower::Target(|_, _| Ok(Action::Verdict(Verdict::Return))),
    coverage: &[Coverage { option: "", grade: Grade::Exact, example: "-j RETURN", family: Family::Ip, note: "" }],
};
