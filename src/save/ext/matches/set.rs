//! `-m set`: whether parts of the packet are in an ipset (iptables-extensions(8), *set*;
//! net/netfilter/xt_set.c).
//!
//! The set becomes a named set of nft with the elements that `ipset save` says. A rule that gives
//! fewer directions than the set has parts never finds anything.

use bstr::{BStr, BString, ByteSlice};

use crate::diag::quote;
use crate::ir::{Step, Test, fragments};
use crate::packet::Family;
use crate::save::ast::{Opt, Part};
use crate::save::ext::lowering::{Cond, Cx, Refusal};
use crate::save::ext::named_set::{self, Way, Which};
use crate::save::ext::{CheckCx, Coverage, Extension, Families, Lower, set_name, shared};
use crate::save::option::{Arg, OptionSpec, Value};

const COUNT: Arg = Arg::Number { min: 0, max: u64::MAX };

pub static EXTENSION: Extension = Extension {
    name: "set",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("match-set", Arg::Custom { words: 2, read, show: set_name::show }).alias(&["set"]).not(),
        OptionSpec::new("return-nomatch", Arg::Flag),
        OptionSpec::new("update-counters", Arg::Flag).not(),
        OptionSpec::new("update-subcounters", Arg::Flag).not(),
        OptionSpec::new("packets-eq", COUNT).not(),
        OptionSpec::new("packets-lt", COUNT),
        OptionSpec::new("packets-gt", COUNT),
        OptionSpec::new("bytes-eq", COUNT).not(),
        OptionSpec::new("bytes-lt", COUNT),
        OptionSpec::new("bytes-gt", COUNT),
    ],
    check,
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--match-set", "-m set --match-set blocked src -j DROP").note(CONTENT),
        Coverage::exact("! --match-set", "-m set ! --match-set allowed src,dst -j DROP").note(CONTENT),
        Coverage::exact("--return-nomatch", "-m set --match-set nets src --return-nomatch -j ACCEPT").note(CONTENT),
        Coverage::exact("--update-counters", "-m set --match-set blocked src --update-counters -j DROP"),
        Coverage::exact("! --update-counters", "-m set --match-set nets src ! --update-counters -j DROP").note(COUNTED),
        Coverage::exact("--update-subcounters", "-m set --match-set blocked src --update-subcounters -j DROP"),
        Coverage::exact("! --update-subcounters", "-m set --match-set nets src ! --update-subcounters -j DROP")
            .note(COUNTED),
        Coverage::refused("--packets-eq", "-m set --match-set blocked src --packets-eq 5 -j DROP", TESTED),
        Coverage::refused("! --packets-eq", "-m set --match-set blocked src ! --packets-eq 5 -j DROP", TESTED),
        Coverage::refused("--packets-lt", "-m set --match-set blocked src --packets-lt 5 -j DROP", TESTED),
        Coverage::refused("--packets-gt", "-m set --match-set blocked src --packets-gt 5 -j DROP", TESTED),
        Coverage::refused("--bytes-eq", "-m set --match-set blocked src --bytes-eq 5 -j DROP", TESTED),
        Coverage::refused("! --bytes-eq", "-m set --match-set blocked src ! --bytes-eq 5 -j DROP", TESTED),
        Coverage::refused("--bytes-lt", "-m set --match-set blocked src --bytes-lt 5 -j DROP", TESTED),
        Coverage::refused("--bytes-gt", "-m set --match-set blocked src --bytes-gt 5 -j DROP", TESTED),
    ],
};

const CONTENT: &str = "needs the output of `ipset save`, given by --ipset";
const COUNTED: &str = "where the set has no counters: nft counts each time an element is found";
const TESTED: &str = "nft cannot test the counter of an element";

const COUNTERS: [&str; 6] = ["packets-eq", "packets-lt", "packets-gt", "bytes-eq", "bytes-lt", "bytes-gt"];

fn check(part: &Part, _: &CheckCx) -> Result<(), String> {
    shared::needs(part, "match-set")?;
    shared::one_of(part, &["packets-eq", "packets-lt", "packets-gt"], false)?;
    shared::one_of(part, &["bytes-eq", "bytes-lt", "bytes-gt"], false)?;
    let inverted = part.get("match-set").is_some_and(|o| o.negated);
    if inverted && part.has("return-nomatch") {
        return Err("`--return-nomatch` cannot stand beside `! --match-set`".into());
    }
    Ok(())
}

/// What looks like an option is no name.
fn read(words: &[&[u8]], family: Family) -> Result<Value, String> {
    match words.first().filter(|name| name.starts_with(b"-")) {
        Some(name) => Err(format!("{} is no name of a set", quote(name))),
        None => set_name::read(words, family),
    }
}

fn lower(part: &Part, cx: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    if let Some(option) = COUNTERS.into_iter().find(|o| part.has(o)) {
        return Err(Refusal::new("set-counters", TESTED, "limit by a quota or a rate instead").at(option));
    }
    let counted = |o: &Opt| set_name::parts(&o.value).is_none_or(|(name, _)| counts(name.as_bstr(), cx));
    let counted = part.get("match-set").is_none_or(counted);
    let silent = ["update-counters", "update-subcounters"].into_iter().find(|o| part.get(o).is_some_and(|o| o.negated));
    if let Some(option) = silent.filter(|_| counted) {
        return Err(Refusal::new("set-counting", COUNTED, "leave it out, or make the set without counters").at(option));
    }
    let Some(opt) = part.get("match-set") else { return Ok(Vec::new()) };
    let Some((name, source)) = set_name::parts(&opt.value) else { return Ok(Vec::new()) };
    let which = if part.has("return-nomatch") { Which::Exceptions } else { Which::Matching };
    let ways = named_set::ways(name.as_bstr(), &source, which, cx)?;
    Ok(if opt.negated { outside(ways, cx.family) } else { inside(ways, cx.family) })
}

/// Whether the set, or one in the list that it is, has counters.
fn counts(name: &BStr, cx: &Cx) -> bool {
    let Some(set) = cx.ipsets.get(name) else { return true };
    let counted = |name: &BString| cx.ipsets.get(name.as_bstr()).is_none_or(|member| member.counters);
    set.counters || set.members().any(counted)
}

fn inside(mut ways: Vec<Way>, family: Family) -> Vec<Cond> {
    match (ways.pop(), ways.is_empty()) {
        (None, _) => vec![Cond::Never],
        (Some(only), true) => {
            let fragment = only.header.then_some(Cond::NotLaterFragment);
            fragment.into_iter().chain(only.steps.into_iter().map(Cond::Step)).collect()
        }
        (Some(last), false) => {
            ways.push(last);
            vec![Cond::OneOf(ways.into_iter().map(|w| guarded(w, family)).collect())]
        }
    }
}

/// Not in the set by any way.
fn outside(ways: Vec<Way>, family: Family) -> Vec<Cond> {
    let not = |mut way: Way| {
        // What only keeps the ways apart goes: every way is ruled out.
        way.steps.retain(|s| !matches!(s, Step::Test(Test::Lookup { negated: true, .. })));
        let outside = match way.steps.as_slice() {
            [Step::Test(only)] if !way.breaks => only.outside(),
            _ => None,
        };
        outside.map_or_else(|| Cond::Not(guarded(way, family)), Cond::from)
    };
    ways.into_iter().map(not).collect()
}

/// The way's steps, where data behind the network header is read with a test that it is there.
fn guarded(way: Way, family: Family) -> Vec<Step> {
    let fragment = fragments::is_not_later(family).filter(|_| way.header).map(Step::Test);
    fragment.into_iter().chain(way.steps).collect()
}
