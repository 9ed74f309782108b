//! `-m mac` (iptables-extensions(8), *mac*; net/netfilter/xt_mac.c, `mac_mt`).
//!
//! A packet that came by something else than Ethernet never matches, negated or not; nft tests
//! the kind of device before it reads the address, too.

use crate::ir::Test;
use crate::packet::{Field, Hook, IntervalSet};
use crate::save::ast::Part;
use crate::save::ext::lowering::{Cond, Cx, Refusal};
use crate::save::ext::{Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec, Value};

pub static EXTENSION: Extension = Extension {
    name: "mac",
    aliases: &[],
    families: Families::Both,
    options: &[OptionSpec::new("mac-source", Arg::Mac).not()],
    check: |part, cx| {
        shared::needs(part, "mac-source")?;
        shared::at_hooks(cx, &[Hook::Prerouting, Hook::Input, Hook::Forward])
    },
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--mac-source", "-m mac --mac-source 00:11:22:33:44:55 -j ACCEPT"),
        Coverage::exact("! --mac-source", "-m mac ! --mac-source 00:11:22:33:44:55 -j DROP"),
    ],
};

fn lower(part: &Part, _: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    let cond = part.get("mac-source").and_then(|opt| match opt.value {
        Value::Mac(mac) => {
            let number = mac.iter().fold(0u128, |n, &byte| n << 8 | u128::from(byte));
            Some(Test::within(Field::EtherSaddr, IntervalSet::point(number), opt.negated).into())
        }
        _ => None,
    });
    Ok(cond.into_iter().collect())
}
