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
        OptionSpec::new("set-dscp-class", Arg::Word(shared::DSCP_CLASSES)),
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
