//! `-j CHECKSUM`: fills in a checksum that was left to the network card (iptables-extensions(8),
//! *CHECKSUM*; net/netfilter/xt_CHECKSUM.c).
//!
//! nft has nothing like it. libvirt wrote such rules for DHCP clients in virtual machines that read
//! raw packets and took an unfilled checksum for a wrong one.

use crate::packet::Family;
use crate::save::ast::{Part, TableKind};
use crate::save::ext::lowering::{Action, Cx, Refusal};
use crate::save::ext::{Coverage, Extension, Families, Grade, Lower, shared};
use crate::save::option::{Arg, OptionSpec};

pub static EXTENSION: Extension = Extension {
    name: "CHECKSUM",
    aliases: &[],
    families: Families::Both,
    options: &[OptionSpec::new("checksum-fill", Arg::Flag)],
    check: |part, cx| {
        shared::in_tables(cx, &[TableKind::Mangle])?;
        shared::needs(part, "checksum-fill")
    },
    lower: Lower::Target(lower),
    coverage: &[Coverage {
        option: "--checksum-fill",
        grade: Grade::Approximate,
        example: "-p udp --dport 68 -j CHECKSUM --checksum-fill",
        family: Family::Ip,
        note: "nft cannot fill in checksums; --approximate leaves the rule without effect",
    }],
};

fn lower(_: &Part, cx: &mut Cx) -> Result<Action, Refusal> {
    if cx.approximate {
        cx.notes.push("iptables filled in the checksum here; nft cannot, and the rule only counts".into());
        return Ok(Action::Statements(Vec::new()));
    }
    Err(Refusal::new(
        "checksum-fill",
        "nft cannot fill in a checksum that was left to the network card",
        "drop the rule (only DHCP clients that are older than about 2012 need it), let --approximate do that, or fill \
         it in with `tc filter ... action csum udp` on the interface, as libvirt does beside its nft rules",
    )
    .at("checksum-fill"))
}
