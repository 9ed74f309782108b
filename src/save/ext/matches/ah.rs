//! `-m ah` (iptables-extensions(8), *ah*; net/ipv4/netfilter/ipt_ah.c, net/ipv6/netfilter/ip6t_ah.c).
//!
//! For IPv6 AH counts as an extension header, which nft has no words for: what is in it is read where it follows the
//! header of IPv6 at once.

use crate::ir::Test;
use crate::packet::{Family, Field, IntervalSet};
use crate::save::ast::Part;
use crate::save::ext::extension_header::{self, FIRST_NOTE, inside};
use crate::save::ext::lowering::{Cond, Cx, Refusal, in_range, within};
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
        Coverage::exact("--ahspi", "-p ah -m ah --ahspi 500:600 -j ACCEPT").note("IPv6 with --approximate only"),
        Coverage::exact("! --ahspi", "-p ah -m ah ! --ahspi 500 -j DROP").note("IPv6 with --approximate only"),
        Coverage::approximate("--ahlen", "-m ah --ahlen 24 -j ACCEPT", FIRST_NOTE).v6(),
        Coverage::approximate("! --ahlen", "-m ah ! --ahlen 24 -j DROP", FIRST_NOTE).v6(),
        Coverage::approximate("--ahres", "-m ah --ahres -j ACCEPT", FIRST_NOTE).v6(),
    ],
};

fn lower(part: &Part, cx: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    if cx.family == Family::Ip6 {
        return extension(part, cx);
    }
    let field = Field::AhSpi;
    let spi = part.get("ahspi").and_then(|opt| in_range(field, &opt.value, opt.negated));
    // Without an option any header will do.
    let test = spi.unwrap_or_else(|| Test::within(field, IntervalSet::full(32), false).into());
    Ok(vec![Cond::NotLaterFragment, test])
}

/// The header's number in the one before it.
const NUMBER: u8 = 51;

/// The header of IPv6 packets: its length counts units of four bytes, beyond the first two.
fn extension(part: &Part, cx: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    let option = part.options.first().map_or("ahspi", |opt| opt.spec.name);
    let mut out = vec![extension_header::comes_first(NUMBER, option, cx)?];
    if let Some(opt) = part.get("ahspi") {
        out.extend(in_range(inside(32, 32), &opt.value, opt.negated));
    }
    // A length of 0 is any to the kernel.
    if let Some((opt, bytes)) = part.get("ahlen").zip(part.number("ahlen")).filter(|(_, bytes)| *bytes != 0) {
        let units = (bytes / 4).checked_sub(2).filter(|&n| bytes.is_multiple_of(4) && n <= 255);
        match units {
            Some(n) => out.extend(within(inside(8, 8), IntervalSet::point(n.into()), opt.negated).cond()),
            None if opt.negated => {}
            None => out.push(Cond::Never),
        }
    }
    if part.has("ahres") {
        out.push(Test::is(inside(16, 16), 0).into());
    }
    Ok(out)
}
