//! `-m nfacct`: counts in an accounting object (iptables-extensions(8), *nfacct*; net/netfilter/xt_nfacct.c).

use crate::ir::{Object, ObjectBody, Statement};
use crate::nft::ast::ObjectKind;
use crate::packet::Family;
use crate::save::ast::Part;
use crate::save::ext::lowering::{Cond, Cx, Refusal};
use crate::save::ext::{Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec, Value};

pub static EXTENSION: Extension = Extension {
    name: "nfacct",
    aliases: &[],
    families: Families::Both,
    options: &[OptionSpec::new("nfacct-name", Arg::Custom { words: 1, read, show: shared::show_text })],
    check: |part, _| shared::needs(part, "nfacct-name"),
    lower: Lower::Match(lower),
    coverage: &[Coverage::approximate("--nfacct-name", "-m nfacct --nfacct-name http -j ACCEPT", NOTE)],
};

const NOTE: &str = "a named counter of nft counts; the nfacct tool does not see it, and it has no quota";

fn read(words: &[&[u8]], _: Family) -> Result<Value, String> {
    match words.first() {
        Some(name) if (1..=31).contains(&name.len()) => Ok(Value::Text((*name).into())),
        _ => Err("the name of an accounting object has 1 to 31 bytes".into()),
    }
}

fn lower(part: &Part, cx: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    if !cx.approximate {
        let reason = "accounting objects are made by the nfacct tool, and nft cannot use them";
        return Err(Refusal::new("nfacct", reason, "give --approximate to count in a named counter of nft"));
    }
    let name = part.text("nfacct-name").unwrap_or_default().to_owned();
    cx.differs(NOTE);
    let object = cx.table.add_object(Object { name, body: ObjectBody::Counter { packets: 0, bytes: 0 } });
    Ok(vec![Statement::Object { kind: ObjectKind::Counter, object }.into()])
}
