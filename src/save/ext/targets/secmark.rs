//! `-j SECMARK`: the packet's SELinux context (iptables-extensions(8), *SECMARK*; net/netfilter/xt_SECMARK.c).

use crate::packet::Family;
use crate::save::ast::TableKind;
use crate::save::ext::lowering::Refusal;
use crate::save::ext::{Coverage, Extension, Families, Grade, Lower, shared};
use crate::save::option::{Arg, OptionSpec};

/// Bytes of a context that the kernel's `struct xt_secmark_target_info` holds.
const CONTEXT: usize = 255;

pub static EXTENSION: Extension = Extension {
    name: "SECMARK",
    aliases: &[],
    families: Families::Both,
    options: &[OptionSpec::new(
        "selctx",
        Arg::Custom { words: 1, read: shared::read_cut_some::<CONTEXT>, show: shared::show_text },
    )],
    check: |part, cx| {
        shared::in_tables(cx, &[TableKind::Mangle, TableKind::Security])?;
        shared::needs(part, "selctx")
    },
    lower: Lower::Target(|_, _| {
        Err(Refusal::new(
            "security-mark",
            "security marks are not translated",
            "declare `secmark name { \"context\" }` in the table and write `meta secmark set \"name\"`",
        )
        .at("selctx"))
    }),
    coverage: &[Coverage {
        option: "--selctx",
        grade: Grade::Refused,
        example: "-j SECMARK --selctx system_u:object_r:ssh_server_packet_t:s0",
        family: Family::Ip,
        note: "",
    }],
};
