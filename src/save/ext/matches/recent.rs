//! `-m recent`: lists of addresses with time stamps (iptables-extensions(8), *recent*; net/netfilter/xt_recent.c).
//!
//! nft has no twin: its sets know when an element was last used, not each time. With
//! `--approximate` a list is a dynamic set with a timeout, and `--hitcount` a token bucket.

use bstr::{BString, ByteSlice};
use smallvec::smallvec;

use crate::diag::quote;
use crate::ir::{KeyPart, SetId, Statement, Step, Test};
use crate::nft::ast::{Limit, SetOp, TimeUnit};
use crate::packet::{Family, Field};
use crate::save::ast::Part;
use crate::save::ext::lowering::{Cond, Cx, Refusal};
use crate::save::ext::{CheckCx, Coverage, Extension, Families, Lower, dynamic, shared};
use crate::save::option::{Arg, OptionSpec, Value};
use crate::save::value;

pub static EXTENSION: Extension = Extension {
    name: "recent",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("set", Arg::Flag).not(),
        OptionSpec::new("rcheck", Arg::Flag).not(),
        OptionSpec::new("update", Arg::Flag).not(),
        OptionSpec::new("remove", Arg::Flag).not(),
        OptionSpec::new("seconds", Arg::Number { min: 1, max: u32::MAX as u64 }),
        OptionSpec::new("reap", Arg::Flag),
        OptionSpec::new("hitcount", Arg::Number { min: 0, max: 65535 }),
        OptionSpec::new("rttl", Arg::Flag),
        OptionSpec::new("name", Arg::Text { max: 199 }),
        OptionSpec::new("mask", Arg::Custom { words: 1, read: read_mask, show: show_mask }),
        OptionSpec::new("rsource", Arg::Flag),
        OptionSpec::new("rdest", Arg::Flag),
    ],
    check,
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::approximate("--set", "-m recent --set --name ssh -j ACCEPT", NOTE),
        Coverage::approximate("! --set", "-m recent ! --set --name ssh -j ACCEPT", NOTE),
        Coverage::approximate("--rcheck", "-m recent --rcheck --seconds 60 --name ssh -j DROP", NOTE),
        Coverage::approximate("! --rcheck", "-m recent ! --rcheck --seconds 60 --name ssh -j ACCEPT", NOTE),
        Coverage::approximate("--update", "-m recent --update --seconds 60 --hitcount 4 --name ssh -j DROP", NOTE),
        Coverage::approximate("! --update", "-m recent ! --update --seconds 60 --name ssh -j ACCEPT", NOTE),
        Coverage::approximate("--remove", "-m recent --remove --name ssh -j ACCEPT", NOTE),
        Coverage::approximate("! --remove", "-m recent ! --remove --name ssh -j ACCEPT", NOTE),
        Coverage::approximate("--seconds", "-m recent --rcheck --seconds 60 --name ssh -j DROP", NOTE),
        Coverage::approximate("--reap", "-m recent --rcheck --seconds 60 --reap --name ssh -j DROP", NOTE),
        Coverage::approximate("--hitcount", "-m recent --rcheck --seconds 60 --hitcount 4 --name ssh -j DROP", NOTE),
        Coverage::approximate("--rttl", "-m recent --rcheck --rttl --name ssh -j DROP", "the TTL is not compared"),
        Coverage::approximate("--name", "-m recent --set --name ssh -j ACCEPT", NOTE),
        Coverage::approximate("--mask", "-m recent --set --mask 255.255.255.0 --name ssh -j ACCEPT", NOTE),
        Coverage::approximate("--rsource", "-m recent --set --rsource --name ssh -j ACCEPT", NOTE),
        Coverage::approximate("--rdest", "-m recent --set --rdest --name ssh -j ACCEPT", NOTE),
    ],
};

const NOTE: &str = "nft keeps one time per address, and counts hits by a token bucket";

const ACTIONS: [&str; 4] = ["set", "rcheck", "update", "remove"];

fn check(part: &Part, _: &CheckCx) -> Result<(), String> {
    shared::one_of(part, &ACTIONS, true)?;
    shared::one_of(part, &["rsource", "rdest"], false)?;
    let name = part.text("name");
    if name.is_some_and(|n| n.is_empty() || n.contains_str("/")) {
        return Err("the name must be one for a file: not empty, without `/`".into());
    }
    if part.has("reap") && !part.has("seconds") {
        return Err("`--reap` needs `--seconds`".into());
    }
    let looks = part.has("rcheck") || part.has("update");
    match ["seconds", "hitcount", "rttl", "reap"].into_iter().find(|o| part.has(o)) {
        Some(option) if !looks => Err(format!("`--{option}` needs `--rcheck` or `--update`")),
        _ => Ok(()),
    }
}

