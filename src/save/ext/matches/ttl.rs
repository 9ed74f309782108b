//! `-m ttl` (iptables-extensions(8), *ttl*; net/netfilter/xt_hl.c).

use crate::packet::Field;
use crate::save::ast::Part;
use crate::save::ext::lowering::{Cond, Cx, Refusal};
use crate::save::ext::{Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec};

pub static EXTENSION: Extension = Extension {
    name: "ttl",
    aliases: &[],
    families: Families::Ip,
    options: &[
        OptionSpec::new("ttl-eq", Arg::Number { min: 0, max: 255 }).alias(&["ttl"]).not(),
        OptionSpec::new("ttl-lt", Arg::Number { min: 0, max: 255 }),
        OptionSpec::new("ttl-gt", Arg::Number { min: 0, max: 255 }),
    ],
    check: |part, _| shared::one_of(part, &OPTIONS, true),
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--ttl-eq", "-m ttl --ttl-eq 64 -j ACCEPT"),
        Coverage::exact("! --ttl-eq", "-m ttl ! --ttl-eq 255 -j DROP"),
        Coverage::exact("--ttl-lt", "-m ttl --ttl-lt 2 -j DROP"),
        Coverage::exact("--ttl-gt", "-m ttl --ttl-gt 64 -j ACCEPT"),
    ],
};

const OPTIONS: [&str; 3] = ["ttl-eq", "ttl-lt", "ttl-gt"];

fn lower(part: &Part, _: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    Ok(part.options.iter().filter_map(|opt| shared::hops(Field::IpTtl, opt)).collect())
}
