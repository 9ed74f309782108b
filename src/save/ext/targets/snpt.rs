//! `-j SNPT`: another source prefix of IPv6 addresses without state (RFC 6296; iptables-extensions(8),
//! *SNPT*; net/ipv6/netfilter/ip6t_NPT.c).

use crate::packet::{Family, Hook};
use crate::save::ast::{Part, TableKind};
use crate::save::ext::lowering::Refusal;
use crate::save::ext::{CheckCx, Coverage, Extension, Families, Grade, Lower, shared};
use crate::save::option::{Arg, OptionSpec, Value};

pub static EXTENSION: Extension = Extension {
    name: "SNPT",
    aliases: &[],
    families: Families::Ip6,
    options: &[OptionSpec::new("src-pfx", Arg::Net), OptionSpec::new("dst-pfx", Arg::Net)],
    check,
    lower: Lower::Target(|_, _| {
        Err(Refusal::new(
            "prefix-translation",
            "it adds the difference of the prefixes to another part of the address, so that checksums stay right, and nft has no \
             addition",
            "use `snat prefix to ...` in a nat chain, which keeps state instead, and remove the other half of the pair",
        ))
    }),
    coverage: &[row("--src-pfx"), row("--dst-pfx")],
};

const fn row(option: &'static str) -> Coverage {
    Coverage {
        option,
        grade: Grade::Refused,
        example: "-j SNPT --src-pfx fd00::/64 --dst-pfx 2001:db8::/64",
        family: Family::Ip6,
        note: "nft cannot add what keeps checksums right to a part of the address",
    }
}

/// Prefixes of at most 64 bits without bits behind them (`ip6t_npt_checkentry`).
fn check(part: &Part, cx: &CheckCx) -> Result<(), String> {
    shared::in_tables(cx, &[TableKind::Mangle])?;
    shared::at_hooks(cx, &[Hook::Input, Hook::Postrouting])?;
    for option in ["src-pfx", "dst-pfx"] {
        shared::needs(part, option)?;
        let Some(Value::Nets(nets)) = part.get(option).map(|o| &o.value) else { continue };
        if nets.iter().any(|net| net.mask.leading_ones() > 64 || net.address & !net.mask != 0) {
            return Err(format!("`--{option}` must be a prefix of at most 64 bits without bits behind it"));
        }
    }
    Ok(())
}
