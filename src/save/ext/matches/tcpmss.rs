//! `-m tcpmss`: the maximum segment size that a packet announces (iptables-extensions(8), *tcpmss*;
//! net/netfilter/xt_tcpmss.c).
//!
//! The negated form also holds for TCP packets that announce none.

use crate::ir::{Step, Test};
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
        Coverage::exact("--mss", "-p tcp --syn -m tcpmss --mss 1400:1536 -j ACCEPT"),
        Coverage::exact("! --mss", "-p tcp --syn -m tcpmss ! --mss 536:65535 -j DROP").note("holds without MSS, too"),
    ],
};

fn lower(part: &Part, _: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    let Some(opt) = part.get("mss") else { return Ok(Vec::new()) };
    let Value::Range(lo, hi) = opt.value else { return Ok(Vec::new()) };
    let field = Field::TcpOption { kind: 2, part: TcpOptionPart::MaxsegSize };
    let size = Test::In { field, set: span(lo.into(), hi.into()) };
    Ok(vec![if opt.negated { Cond::Not(vec![Step::Test(size)]) } else { size.into() }])
}
