//! `-j QUEUE`: to a program in user space, by queue 0 (iptables(8), *TARGETS* of older versions; a verdict
//! that net/ipv4/netfilter/ip_tables.c knows itself).

use crate::ir::Verdict;
use crate::packet::Family;
use crate::save::ext::lowering::Action;
use crate::save::ext::{Coverage, Extension, Families, Grade, Lower, shared};

pub static EXTENSION: Extension = Extension {
    name: "QUEUE",
    aliases: &[],
    families: Families::Both,
    options: &[],
    check: shared::no_check,
    lower: Lower::Target(|_, _| Ok(Action::Verdict(Verdict::Queue { from: 0, to: 0, bypass: false, fanout: false }))),
    coverage: &[Coverage { option: "", grade: Grade::Exact, example: "-j QUEUE", family: Family::Ip, note: "" }],
};
