//! `-m esp` (iptables-extensions(8), *esp*; net/netfilter/xt_esp.c).

use crate::ir::Test;
use crate::packet::{Field, IntervalSet};
use crate::save::ast::Part;
use crate::save::ext::lowering::{Cond, Cx, Refusal, in_range};
use crate::save::ext::{Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec};

pub static EXTENSION: Extension = Extension {
    name: "esp",
    aliases: &[],
    families: Families::Both,
    options: &[OptionSpec::new("espspi", Arg::Range { max: u32::MAX as u64, separator: b':', open: true }).not()],
    check: |_, cx| shared::needs_protocol(cx, 50, "esp"),
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--espspi", "-p esp -m esp --espspi 500:600 -j ACCEPT"),
        Coverage::exact("! --espspi", "-p esp -m esp ! --espspi 500 -j DROP"),
    ],
};

fn lower(part: &Part, _: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    let field = Field::EspSpi;
    let spi = part.get("espspi").and_then(|opt| in_range(field, &opt.value, opt.negated));
    // Without an option any header will do.
    let test = spi.unwrap_or_else(|| Test::within(field, IntervalSet::full(32), false).into());
    Ok(vec![Cond::NotLaterFragment, test])
}
