//! `-m hbh`: the Hop-by-hop options header of IPv6 (iptables-extensions(8), *hbh*; net/ipv6/netfilter/ip6t_hbh.c).

use crate::packet::Exthdr;
use crate::save::ast::Part;
use crate::save::ext::lowering::{Cond, Cx, Refusal};
use crate::save::ext::{Coverage, Extension, Families, Lower, extension_header, shared};
use crate::save::option::{Arg, OptionSpec};

pub static EXTENSION: Extension = Extension {
    name: "hbh",
    aliases: &[],
    families: Families::Ip6,
    options: &[
        OptionSpec::new("hbh-len", Arg::Number { min: 0, max: u32::MAX as u64 }).not(),
        OptionSpec::new(
            "hbh-opts",
            Arg::Custom { words: 1, read: extension_header::read_options, show: shared::show_text },
        ),
    ],
    check: shared::no_check,
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--hbh-len", "-m hbh --hbh-len 16 -j DROP").v6(),
        Coverage::exact("! --hbh-len", "-m hbh ! --hbh-len 8 -j DROP").v6(),
        Coverage::approximate("--hbh-opts", "-m hbh --hbh-opts 1:4 -j DROP", extension_header::FIRST_NOTE).v6(),
    ],
};

/// The header's number in the one before it.
const NUMBER: u8 = 0;

fn lower(part: &Part, cx: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    extension_header::lower((Exthdr::Hbh, NUMBER), ("hbh-len", "hbh-opts"), part, cx)
}
