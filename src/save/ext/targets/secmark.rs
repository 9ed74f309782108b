//! `-j SECMARK`: the packet's SELinux context (iptables-extensions(8), *SECMARK*; net/netfilter/xt_SECMARK.c).

use bstr::BString;

use crate::ir::{Object, ObjectBody, Statement};
use crate::nft::ast::ObjectKind;
use crate::packet::Family;
use crate::save::ast::{Part, TableKind};
use crate::save::ext::lowering::{Action, Cx, Refusal};
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
    lower: Lower::Target(lower),
    coverage: &[Coverage {
        option: "--selctx",
        grade: Grade::Exact,
        example: "-j SECMARK --selctx system_u:object_r:ssh_server_packet_t:s0",
        family: Family::Ip,
        note: "loads where a security module knows the context, as with iptables",
    }],
};

/// An object for each context, named by its type (`user:role:type:level`).
fn lower(part: &Part, cx: &mut Cx) -> Result<Action, Refusal> {
    let context = part.text("selctx").map(ToOwned::to_owned).unwrap_or_default();
    if context.iter().any(|b| matches!(b, b'"' | b'\\' | b'$') || b.is_ascii_control()) {
        let reason = "nft cannot write this context";
        return Err(Refusal::new("security-mark", reason, "give a context of plain letters").at("selctx"));
    }
    let kind = context.split(|&b| b == b':').nth(2).filter(|kind| !kind.is_empty()).unwrap_or(b"secmark");
    let body = ObjectBody::Secmark(context.clone());
    let taken = cx.table.objects.iter().any(|o| o.name == kind && o.body != body);
    let name: BString = if taken { context } else { kind.into() };
    let object = cx.table.add_object(Object { name, body });
    Ok(Action::Statements(vec![Statement::Object { kind: ObjectKind::Secmark, object }]))
}
