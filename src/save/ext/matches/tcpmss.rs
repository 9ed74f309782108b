//! `-m tcpmss`: the maximum segment size that a packet announces (iptables-extensions(8), *tcpmss*;
//! net/netfilter/xt_tcpmss.c).
//!
//! The negated form also holds for TCP packets that announce none.

use crate::ir::{Step, Test, fragments};
use crate::packet::{Field, TcpOptionPart};
use crate::save::ast::Part;
use crate::save::ext::lowering::{Cond, Cx, Refusal, span};
use crate::save::ext::{Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec, Value};

pub static EXTENSION: Extension = Extension {
    name: "tcpmss",
    aliases: &[],
    families: Families::Both,
    options: &[OptionSpec::new("mss", Arg::Range { max: 0xffff, separator: b':', open: true }).not()],
    check: |part, cx| {
        shared::needs(part, "mss")?;
        shared::needs_protocol(cx, 6, "tcp")?;
        match part.get("mss").map(|o| &o.value) {
            Some(Value::Range(lo, hi)) if lo > hi => Err("the range is backwards".into()),
            _ => Ok(()),
        }
    },
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--mss", "-p tcp --syn -m tcpmss --mss 1400:1536 -j ACCEPT")
            .note("with --approximate only where fragments are not put together and no match `tcp` stands in the rule"),
        Coverage::exact("! --mss", "-p tcp --syn -m tcpmss ! --mss 536:65535 -j DROP")
            .note("holds without MSS, too; see `--mss`"),
    ],
};

/// iptables reads what a later fragment carries as if it were a header of TCP, unless another match keeps such out; nft
/// does not look at it.
fn may_meet_later_fragments(cx: &Cx) -> bool {
    let seen = !cx.reassembled && fragments::are_seen_at_any(cx.family, cx.hooks);
    seen && !cx.matches.iter().any(|part| matches!(part.extension.name, "tcp" | "multiport"))
}

fn lower(part: &Part, cx: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    let Some(opt) = part.get("mss") else { return Ok(Vec::new()) };
    if may_meet_later_fragments(cx) {
        if !cx.approximate {
            return Err(Refusal::new(
                "tcpmss-of-fragments",
                "iptables reads what fragments after the first carry as if it were a header of TCP, nft does not look at it",
                "write `--tcp-flags SYN,RST SYN` in front, since only such packets announce a size; or say that \
                 fragments are put together before, by --assume reassembled, or --approximate",
            ));
        }
        cx.differs("iptables reads data of fragments after the first as a header of TCP");
    }
    let Value::Range(lo, hi) = opt.value else { return Ok(Vec::new()) };
    let field = Field::TcpOption { kind: 2, part: TcpOptionPart::MaxsegSize };
    let size = Test::In { field, set: span(lo.into(), hi.into()) };
    Ok(vec![if opt.negated { Cond::Not(vec![Step::Test(size)]) } else { size.into() }])
}
