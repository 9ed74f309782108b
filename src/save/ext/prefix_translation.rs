//! What `-j DNPT` and `-j SNPT` have in common: a prefix for a prefix in IPv6 addresses, without state (RFC 6296;
//! net/ipv6/netfilter/ip6t_NPT.c).
//!
//! Both add the difference of the prefixes to another part of the address, so that checksums stay right. nft has no
//! addition: on request it changes the prefix alone, and the checksum of the transport header with it.

use crate::ir::{Assigned, Statement};
use crate::packet::{Family, Field, Hook};
use crate::save::ast::{Part, TableKind};
use crate::save::ext::lowering::{Action, Cx, Refusal};
use crate::save::ext::{CheckCx, Coverage, Grade, shared};
use crate::save::option::{Arg, OptionSpec, Value};

pub const OPTIONS: &[OptionSpec] = &[OptionSpec::new("src-pfx", Arg::Net), OptionSpec::new("dst-pfx", Arg::Net)];

/// The row of an option.
pub const fn row(option: &'static str, example: &'static str) -> Coverage {
    Coverage { option, grade: Grade::Approximate, example, family: Family::Ip6, note: DIFFERENCE }
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

const DIFFERENCE: &str = "hosts have other addresses outside: nft has no addition, so that the part of the address that makes up \
    for the prefix stays as it is; packets inside of ICMPv6 errors are not translated";

/// `with_state` is the statement of nft that comes near without `--approximate`.
pub fn lower(part: &Part, field: Field, with_state: &str, cx: &mut Cx) -> Result<Action, Refusal> {
    if !cx.approximate {
        let help = format!(
            "give --approximate for both halves of the pair where nobody knows the addresses outside, or use `{with_state} \
             prefix to ...` in a nat chain, which keeps state, and remove the other half"
        );
        return Err(Refusal::new("prefix-translation", DIFFERENCE, help));
    }
    cx.differs(DIFFERENCE);
    let net = |option| match part.get(option).map(|o| &o.value) {
        Some(Value::Nets(nets)) => nets.first(),
        _ => None,
    };
    let mask = |option| net(option).map_or(0, |net| net.mask);
    let prefix = mask("src-pfx") | mask("dst-pfx");
    let flip = net("dst-pfx").map_or(0, |net| net.address & prefix);
    let value = Assigned::Bits { keep: !prefix, flip };
    Ok(Action::Statements(vec![Statement::Assign { field, value }]))
}
