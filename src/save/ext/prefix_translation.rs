//! What `-j DNPT` and `-j SNPT` have in common: a prefix for a prefix in IPv6 addresses, without state (RFC 6296;
//! net/ipv6/netfilter/ip6t_NPT.c). nft has it with state only, so both are refused.

use crate::packet::{Family, Hook};
use crate::save::ast::{Part, TableKind};
use crate::save::ext::lowering::Refusal;
use crate::save::ext::{CheckCx, Coverage, Grade, shared};
use crate::save::option::{Arg, OptionSpec, Value};

pub const OPTIONS: &[OptionSpec] = &[OptionSpec::new("src-pfx", Arg::Net), OptionSpec::new("dst-pfx", Arg::Net)];

/// The row of an option.
pub const fn row(option: &'static str, example: &'static str) -> Coverage {
    let note = "nft cannot add what keeps checksums right to a part of the address";
    Coverage { option, grade: Grade::Refused, example, family: Family::Ip6, note }
}

/// Prefixes of at most 64 bits without bits behind them (`ip6t_npt_checkentry`).
pub fn check(part: &Part, cx: &CheckCx, hooks: &[Hook]) -> Result<(), String> {
    shared::in_tables(cx, &[TableKind::Mangle])?;
    shared::at_hooks(cx, hooks)?;
    for option in ["src-pfx", "dst-pfx"] {
        shared::needs(part, option)?;
        let Some(Value::Nets(nets)) = part.get(option).map(|o| &o.value) else { continue };
        if nets.iter().any(|net| net.mask.leading_ones() > 64 || net.address & !net.mask != 0) {
            return Err(format!("`--{option}` must be a prefix of at most 64 bits without bits behind it"));
        }
    }
    Ok(())
}

/// `with_state` is the statement of nft that comes nearest.
pub fn refusal(with_state: &str) -> Refusal {
    Refusal::new(
        "prefix-translation",
        "it adds the difference of the prefixes to another part of the address, so that checksums stay right, and nft has no \
         addition",
        format!(
            "use `{with_state} prefix to ...` in a nat chain, which keeps state instead, and remove the other half of the pair"
        ),
    )
}
