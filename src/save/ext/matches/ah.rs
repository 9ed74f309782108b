//! `-m ah` (iptables-extensions(8), *ah*; net/ipv4/netfilter/ipt_ah.c, net/ipv6/netfilter/ip6t_ah.c).
//!
//! For IPv6 it is refused: there AH counts as an extension header, which nft cannot read.

use crate::ir::Test;
use crate::packet::{Family, Field, IntervalSet};
use crate::save::ast::Part;
use crate::save::ext::lowering::{Cond, Cx, Refusal, in_range};
use crate::save::ext::{Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec};

pub static EXTENSION: Extension = Extension {
    name: "ah",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("ahspi", Arg::Range { max: u32::MAX as u64, separator: b':', open: true }).not(),
        OptionSpec::new("ahlen", Arg::Number { min: 0, max: u32::MAX as u64 }).not(),
        OptionSpec::new("ahres", Arg::Flag),
    ],
    check: |part, cx| match cx.family {
        Family::Ip6 => Ok(()),
        _ if part.has("ahlen") || part.has("ahres") => Err("`--ahlen` and `--ahres` exist for IPv6 only".into()),
        _ => shared::needs_protocol(cx, 51, "ah"),
    },
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--ahspi", "-p ah -m ah --ahspi 500:600 -j ACCEPT").note("IPv4 only"),
        Coverage::exact("! --ahspi", "-p ah -m ah ! --ahspi 500 -j DROP").note("IPv4 only"),
        Coverage::refused("--ahlen", "-m ah --ahlen 24 -j ACCEPT", NOTE).v6(),
        Coverage::refused("! --ahlen", "-m ah ! --ahlen 24 -j DROP", NOTE).v6(),
        Coverage::refused("--ahres", "-m ah --ahres -j ACCEPT", NOTE).v6(),
    ],
};

const NOTE: &str = "nft cannot read the AH header of an IPv6 packet, which is an extension header";

fn lower(part: &Part, cx: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    if cx.family == Family::Ip6 {
        return Err(Refusal::new("ah-ipv6", NOTE, "match the addresses of the peers, or `-m policy` behind IPsec"));
    }
    let field = Field::AhSpi;
    let spi = part.get("ahspi").and_then(|opt| in_range(field, &opt.value, opt.negated));
    // Without an option any header will do.
    let test = spi.unwrap_or_else(|| Test::within(field, IntervalSet::full(32), false).into());
    Ok(vec![Cond::NotLaterFragment, test])
}
