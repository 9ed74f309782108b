//! `-m ipcomp` (iptables-extensions(8), *ipcomp*; net/netfilter/xt_ipcomp.c).
//!
//! Without `--ipcompspi` it asks for index 0. `--compres` is kept by the tool and never read by
//! the kernel.

use crate::ir::Test;
use crate::packet::{Field, IntervalSet};
use crate::save::ast::Part;
use crate::save::ext::lowering::{Cond, Cx, Refusal, in_range};
use crate::save::ext::{Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec};

pub static EXTENSION: Extension = Extension {
    name: "ipcomp",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("ipcompspi", Arg::Range { max: u32::MAX as u64, separator: b':', open: true }).not(),
        OptionSpec::new("compres", Arg::Flag),
    ],
    check: |_, cx| shared::needs_protocol(cx, 108, "ipcomp"),
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--ipcompspi", "-p ipcomp -m ipcomp --ipcompspi 5:9 -j ACCEPT"),
        Coverage::exact("! --ipcompspi", "-p ipcomp -m ipcomp ! --ipcompspi 5 -j DROP"),
        Coverage::exact("--compres", "-p ipcomp -m ipcomp --ipcompspi 5 --compres -j ACCEPT")
            .note("the kernel does not look at it"),
    ],
};

fn lower(part: &Part, _: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    let field = Field::CompCpi;
    let cpi = part.get("ipcompspi").and_then(|opt| in_range(field, &opt.value, opt.negated));
    let test = cpi.unwrap_or_else(|| Test::within(field, IntervalSet::point(0), false).into());
    Ok(vec![Cond::NotLaterFragment, test])
}
