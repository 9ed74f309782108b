//! `-j CLASSIFY`: the packet's traffic class (iptables-extensions(8), *CLASSIFY*; net/netfilter/xt_CLASSIFY.c).

use bstr::{BString, ByteSlice};

use crate::diag::quote;
use crate::ir::{Assigned, Statement};
use crate::packet::{Family, Field, Hook};
use crate::save::ast::Part;
use crate::save::ext::lowering::{Action, Cx, Refusal};
use crate::save::ext::{Coverage, Extension, Families, Grade, Lower, shared};
use crate::save::option::{Arg, OptionSpec, Value};

pub static EXTENSION: Extension = Extension {
    name: "CLASSIFY",
    aliases: &[],
    families: Families::Both,
    options: &[OptionSpec::new("set-class", Arg::Custom { words: 1, read, show })],
    check: |part, cx| {
        shared::needs(part, "set-class")?;
        shared::at_hooks(cx, &[Hook::Forward, Hook::Output, Hook::Postrouting])
    },
    lower: Lower::Target(lower),
    coverage: &[Coverage {
        option: "--set-class",
        grade: Grade::Exact,
        example: "-j CLASSIFY --set-class 1:10",
        family: Family::Ip,
        note: "",
    }],
};

fn lower(part: &Part, _: &mut Cx) -> Result<Action, Refusal> {
    let class = part.number("set-class").unwrap_or(0);
    let value = Assigned::Constant(class.into());
    Ok(Action::Statements(vec![Statement::Assign { field: Field::Priority, value }]))
}

/// `major:minor`, always hexadecimal.
fn read(words: &[&[u8]], _: Family) -> Result<Value, String> {
    let word = words.first().copied().unwrap_or_default();
    let half = |w: &[u8]| {
        let digits = w.strip_prefix(b"0x").unwrap_or(w);
        u16::from_str_radix(digits.to_str().ok()?, 16).ok()
    };
    let class = word.split_once_str(":").and_then(|(major, minor)| Some((half(major)?, half(minor)?)));
    class
        .map(|(major, minor)| Value::Number(u64::from(major) << 16 | u64::from(minor)))
        .ok_or_else(|| format!("{} is no class: `major:minor`, both hexadecimal with at most 4 digits", quote(word)))
}

fn show(value: &Value, _: Family) -> Vec<BString> {
    match value {
        Value::Number(class) => vec![format!("{:04x}:{:04x}", class >> 16, class & 0xffff).into()],
        _ => Vec::new(),
    }
}
