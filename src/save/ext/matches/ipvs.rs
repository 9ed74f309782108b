//! `-m ipvs`: connections of the load balancer in the kernel (iptables-extensions(8), *ipvs*;
//! net/netfilter/xt_ipvs.c). Refused: nft has no such test.

use crate::save::ast::Part;
use crate::save::ext::lowering::{Cond, Cx, Refusal};
use crate::save::ext::{Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec};

const PORT: Arg = Arg::Custom { words: 1, read: shared::read_port, show: shared::show_port };

pub static EXTENSION: Extension = Extension {
    name: "ipvs",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("ipvs", Arg::Flag).not(),
        OptionSpec::new("vproto", Arg::Protocol).not(),
        OptionSpec::new("vaddr", Arg::Net).not(),
        OptionSpec::new("vport", PORT).not(),
        OptionSpec::new("vdir", Arg::Word(&[("ORIGINAL", 0), ("REPLY", 1)])),
        OptionSpec::new("vmethod", Arg::Word(&[("GATE", 3), ("IPIP", 2), ("MASQ", 0)])).not(),
        OptionSpec::new("vportctl", PORT).not(),
    ],
    check: |part, _| if part.options.is_empty() { Err("at least one option must be given".into()) } else { Ok(()) },
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::refused("--ipvs", "-m ipvs --ipvs -j ACCEPT", NOTE),
        Coverage::refused("! --ipvs", "-m ipvs ! --ipvs -j ACCEPT", NOTE),
        Coverage::refused("--vproto", "-m ipvs --vproto tcp -j ACCEPT", NOTE),
        Coverage::refused("! --vproto", "-m ipvs ! --vproto tcp -j ACCEPT", NOTE),
        Coverage::refused("--vaddr", "-m ipvs --vaddr 192.0.2.1 -j ACCEPT", NOTE),
        Coverage::refused("! --vaddr", "-m ipvs ! --vaddr 192.0.2.1 -j ACCEPT", NOTE),
        Coverage::refused("--vport", "-m ipvs --vport 80 -j ACCEPT", NOTE),
        Coverage::refused("! --vport", "-m ipvs ! --vport 80 -j ACCEPT", NOTE),
        Coverage::refused("--vdir", "-m ipvs --vdir REPLY -j ACCEPT", NOTE),
        Coverage::refused("--vmethod", "-m ipvs --vmethod MASQ -j ACCEPT", NOTE),
        Coverage::refused("! --vmethod", "-m ipvs ! --vmethod GATE -j ACCEPT", NOTE),
        Coverage::refused("--vportctl", "-m ipvs --vportctl 21 -j ACCEPT", NOTE),
        Coverage::refused("! --vportctl", "-m ipvs ! --vportctl 21 -j ACCEPT", NOTE),
    ],
};

const NOTE: &str = "nft cannot ask the load balancer";

fn lower(_: &Part, _: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    let help = "match the virtual service by its address and port, or let ipvs set a mark and match that";
    Err(Refusal::new("ipvs", NOTE, help))
}
