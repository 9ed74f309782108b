//! `-j CT`: how the connection of the packet will be tracked (iptables-extensions(8), *CT*;
//! net/netfilter/xt_CT.c).
//!
//! The target hangs a template on a packet that is not tracked yet. nft does that for zones; helpers,
//! timeouts and events it sets only once there is a connection, which is after this table. So `lower`
//! tries the rules of the table once more behind connection tracking, for the helpers alone.

use bstr::BString;

use crate::diag::quote;
use crate::ir::{Assigned, Object, ObjectBody, Origin, Rule, Statement, Step, Test, Verdict};
use crate::packet::{CtDirection, CtKey, Family, Field};
use crate::save::ast::{Part, TableKind};
use crate::save::ext::lowering::{Action, Cx, Refusal};
use crate::save::ext::{CheckCx, Coverage, Extension, Families, Grade, Lower, shared};
use crate::save::option::{Arg, OptionSpec, Value};
use crate::save::value;

const ZONE: Arg = Arg::Custom { words: 1, read: read_zone, show: show_zone };

/// Bytes of names that the kernel's `struct xt_ct_target_info_v1` holds.
const HELPER: usize = 15;
const TIMEOUT: usize = 31;

pub static EXTENSION: Extension = Extension {
    name: "CT",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("notrack", Arg::Flag),
        OptionSpec::new("helper", Arg::Custom { words: 1, read: shared::read_cut::<HELPER>, show: shared::show_text }),
        OptionSpec::new(
            "timeout",
            Arg::Custom { words: 1, read: shared::read_cut::<TIMEOUT>, show: shared::show_text },
        ),
        OptionSpec::new("ctevents", Arg::Custom { words: 1, read: read_events, show: show_events }),
        OptionSpec::new("expevents", Arg::Custom { words: 1, read: read_expect_events, show: show_events }),
        OptionSpec::new("zone", ZONE),
        OptionSpec::new("zone-orig", ZONE),
        OptionSpec::new("zone-reply", ZONE),
    ],
    check,
    lower: Lower::Target(lower),
    coverage: &[
        row("--notrack", Grade::Exact, "-j CT --notrack", "what else the rule says has no effect then"),
        row("--helper", Grade::Exact, "-p tcp --dport 21 -j CT --helper ftp", HELPER_NOTE),
        row("--timeout", Grade::Refused, "-p tcp -j CT --timeout fast", TIMEOUT_NOTE),
        row("--ctevents", Grade::Refused, "-j CT --ctevents new,destroy", EVENTS_NOTE),
        row("--expevents", Grade::Refused, "-j CT --expevents new", EVENTS_NOTE),
        row("--zone", Grade::Exact, "-j CT --zone 5", "`--zone mark` is refused: nft takes no mark for a zone"),
        row("--zone-orig", Grade::Exact, "-j CT --zone-orig 5", ""),
        row("--zone-reply", Grade::Exact, "-j CT --zone-reply 5", ""),
    ],
};

const HELPER_NOTE: &str = "in a chain behind connection tracking, where nft sets helpers; refused behind tests of the \
    connection and limits";
const TIMEOUT_NOTE: &str = "the policy is defined outside of the dump";
/// Seen on kernel 6.18 by listening; `nf_ct_ecache_ext_add` in net/netfilter/nf_conntrack_ecache.c.
const EVENTS_NOTE: &str = "nft limits the events of a connection, and cannot those of its expectations, which iptables \
    limits with them; and iptables limits none where nobody listened when the rule was loaded";

const fn row(option: &'static str, grade: Grade, example: &'static str, note: &'static str) -> Coverage {
    Coverage { option, grade, example, family: Family::Ip, note }
}

/// Helpers and timeout policies are one protocol's (`xt_ct_find_proto`).
fn check(part: &Part, cx: &CheckCx) -> Result<(), String> {
    shared::in_tables(cx, &[TableKind::Raw])?;
    let named = |option| part.text(option).is_some_and(|t| !t.is_empty());
    let one_protocol = matches!(cx.protocol, Some((1.., false)));
    if !part.has("notrack") && !one_protocol && (named("helper") || named("timeout")) {
        return Err("helpers and timeouts need `-p` with one protocol before them".into());
    }
    Ok(())
}

/// Names of conntrack events with their bits (include/uapi/linux/netfilter/nf_conntrack_common.h, IPCT_*).
const EVENTS: [(&str, u64); 10] = [
    ("new", 1),
    ("related", 1 << 1),
    ("destroy", 1 << 2),
    ("reply", 1 << 3),
    ("assured", 1 << 4),
    ("protoinfo", 1 << 5),
    ("helper", 1 << 6),
    ("mark", 1 << 7),
    ("natseqinfo", 1 << 8),
    ("secmark", 1 << 9),
];

/// `--zone mark`, as a number no zone has.
const FROM_MARK: u64 = 1 << 16;

fn lower(part: &Part, cx: &mut Cx) -> Result<Action, Refusal> {
    if part.has("notrack") {
        return Ok(Action::Statements(vec![Statement::Notrack]));
    }
    refuse(part, cx)?;
    let (key, zone) = zone(part);
    let statement = Statement::Assign { field: Field::Ct(key), value: Assigned::Constant(zone.into()) };
    // xtables leaves packets alone that are taken out of tracking (by this table, or on their way out when they
    // come in by loopback); nft would track them after all.
    let fresh = Test::is(Field::Ct(CtKey::State), INVALID);
    let steps = [Step::Test(fresh), statement.into()];
    Ok(Action::Block(vec![Rule::new(steps, Verdict::Continue, Origin::default())]))
}

