//! `-m iprange` (iptables-extensions(8), *iprange*; net/netfilter/xt_iprange.c).

use crate::packet::IntervalSet;
use crate::save::ast::Part;
use crate::save::ext::lowering::{Cond, Cx, Refusal, span, within};
use crate::save::ext::{Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec, Value};

pub static EXTENSION: Extension = Extension {
    name: "iprange",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("src-range", Arg::AddressRange).not(),
        OptionSpec::new("dst-range", Arg::AddressRange).not(),
    ],
    check: |part, _| shared::some_of(part, &["src-range", "dst-range"]),
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--src-range", "-m iprange --src-range 10.0.0.5-10.0.0.90 -j ACCEPT"),
        Coverage::exact("! --src-range", "-m iprange ! --src-range 10.0.0.5-10.0.0.90 -j DROP"),
        Coverage::exact("--dst-range", "-m iprange --dst-range 2001:db8::1-2001:db8::ff -j ACCEPT").v6(),
        Coverage::exact("! --dst-range", "-m iprange ! --dst-range 10.0.0.5-10.0.0.90 -j DROP"),
    ],
};

fn lower(part: &Part, cx: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    let fact = |opt: &crate::save::ast::Opt| {
        let Value::Addresses(ends) = &opt.value else { return None };
        let (lo, hi) = **ends;
        let field = if opt.spec.name == "src-range" { cx.saddr() } else { cx.daddr() };
        let set: IntervalSet = span(lo, hi);
        within(field, set, opt.negated).cond()
    };
    Ok(part.options.iter().filter_map(fact).collect())
}
