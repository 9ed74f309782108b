//! `-j NOTRACK`: no connection tracking for the packet; the old name of `-j CT --notrack`
//! (iptables-extensions(8), *CT*; net/netfilter/xt_CT.c, `notrack_tg`).

use crate::ir::Statement;
use crate::packet::Family;
use crate::save::ast::TableKind;
use crate::save::ext::lowering::Action;
use crate::save::ext::{Coverage, Extension, Families, Grade, Lower, shared};

pub static EXTENSION: Extension = Extension {
    name: "NOTRACK",
    aliases: &[],
    families: Families::Both,
    options: &[],
    check: |_, cx| shared::in_tables(cx, &[TableKind::Raw]),
    lower: Lower::Target(|_, _| Ok(Action::Statements(vec![Statement::Notrack]))),
    coverage: &[Coverage { option: "", grade: Grade::Exact, example: "-j NOTRACK", family: Family::Ip, note: "" }],
};