/// `ct state` of a packet that nothing has looked at yet.
const INVALID: u128 = 1;

/// The last number given, for the directions that all options together name (`xt_ct_flags_to_dir`). Without a
/// zone the template still hides the packet from CT rules behind this one: zone 0.
fn zone(part: &Part) -> (CtKey, u64) {
    let key = match (part.has("zone-orig"), part.has("zone-reply")) {
        (true, false) => CtKey::ZoneIn(CtDirection::Original),
        (false, true) => CtKey::ZoneIn(CtDirection::Reply),
        _ => CtKey::Zone,
    };
    let mut numbers = part.options.iter().filter(|o| o.spec.name.starts_with("zone")).map(|o| &o.value);
    match numbers.next_back() {
        Some(Value::Number(zone)) => (key, *zone),
        _ => (key, 0),
    }
}

fn refuse(part: &Part, cx: &Cx) -> Result<(), Refusal> {
    if has_helper(part) && transport(cx.protocol).is_none() {
        let reason = "nft has helpers for connections of TCP and UDP only";
        return Err(Refusal::new("ct-helper", reason, "leave the helper out").at("helper"));
    }
    if part.text("timeout").is_some_and(|t| !t.is_empty()) {
        return Err(Refusal::new(
            "ct-timeout",
            "what the timeout policy says is not in the dump",
            "declare a `ct timeout` object with its values and write `ct timeout set` with the same tests",
        )
        .at("timeout"));
    }
    for option in ["ctevents", "expevents"] {
        if part.has(option) {
            return Err(Refusal::new(
                "ct-events",
                "iptables limits the events of a connection and of its expectations together; nft cannot limit the latter",
                "remove the option when no program listens to events, or, where no connection has a helper, write \
                 `ct state new ct event set` in a chain of priority -199 with the same tests",
            )
            .at(option));
        }
    }
    refuse_zone(part)
}

/// Whether a use of this target names a helper and has one given to the connection.
pub fn has_helper(part: &Part) -> bool {
    !part.has("notrack") && part.text("helper").is_some_and(|name| !name.is_empty())
}

/// Whether a use of this target gives the template that a packet without one would be tracked by.
pub fn is_plain(part: &Part) -> bool {
    part.options.iter().all(|option| option.spec.name == "helper")
}

/// The object for the helper of a rule with this protocol.
pub fn helper(part: &Part, protocol: Option<(u8, bool)>) -> Option<Object> {
    let (protocol, name) = transport(protocol)?;
    let helper: BString = part.text("helper")?.into();
    let body = ObjectBody::CtHelper { helper: helper.clone(), protocol, l3proto: None };
    Some(Object { name: format!("{helper}-{name}").into(), body })
}

const fn transport(protocol: Option<(u8, bool)>) -> Option<(u8, &'static str)> {
    match protocol {
        Some((6, false)) => Some((6, "tcp")),
        Some((17, false)) => Some((17, "udp")),
        _ => None,
    }
}

fn refuse_zone(part: &Part) -> Result<(), Refusal> {
    let option = part.options.iter().find(|o| o.value == Value::Number(FROM_MARK)).map(|o| o.spec.name);
    if let Some(option) = option {
        return Err(Refusal::new(
            "ct-zone-mark",
            "nft cannot take the mark of the packet for its zone",
            "write a rule for each mark in use: `meta mark 1 ct zone set 1`",
        )
        .at(option));
    }
    Ok(())
}

fn read_zone(words: &[&[u8]], _: Family) -> Result<Value, String> {
    let word = words.first().copied().unwrap_or_default();
    if word == b"mark" {
        return Ok(Value::Number(FROM_MARK));
    }
    match value::number(word) {
        Ok(n) if n < FROM_MARK => Ok(Value::Number(n)),
        _ => Err(format!("{} is no zone: 0 to 65535, or `mark`", quote(word))),
    }
}

fn show_zone(value: &Value, _: Family) -> Vec<BString> {
    match value {
        Value::Number(FROM_MARK) => vec!["mark".into()],
        Value::Number(n) => vec![n.to_string().into()],
        _ => Vec::new(),
    }
}

fn read_events(words: &[&[u8]], _: Family) -> Result<Value, String> {
    events(words, &EVENTS)
}

fn read_expect_events(words: &[&[u8]], _: Family) -> Result<Value, String> {
    events(words, &[("new", 1)])
}

/// Names are compared letter by letter: the tool does not take capitals.
fn events(words: &[&[u8]], known: &[(&str, u64)]) -> Result<Value, String> {
    let word = words.first().copied().unwrap_or_default();
    let bits = word.split(|&b| b == b',').try_fold(0, |bits, name| {
        let found = known.iter().find(|(n, _)| n.as_bytes() == name);
        found.map(|(_, bit)| bits | bit).ok_or_else(|| format!("{} is no event", quote(name)))
    });
    bits.map(Value::Number)
}

fn show_events(value: &Value, _: Family) -> Vec<BString> {
    let Value::Number(bits) = value else { return Vec::new() };
    let names: Vec<&str> = EVENTS.iter().filter(|(_, bit)| bits & bit != 0).map(|(name, _)| *name).collect();
    vec![names.join(",").into()]
}
