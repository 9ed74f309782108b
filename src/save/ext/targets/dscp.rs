//! `-j DSCP`: the six high bits of the TOS or traffic class (iptables-extensions(8), *DSCP*;
//! net/netfilter/xt_DSCP.c). The two low bits stay.

use bstr::BString;

use crate::ir::{Assigned, Statement};
use crate::packet::{Family, Field};
use crate::save::ast::{Part, TableKind};
use crate::save::ext::lowering::{Action, Cx, Refusal};
use crate::save::ext::{Coverage, Extension, Families, Grade, Lower, shared};
use crate::save::option::{Arg, OptionSpec, Value};

pub static EXTENSION: Extension = Extension {
    name: "DSCP",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("set-dscp", Arg::Custom { words: 1, read, show }),
        OptionSpec::new("set-dscp-class", Arg::Word(CLASSES)),
    ],
    check: |part, cx| {
        shared::in_tables(cx, &[TableKind::Mangle])?;
        shared::one_of(part, &["set-dscp", "set-dscp-class"], true)
    },
    lower: Lower::Target(lower),
    coverage: &[
        row("--set-dscp", "-j DSCP --set-dscp 0x2e", Family::Ip),
        row("--set-dscp", "-j DSCP --set-dscp 0x2e", Family::Ip6),
        row("--set-dscp-class", "-j DSCP --set-dscp-class EF", Family::Ip),
    ],
};

const fn row(option: &'static str, example: &'static str, family: Family) -> Coverage {
    Coverage { option, grade: Grade::Exact, example, family, note: "" }
}

/// Classes of DiffServ (extensions/dscp_helper.c).
const CLASSES: &[(&str, u64)] = &[
    ("CS0", 0x00),
    ("CS1", 0x08),
    ("CS2", 0x10),
    ("CS3", 0x18),
    ("CS4", 0x20),
    ("CS5", 0x28),
    ("CS6", 0x30),
    ("CS7", 0x38),
    ("BE", 0x00),
    ("AF11", 0x0a),
    ("AF12", 0x0c),
    ("AF13", 0x0e),
    ("AF21", 0x12),
    ("AF22", 0x14),
    ("AF23", 0x16),
    ("AF31", 0x1a),
    ("AF32", 0x1c),
    ("AF33", 0x1e),
    ("AF41", 0x22),
    ("AF42", 0x24),
    ("AF43", 0x26),
    ("EF", 0x2e),
];

fn lower(part: &Part, cx: &mut Cx) -> Result<Action, Refusal> {
    let dscp = part.number("set-dscp").or_else(|| part.number("set-dscp-class")).unwrap_or(0);
    let field = if cx.family == Family::Ip6 { Field::Ip6Dscp } else { Field::IpDscp };
    Ok(Action::Statements(vec![Statement::Assign { field, value: Assigned::Constant(dscp.into()) }]))
}

fn read(words: &[&[u8]], _: Family) -> Result<Value, String> {
    match crate::save::value::number(words.first().copied().unwrap_or_default())? {
        n if n < 64 => Ok(Value::Number(n)),
        n => Err(format!("{n} is out of range: 0 to 63")),
    }
}

fn show(value: &Value, _: Family) -> Vec<BString> {
    match value {
        Value::Number(n) => vec![format!("{n:#04x}").into()],
        _ => Vec::new(),
    }
}
