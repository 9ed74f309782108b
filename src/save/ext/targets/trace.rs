//! `-j TRACE`: the kernel tells which rules the packet meets (iptables-extensions(8), *TRACE*;
//! net/netfilter/xt_TRACE.c).

use crate::ir::Statement;
use crate::packet::Family;
use crate::save::ast::TableKind;
use crate::save::ext::lowering::Action;
use crate::save::ext::{Coverage, Extension, Families, Grade, Lower, shared};

pub static EXTENSION: Extension = Extension {
    name: "TRACE",
    aliases: &[],
    families: Families::Both,
    options: &[],
    check: |_, cx| shared::in_tables(cx, &[TableKind::Raw]),
    lower: Lower::Target(|_, _| Ok(Action::Statements(vec![Statement::Trace]))),
    coverage: &[Coverage {
        option: "",
        grade: Grade::Exact,
        example: "-j TRACE",
        family: Family::Ip,
        note: "what is traced is shown by `nft monitor trace` instead of the kernel log",
    }],
};
