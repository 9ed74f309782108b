//! `-j TEE`: a copy of the packet to another machine (iptables-extensions(8), *TEE*; net/netfilter/xt_TEE.c).

use crate::ir::Statement;
use crate::packet::Family;
use crate::save::ast::Part;
use crate::save::ext::lowering::{Action, Cx, Refusal};
use crate::save::ext::{CheckCx, Coverage, Extension, Families, Grade, Lower, shared};
use crate::save::option::{Arg, OptionSpec};

/// Bytes of an interface name that the kernel holds.
const NAME: usize = 15;

pub static EXTENSION: Extension = Extension {
    name: "TEE",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("gateway", Arg::Custom { words: 1, read: shared::read_address, show: shared::show_address }),
        OptionSpec::new("oif", Arg::Custom { words: 1, read: shared::read_cut::<NAME>, show: shared::show_text }),
    ],
    check,
    lower: Lower::Target(lower),
    coverage: &[
        row("--gateway", "-j TEE --gateway 192.0.2.2", ""),
        row(
            "--oif",
            "-j TEE --gateway 192.0.2.2 --oif eth1",
            "nft wants the interface to exist when the rules are loaded",
        ),
    ],
};

const fn row(option: &'static str, example: &'static str, note: &'static str) -> Coverage {
    Coverage { option, grade: Grade::Exact, example, family: Family::Ip, note }
}

fn check(part: &Part, _: &CheckCx) -> Result<(), String> {
    shared::needs(part, "gateway")?;
    match shared::address(part, "gateway") {
        Some(0) => Err("packets cannot be sent to the address that means none".into()),
        _ => Ok(()),
    }
}

fn lower(part: &Part, cx: &mut Cx) -> Result<Action, Refusal> {
    let device = part.text("oif").filter(|name| !name.is_empty()).map(ToOwned::to_owned);
    if let Some(device) = &device {
        cx.notes.push(format!("the interface {device} must exist when the rules are loaded").into());
    }
    let address = shared::address(part, "gateway").unwrap_or_default();
    Ok(Action::Statements(vec![Statement::Dup { address, device }]))
}
