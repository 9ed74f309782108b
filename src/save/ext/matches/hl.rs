//! `-m hl` (iptables-extensions(8), *hl*; net/netfilter/xt_hl.c).

use crate::packet::Field;
use crate::save::ast::Part;
use crate::save::ext::lowering::{Cond, Cx, Refusal};
use crate::save::ext::{Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec};

pub static EXTENSION: Extension = Extension {
    name: "hl",
    aliases: &[],
    families: Families::Ip6,
    options: &[
        OptionSpec::new("hl-eq", Arg::Number { min: 0, max: 255 }).alias(&["hl"]).not(),
        OptionSpec::new("hl-lt", Arg::Number { min: 0, max: 255 }),
        OptionSpec::new("hl-gt", Arg::Number { min: 0, max: 255 }),
    ],
    check: |part, _| shared::one_of(part, &OPTIONS, true),
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--hl-eq", "-m hl --hl-eq 64 -j ACCEPT").v6(),
        Coverage::exact("! --hl-eq", "-m hl ! --hl-eq 255 -j DROP").v6(),
        Coverage::exact("--hl-lt", "-m hl --hl-lt 2 -j DROP").v6(),
        Coverage::exact("--hl-gt", "-m hl --hl-gt 64 -j ACCEPT").v6(),
    ],
};

const OPTIONS: [&str; 3] = ["hl-eq", "hl-lt", "hl-gt"];

fn lower(part: &Part, _: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    Ok(part.options.iter().filter_map(|opt| shared::hops(Field::Ip6Hoplimit, opt)).collect())
}
