//! `-j CONNSECMARK`: copies security marks between packet and connection (iptables-extensions(8),
//! *CONNSECMARK*; net/netfilter/xt_CONNSECMARK.c).

use crate::packet::Family;
use crate::save::ast::TableKind;
use crate::save::ext::lowering::Refusal;
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
    lower: Lower::Target(|_, _| {
        Err(Refusal::new(
            "security-mark",
            "security marks are not translated: nft copies one over another where iptables only fills an empty one",
            "write `ct secmark set meta secmark` behind `ct state new`, and `meta secmark set ct secmark` for the rest",
        ))
    }),
    coverage: &[row("--save", "-j CONNSECMARK --save"), row("--restore", "-j CONNSECMARK --restore")],
};

const fn row(option: &'static str, example: &'static str) -> Coverage {
    let note = "iptables copies only onto an empty mark, nft always";
    Coverage { option, grade: Grade::Refused, example, family: Family::Ip, note }
}
