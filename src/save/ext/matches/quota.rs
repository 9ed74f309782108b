//! `-m quota`: matches until so many bytes have passed (iptables-extensions(8), *quota*;
//! net/netfilter/xt_quota.c). State of the rule's own.

use crate::ir::Statement;
use crate::save::ast::Part;
use crate::save::ext::lowering::{Cond, Cx, Refusal};
use crate::save::ext::{Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec};

pub static EXTENSION: Extension = Extension {
    name: "quota",
    aliases: &[],
    families: Families::Both,
    options: &[OptionSpec::new("quota", Arg::Number { min: 0, max: u64::MAX }).not()],
    check: |part, _| shared::needs(part, "quota"),
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--quota", "-m quota --quota 100000 -j ACCEPT").note(NOTE),
        Coverage::exact("! --quota", "-m quota ! --quota 100000 -j DROP").note(NOTE),
    ],
};

const NOTE: &str = "kernels before about 6.11 stop one byte earlier";

/// The most that nft's quota takes (net/netfilter/nft_quota.c, `nft_quota_do_init`).
const MOST: u64 = i64::MAX as u64;

fn lower(part: &Part, _: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    let Some((opt, bytes)) = part.get("quota").zip(part.number("quota")) else { return Ok(Vec::new()) };
    if bytes > MOST {
        return Err(Refusal::new(
            "quota-overflow",
            "nft counts to 9223372036854775807 bytes, and this is more",
            "leave the match out: no link carries that much",
        )
        .at("quota"));
    }
    Ok(vec![Statement::Quota { over: opt.negated, bytes }.into()])
}
