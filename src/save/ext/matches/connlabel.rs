//! `-m connlabel`: labels of a connection (iptables-extensions(8), *connlabel*; net/netfilter/xt_connlabel.c).
//!
//! The negated form also holds for packets without a connection.

use bstr::BString;

use crate::ir::{Step, Test};
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
        Coverage::refused("--set", "-m connlabel --label 5 --set -j ACCEPT", "a test of nft changes nothing"),
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
    if part.has("set") {
        let reason = "the test also sets the label, which a test of nft cannot";
        let help = "split the rule: test the label, and set it by `ct label set` in a rule of its own";
        return Err(Refusal::new("connlabel-set", reason, help).at("set"));
    }
    let Some((opt, bit)) = part.get("label").zip(part.number("label")) else { return Ok(Vec::new()) };
    let test = Test::Bits { field: Field::Ct(CtKey::Label), mask: 1 << bit, value: 0, negated: true };
    Ok(vec![if opt.negated { Cond::Not(vec![Step::Test(test)]) } else { test.into() }])
}