fn read_mask(words: &[&[u8]], family: Family) -> Result<Value, String> {
    let word = words.first().copied().unwrap_or_default();
    let mask = value::read_address(word, family).map_err(|_| format!("{} is no network mask", quote(word)))?;
    Ok(Value::Addresses(Box::new((mask, mask))))
}

fn show_mask(mask: &Value, family: Family) -> Vec<BString> {
    match mask {
        Value::Addresses(mask) => vec![value::show_address(mask.0, family).into()],
        _ => Vec::new(),
    }
}

fn lower(part: &Part, cx: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    if !cx.approximate {
        let reason = "nft has no lists of time stamps per address";
        let help = "give --approximate for dynamic sets with timeouts and rates, which is close";
        return Err(Refusal::new("recent", reason, help));
    }
    let negated = part.options.iter().any(|o| o.negated);
    let field = if part.has("rdest") { cx.daddr() } else { cx.saddr() };
    let set = list(part, cx, field)?;
    cx.differs(NOTE);
    let key = KeyPart { field, mask: mask(part, cx.family) };
    let known = Test::in_set(&[key], set);
    let change = |op| Statement::SetUpdate { op, set, key: vec![key], timeout: None, inner: Vec::new() };
    if part.has("set") || part.has("remove") {
        let remove = vec![Step::Test(known), change(SetOp::Delete).into()];
        let steps = if part.has("set") { vec![change(SetOp::Update).into()] } else { remove };
        return Ok(as_said(steps, negated));
    }
    let mut steps = vec![Step::Test(known)];
    if let Some(hits) = part.number("hitcount").filter(|&n| n > 1) {
        steps.push(counted(part, cx, key, hits).into());
    }
    if part.has("update") {
        steps.push(change(SetOp::Update).into());
    }
    Ok(as_said(steps, negated))
}

/// The bits of addresses that the list keeps; `None` where it keeps all.
fn mask(part: &Part, family: Family) -> Option<u128> {
    let all = u128::MAX >> (128 - dynamic::address_width(family));
    match &part.get("mask")?.value {
        Value::Addresses(mask) if mask.0 & all != all => Some(mask.0 & all),
        _ => None,
    }
}

/// With `!` the list is changed all the same.
fn as_said(steps: Vec<Step>, negated: bool) -> Vec<Cond> {
    if negated { vec![Cond::Not(steps)] } else { steps.into_iter().map(Cond::Step).collect() }
}

/// The set that stands for the list. All rules that look at times must look at the same age.
fn list(part: &Part, cx: &mut Cx, field: Field) -> Result<SetId, Refusal> {
    let name = format!("recent_{}", part.text("name").unwrap_or(b"DEFAULT".as_bstr()));
    let set = match cx.sets.find(name.as_bytes()) {
        Some(set) => set,
        None => dynamic::add_set(cx, &name, smallvec![field], None, None),
    };
    let Some(seconds) = part.number("seconds") else { return Ok(set) };
    let Some(found) = cx.table.sets.get_mut(set.0 as usize) else { return Ok(set) };
    if *found.timeout.get_or_insert(seconds) == seconds {
        return Ok(set);
    }
    let reason = "rules look at this list for different ages, and an element of nft has one timeout";
    Err(Refusal::new("recent-ages", reason, "use lists of their own for rules with other --seconds").at("seconds"))
}

/// True from the hit with number `hits` within the time on.
fn counted(part: &Part, cx: &mut Cx, key: KeyPart, hits: u64) -> Statement {
    let seconds = part.number("seconds").unwrap_or(86400);
    let units = [(TimeUnit::Second, 1), (TimeUnit::Minute, 60), (TimeUnit::Hour, 3600), (TimeUnit::Day, 86400)];
    let allowed = hits - 1;
    // The finest unit in which the rate is a whole number, or at least one.
    let (unit, length) = units
        .into_iter()
        .find(|(_, length)| (allowed * length).is_multiple_of(seconds))
        .or_else(|| units.into_iter().find(|(_, length)| allowed * length >= seconds))
        .unwrap_or((TimeUnit::Day, 86400));
    let rate = (allowed * length / seconds).max(1);
    let name = format!("recent_{}_hits", part.text("name").unwrap_or(b"DEFAULT".as_bstr()));
    let set = dynamic::add_set(cx, &name, smallvec![key.field], Some(seconds), None);
    let limit = Limit { over: true, rate, bytes: false, unit, burst: Some(allowed) };
    let key = vec![key];
    Statement::SetUpdate { op: SetOp::Update, set, key, timeout: Some(seconds), inner: vec![Statement::Limit(limit)] }
}
