//! `-m eui64`: the IPv6 source address agrees with the MAC address (iptables-extensions(8), *eui64*;
//! net/ipv6/netfilter/ip6t_eui64.c). Refused: nft cannot compare two fields.

use crate::save::ast::Part;
use crate::save::ext::lowering::{Cond, Cx, Refusal};
use crate::save::ext::{Coverage, Extension, Families, Lower, shared};

pub static EXTENSION: Extension = Extension {
    name: "eui64",
    aliases: &[],
    families: Families::Ip6,
    options: &[],
    check: shared::no_check,
    lower: Lower::Match(lower),
    coverage: &[Coverage::refused("-m eui64", "-m eui64 -j ACCEPT", NOTE).v6()],
};

const NOTE: &str = "nft compares a field with what a rule or a set names, never with another field of the packet";

fn lower(_: &Part, _: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    let help = "keep the pairs in a set: `ether saddr . ip6 saddr @known`";
    Err(Refusal::new("eui64", NOTE, help))
}
