//! `-m connlabel`: labels of a connection (iptables-extensions(8), *connlabel*; net/netfilter/xt_connlabel.c).
//!
//! The negated form also holds for packets without a connection. With `--set`, the label is set first and asked for
//! then, so that the answer says whether there is a connection that can have labels.

use bstr::BString;

use crate::ir::{Assigned, Bits, Statement, Step, Test};
use crate::packet::{CtKey, Family, Field};
use crate::save::ast::Part;
use crate::save::ext::lowering::{Cond, Cx, Refusal};
use crate::save::ext::{Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec, Value};
use crate::save::value::number;

pub static EXTENSION: Extension = Extension {
    name: "connlabel",
    aliases: &[],
    families: Families::Both,
    options: &[OptionSpec::new("label", Arg::Custom { words: 1, read, show }).not(), OptionSpec::new("set", Arg::Flag)],
    check: |part, _| shared::needs(part, "label"),
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--label", "-m connlabel --label 5 -j ACCEPT").note("by number"),
        Coverage::exact("! --label", "-m connlabel ! --label 5 -j DROP").note("holds without a connection, too"),
        Coverage::exact("--set", "-m connlabel --label 5 --set -j ACCEPT").note("a statement before the test"),
    ],
};

fn read(words: &[&[u8]], _: Family) -> Result<Value, String> {
    match number(words.first().copied().unwrap_or_default()) {
        Ok(bit) if bit < 128 => Ok(Value::Number(bit)),
        Ok(bit) => Err(format!("{bit} is out of range: 0 to 127")),
        Err(_) => Err("names of labels are known to their own host only: write the number".into()),
    }
}

fn show(value: &Value, _: Family) -> Vec<BString> {
    match value {
        Value::Number(bit) => vec![bit.to_string().into()],
        _ => Vec::new(),
    }
}

fn lower(part: &Part, _: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    let Some((opt, bit)) = part.get("label").zip(part.number("label")) else { return Ok(Vec::new()) };
    let label = Field::Ct(CtKey::Label);
    let test = Test::from(Bits { field: label, mask: 1 << bit, value: 0, negated: true });
    let test = if opt.negated { Cond::Not(vec![Step::Test(test)]) } else { test.into() };
    if !part.has("set") {
        return Ok(vec![test]);
    }
    // Both kernels set nothing where there is no connection, or no room for labels in it, and go on.
    let value = Assigned::Constant(1 << bit);
    Ok(vec![Statement::Assign { field: label, value }.into(), test])
}
