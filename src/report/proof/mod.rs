//! What the prover found, for people; for programs in [`mod@json`].
//!
//! Differences of the same packets are told once: one block for each set of packets, with everything that
//! is different about them, an example, and the rule that decides on each side.

mod json;
mod packet;

use std::fmt::Write;

pub use json::json;

use super::rules::printable;
use super::summary::count;
use crate::nft::ast::ChainKind;
use crate::packet::Family;
use crate::prove::block::BaseKey;
use crate::prove::compare::{Answer, BaseAnswer, Difference, Direction, Fate, Report, What};

/// How the two sides are called, and where their rules are found.
#[derive(Clone, Copy)]
pub struct Sides<'a> {
    pub old: &'a str,
    pub new: &'a str,
    /// The text of a rule by its line, on the new side with `true`; `None` where it is not known.
    pub rule: &'a dyn Fn(bool, Family, u32) -> Option<String>,
}

/// The report as text; nothing when the answer is *equivalent*.
pub fn text(report: &Report, sides: Sides) -> String {
    let mut out = String::new();
    for (family, left, _) in &report.tracking {
        let (with, without) = if *left { (sides.old, sides.new) } else { (sides.new, sides.old) };
        let family = family.name();
        let _ = writeln!(
            out,
            "{family}: only {with} makes the kernel track connections (and put fragments together), {without} does not\n"
        );
    }
    for base in &report.bases {
        for same in same_packets(&base.outcome.differences) {
            show(base, &same, sides, &mut out);
        }
        for doubt in &base.outcome.doubts {
            let place = doubt.line.map_or_else(String::new, |(line, right)| {
                let rule =
                    (sides.rule)(right, base.family, line).map_or_else(String::new, |rule| format!("\n    {rule}"));
                format!(" ({}, line {line}){rule}", if right { sides.new } else { sides.old })
            });
            let _ = writeln!(out, "{}: undecided: {}{place}\n", name(base), doubt.why);
        }
    }
    for why in &report.stopped {
        let _ = writeln!(out, "undecided: {why}");
    }
    // Prefixes and names come from the dump: nothing in them may reach a terminal as it is.
    out.lines().map(|line| printable(line.as_bytes()) + "\n").collect()
}

/// What is known of the base chains of some families (`ip`, `ip and ip6`), in one line.
pub fn summary(report: &Report, families: &str) -> String {
    let bases = |wanted| report.bases.iter().filter(|base| base.outcome.answer() == wanted).count();
    let all = count(report.bases.len(), "base chain");
    match report.answer() {
        Answer::Equivalent => format!("proved equivalent: {all} of {families}"),
        Answer::Undecided => format!("undecided: {} of {all} of {families}", bases(Answer::Undecided)),
        Answer::Different => {
            let differences = || report.bases.iter().flat_map(|base| &base.outcome.differences);
            let ways = |wanted| differences().filter(|difference| difference.direction == wanted).count();
            let (opening, closing) = (ways(Direction::Opening), ways(Direction::Closing));
            let (opening, closing) = (count(opening, "opening"), count(closing, "closing"));
            format!("different: {} of {all} of {families}, {opening}, {closing}", bases(Answer::Different))
        }
    }
}

/// Differences of a base chain by the packets they are about: what opens first, then what closes.
fn same_packets(differences: &[Difference]) -> Vec<Vec<&Difference>> {
    let mut groups: Vec<Vec<&Difference>> = Vec::new();
    for difference in differences {
        match groups.iter_mut().find(|group| group.first().is_some_and(|first| first.packets == difference.packets)) {
            Some(group) => group.push(difference),
            None => groups.push(vec![difference]),
        }
    }
    groups.sort_by_key(|group| group.iter().map(|difference| difference.direction).min());
    groups
}

fn show(base: &BaseAnswer, same: &[&Difference], sides: Sides, out: &mut String) {
    let Some(first) = same.first() else { return };
    let heads: Vec<String> = same.iter().map(|difference| what(difference)).collect();
    let _ = writeln!(out, "{}: {}", name(base), heads.join("; "));
    for (at, region) in first.regions.iter().enumerate() {
        let label = if at == 0 { "packets" } else { "" };
        let _ = writeln!(out, "    {label:7}  {}", region.0);
    }
    if first.more {
        out.push_str("             ... and more\n");
    }
    if first.regions.iter().all(|region| region.0 != first.witness) {
        let _ = writeln!(out, "    example  {}", first.witness);
    }
    let width = sides.old.chars().count().max(sides.new.chars().count());
    for (right, fate) in first.happens.iter().enumerate() {
        let side = if right == 1 { sides.new } else { sides.old };
        let rule = fate.line.and_then(|line| (sides.rule)(right == 1, base.family, line));
        let _ = writeln!(out, "    {side:width$}  {}", decides(fate));
        for line in rule.iter().chain(&fate.also) {
            let _ = writeln!(out, "    {:width$}    {line}", "");
        }
    }
    out.push('\n');
}

/// `accept by line 12, chain INPUT`
fn decides(fate: &Fate) -> String {
    let place = match fate.line {
        Some(line) => format!("line {line}, chain {}", fate.chain),
        None if fate.chain.is_empty() => return format!("{}: there is no such base chain", fate.verdict),
        None => format!("policy of chain {}", fate.chain),
    };
    format!("{} by {place}", fate.verdict)
}

/// What is different, in a few words.
fn what(difference: &Difference) -> String {
    match (&difference.what, difference.direction) {
        (What::Verdict, Direction::Opening) => "OPENING, dropped before and passes now".into(),
        (What::Verdict, Direction::Closing) => "CLOSING, passed before and is dropped now".into(),
        (What::Verdict, Direction::Other) => "the verdict differs".into(),
        (What::Change(field), _) => format!("{field} ends up different"),
        (What::Effect(effect), _) => format!("not as often: {effect}"),
        (What::Asks(asked), _) => format!("not asked by the same packets: {asked}"),
    }
}

fn name(base: &BaseAnswer) -> String {
    let BaseKey { hook, priority, kind } = base.key;
    let kind = kind_word(kind);
    format!("{} {} (type {kind}, priority {priority})", base.family.name(), hook.name())
}

/// nft's word for a chain type.
pub const fn kind_word(kind: ChainKind) -> &'static str {
    match kind {
        ChainKind::Filter => "filter",
        ChainKind::Nat => "nat",
        ChainKind::Route => "route",
    }
}

/// One word for scripts.
pub const fn word(answer: Answer) -> &'static str {
    match answer {
        Answer::Equivalent => "equivalent",
        Answer::Different => "different",
        Answer::Undecided => "undecided",
    }
}
