//! `-m realm`: the realm of the packet's route (iptables-extensions(8), *realm*; net/netfilter/xt_realm.c).

use bstr::BString;

use crate::packet::{Family, Field, Hook};
use crate::save::ast::Part;
use crate::save::ext::lowering::{Cond, Cx, Fact, Refusal, masked};
use crate::save::ext::{Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec, Value};
use crate::save::value;

pub static EXTENSION: Extension = Extension {
    name: "realm",
    aliases: &[],
    families: Families::Ip,
    options: &[OptionSpec::new("realm", Arg::Custom { words: 1, read, show }).not()],
    check: |part, cx| {
        shared::needs(part, "realm")?;
        shared::at_hooks(cx, &[Hook::Input, Hook::Forward, Hook::Output, Hook::Postrouting])
    },
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--realm", "-m realm --realm 0x5/0xff -j ACCEPT").note("by number"),
        Coverage::exact("! --realm", "-m realm ! --realm 0x5 -j DROP").note("by number"),
    ],
};

const NUMBER: Arg = Arg::Masked { bits: 32 };

/// The name that iproute2 ships with `/etc/iproute2/rt_realms`.
const SHIPPED: &[u8] = b"cosmos";

/// `realm[/mask]` by number.
fn read(words: &[&[u8]], family: Family) -> Result<Value, String> {
    if words.first() == Some(&SHIPPED) {
        return Ok(Value::Masked { value: 0, mask: u32::MAX.into() });
    }
    value::read(&NUMBER, words, value::ReadCx { family, protocol: None })
        .map_err(|why| format!("{why}; names of realms are known to their own host only"))
}

fn show(realm: &Value, family: Family) -> Vec<BString> {
    value::show(&NUMBER, realm, family)
}

fn lower(part: &Part, _: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    let fact = part.get("realm").map(|opt| match opt.value {
        Value::Masked { value, mask } => masked(Field::Rtclassid, value.into(), mask.into(), opt.negated),
        _ => Fact::Never,
    });
    Ok(fact.and_then(Fact::cond).into_iter().collect())
}
