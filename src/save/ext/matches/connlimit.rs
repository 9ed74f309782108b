//! `-m connlimit`: how many connections an address or network has (iptables-extensions(8), *connlimit*;
//! net/netfilter/xt_connlimit.c, nf_conncount.c). Each rule counts for itself.

use bstr::BString;
use smallvec::smallvec;

use crate::diag::quote;
use crate::ir::{KeyPart, Statement};
use crate::nft::ast::SetOp;
use crate::packet::Family;
use crate::save::ast::Part;
use crate::save::ext::lowering::{Cond, Cx, Refusal};
use crate::save::ext::{Coverage, Extension, Families, Lower, dynamic, shared};
use crate::save::option::{Arg, OptionSpec, Value};
use crate::save::value::{self, number};

pub static EXTENSION: Extension = Extension {
    name: "connlimit",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("connlimit-upto", Arg::Number { min: 0, max: u32::MAX as u64 }).not(),
        OptionSpec::new("connlimit-above", Arg::Number { min: 0, max: u32::MAX as u64 }).not(),
        OptionSpec::new("connlimit-mask", Arg::Custom { words: 1, read, show }),
        OptionSpec::new("connlimit-saddr", Arg::Flag),
        OptionSpec::new("connlimit-daddr", Arg::Flag),
    ],
    check: |part, _| {
        shared::one_of(part, &["connlimit-upto", "connlimit-above"], true)?;
        shared::one_of(part, &["connlimit-saddr", "connlimit-daddr"], false)
    },
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--connlimit-upto", "-p tcp --syn -m connlimit --connlimit-upto 5 -j ACCEPT"),
        Coverage::exact("! --connlimit-upto", "-p tcp --syn -m connlimit ! --connlimit-upto 5 -j DROP"),
        Coverage::exact("--connlimit-above", "-p tcp --syn -m connlimit --connlimit-above 5 -j DROP"),
        Coverage::exact("! --connlimit-above", "-p tcp --syn -m connlimit ! --connlimit-above 5 -j ACCEPT"),
        Coverage::exact(
            "--connlimit-mask",
            "-p tcp --syn -m connlimit --connlimit-above 5 --connlimit-mask 24 -j DROP",
        ),
        Coverage::exact("--connlimit-saddr", "-p tcp -m connlimit --connlimit-above 5 --connlimit-saddr -j DROP"),
        Coverage::exact("--connlimit-daddr", "-p tcp -m connlimit --connlimit-above 5 --connlimit-daddr -j DROP"),
    ],
};

/// Told above each rule: no spelling of nft counts as iptables does.
const FIRST_PACKETS: &str = "connections count from the first packet that comes here; iptables counts them from any";

/// A prefix length, or an address as a mask (libxtables/xtoptions.c, `XTTYPE_PLENMASK`). A number
/// that is no length is an address.
fn read(words: &[&[u8]], family: Family) -> Result<Value, String> {
    let word = words.first().copied().unwrap_or_default();
    let width = u64::from(dynamic::address_width(family));
    match number(word) {
        Ok(length) if length <= width => Ok(Value::Number(length)),
        _ => {
            let mask = value::read_address(word, family).map_err(|_| format!("{} is no network mask", quote(word)))?;
            Ok(dynamic::prefix_of(mask, family)
                .map_or_else(|| Value::Addresses(Box::new((mask, mask))), |n| Value::Number(n.into())))
        }
    }
}

fn show(mask: &Value, family: Family) -> Vec<BString> {
    match mask {
        Value::Number(length) => vec![length.to_string().into()],
        Value::Addresses(mask) => vec![value::show_address(mask.0, family).into()],
        _ => Vec::new(),
    }
}

fn lower(part: &Part, cx: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    let Some(opt) = part.get("connlimit-above").or_else(|| part.get("connlimit-upto")) else { return Ok(Vec::new()) };
    let Value::Number(count) = opt.value else { return Ok(Vec::new()) };
    let over = (opt.spec.name == "connlimit-above") != opt.negated;
    let limit = Statement::ConnLimit { over, count: count as u32 };
    cx.notes.push(FIRST_PACKETS.into());
    let mask = match part.get("connlimit-mask").map(|o| &o.value) {
        Some(Value::Number(0)) => return Ok(vec![limit.into()]),
        Some(Value::Number(length)) => dynamic::prefix_mask(*length, cx.family),
        Some(Value::Addresses(mask)) => Some(mask.0),
        _ => None,
    };
    let field = if part.has("connlimit-daddr") { cx.daddr() } else { cx.saddr() };
    let set = dynamic::add_set(cx, "connlimit", smallvec![field], None, None);
    let key = vec![KeyPart { field, mask }];
    Ok(vec![Statement::SetUpdate { op: SetOp::Add, set, key, timeout: None, inner: vec![limit] }.into()])
}
