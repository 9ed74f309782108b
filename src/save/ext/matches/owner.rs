//! `-m owner`: whose socket a packet comes from (iptables-extensions(8), *owner*;
//! net/netfilter/xt_owner.c, `owner_mt`).
//!
//! A packet without a socket matches where every option given is negated; nft's `meta skuid`
//! breaks off there, so negated options alone are negations of the whole test.

use bstr::{BString, ByteSlice};

use crate::diag::quote;
use crate::ir::{Step, Test};
use crate::packet::{Family, Field, Hook, IntervalSet};
use crate::save::ast::{Opt, Part};
use crate::save::ext::lowering::{Cond, Cx, Refusal, span};
use crate::save::ext::{CheckCx, Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec, Value};
use crate::save::value::number;

pub static EXTENSION: Extension = Extension {
    name: "owner",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("uid-owner", Arg::Custom { words: 1, read, show }).not(),
        OptionSpec::new("gid-owner", Arg::Custom { words: 1, read, show }).not(),
        OptionSpec::new("socket-exists", Arg::Flag).not(),
        OptionSpec::new("suppl-groups", Arg::Flag),
    ],
    check,
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--uid-owner", "-m owner --uid-owner 1000-1999 -j ACCEPT").note("by number"),
        Coverage::exact("! --uid-owner", "-m owner ! --uid-owner 0 -j DROP").note("holds without a socket, too"),
        Coverage::exact("--gid-owner", "-m owner --gid-owner 100 -j ACCEPT").note("by number"),
        Coverage::exact("! --gid-owner", "-m owner ! --gid-owner 0 -j DROP").note("holds without a socket, too"),
        Coverage::approximate(
            "--socket-exists",
            "-m owner --socket-exists -j ACCEPT",
            "sockets that belong to the kernel itself count as none",
        ),
        Coverage::approximate(
            "! --socket-exists",
            "-m owner ! --socket-exists -j ACCEPT",
            "sockets that belong to the kernel itself count as none",
        ),
        Coverage::refused(
            "--suppl-groups",
            "-m owner --gid-owner 100 --suppl-groups -j ACCEPT",
            "nft sees the main group of a socket only",
        ),
    ],
};

/// The largest id that is one.
const MOST: u64 = u32::MAX as u64 - 1;

fn check(part: &Part, cx: &CheckCx) -> Result<(), String> {
    shared::some_of(part, &["uid-owner", "gid-owner", "socket-exists"])?;
    shared::at_hooks(cx, &[Hook::Output, Hook::Postrouting])?;
    let before = |name| part.options.iter().position(|o| o.spec.name == name);
    match (before("suppl-groups"), before("gid-owner")) {
        (Some(groups), Some(gid)) if gid < groups => {}
        (None, _) => {}
        _ => return Err("`--suppl-groups` needs `--gid-owner` before it".into()),
    }
    match part.options.iter().find(|o| matches!(o.value, Value::Range(lo, hi) if lo > hi)) {
        Some(opt) => Err(format!("the range of `--{}` is backwards", opt.spec.name)),
        None => Ok(()),
    }
}

/// `n`, `a-b` or `a:b`; the one name that means the same everywhere is root.
fn read(words: &[&[u8]], _: Family) -> Result<Value, String> {
    let word = words.first().copied().unwrap_or_default();
    if word == b"root" {
        return Ok(Value::Range(0, 0));
    }
    let end = |w: &[u8]| match number(w) {
        Ok(n) if n <= MOST => Ok(n),
        Ok(n) => Err(format!("{n} is out of range: 0 to {MOST}")),
        Err(_) => Err(format!("{} is a name that only its own host can resolve: write the number", quote(w))),
    };
    match word.find_byteset(b"-:") {
        Some(at) => Ok(Value::Range(end(&word[..at])?, end(&word[at + 1..])?)),
        None => end(word).map(|n| Value::Range(n, n)),
    }
}

fn show(value: &Value, _: Family) -> Vec<BString> {
    match value {
        Value::Range(lo, hi) if lo == hi => vec![lo.to_string().into()],
        Value::Range(lo, hi) => vec![format!("{lo}-{hi}").into()],
        _ => Vec::new(),
    }
}

fn lower(part: &Part, cx: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    if part.has("suppl-groups") {
        let reason = "nft sees the main group of a socket, not its supplementary groups";
        let help = "leave --suppl-groups out, or give the program a group of its own";
        return Err(Refusal::new("owner-groups", reason, help).at("suppl-groups"));
    }
    if part.has("socket-exists") && !cx.approximate {
        let reason = "nft cannot see sockets that belong to the kernel itself, which iptables counts";
        let help = "give --approximate if such sockets (NFS, tunnels) do not matter here";
        return Err(Refusal::new("owner-socket", reason, help).at("socket-exists"));
    }
    let all_negated = part.options.iter().all(|o| o.negated);
    let conds: Vec<Cond> = part.options.iter().map(|opt| cond(opt, all_negated)).collect();
    // With `! --socket-exists`, only packets without a socket are left, and they want no other option.
    let contradiction = !all_negated && part.get("socket-exists").is_some_and(|o| o.negated);
    if part.has("socket-exists") {
        cx.differs("sockets that belong to the kernel itself count as none");
    }
    Ok(if contradiction { vec![Cond::Never] } else { conds })
}

fn cond(opt: &Opt, all_negated: bool) -> Cond {
    let field = if opt.spec.name == "gid-owner" { Field::Skgid } else { Field::Skuid };
    let set = match opt.value {
        Value::Range(lo, hi) => span(lo.into(), hi.into()),
        _ => IntervalSet::full(32),
    };
    if all_negated {
        return Cond::Not(vec![Step::Test(Test::within(field, set, false))]);
    }
    Test::within(field, set, opt.negated).into()
}
