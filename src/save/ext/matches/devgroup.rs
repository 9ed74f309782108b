//! `-m devgroup`: groups of network devices (iptables-extensions(8), *devgroup*; net/netfilter/xt_devgroup.c).
//!
//! Bits of the value that are outside the mask are not looked at.

use bstr::BString;

use crate::packet::{Family, Field, Hook};
use crate::save::ast::{Opt, Part};
use crate::save::ext::lowering::{Cond, Cx, Refusal, masked};
use crate::save::ext::{Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec, Value};
use crate::save::value;

pub static EXTENSION: Extension = Extension {
    name: "devgroup",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("src-group", Arg::Custom { words: 1, read, show }).not(),
        OptionSpec::new("dst-group", Arg::Custom { words: 1, read, show }).not(),
    ],
    check: |part, cx| {
        shared::some_of(part, &["src-group", "dst-group"])?;
        if part.has("src-group") {
            shared::at_hooks(cx, &[Hook::Prerouting, Hook::Input, Hook::Forward])?;
        }
        if part.has("dst-group") {
            shared::at_hooks(cx, &[Hook::Forward, Hook::Output, Hook::Postrouting])?;
        }
        Ok(())
    },
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--src-group", "-m devgroup --src-group 0x1/0xf -j ACCEPT").note("by number"),
        Coverage::exact("! --src-group", "-m devgroup ! --src-group 0x1 -j DROP").note("by number"),
        Coverage::exact("--dst-group", "-m devgroup --dst-group 0x1 -j ACCEPT").note("by number"),
        Coverage::exact("! --dst-group", "-m devgroup ! --dst-group 0x1 -j DROP").note("by number"),
    ],
};

const NUMBER: Arg = Arg::Masked { bits: 32 };

/// `group[/mask]` by number; the one name that every host has is `default`.
fn read(words: &[&[u8]], family: Family) -> Result<Value, String> {
    if words.first() == Some(&&b"default"[..]) {
        return Ok(Value::Masked { value: 0, mask: u32::MAX.into() });
    }
    value::read(&NUMBER, words, value::ReadCx { family, protocol: None })
        .map_err(|why| format!("{why}; names of groups are known to their own host only"))
}

fn show(group: &Value, family: Family) -> Vec<BString> {
    value::show(&NUMBER, group, family)
}

fn lower(part: &Part, _: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    Ok(part.options.iter().filter_map(cond).collect())
}

fn cond(opt: &Opt) -> Option<Cond> {
    let Value::Masked { value, mask } = opt.value else { return None };
    let field = if opt.spec.name == "src-group" { Field::Iifgroup } else { Field::Oifgroup };
    masked(field, (value & mask).into(), mask.into(), opt.negated).cond()
}
