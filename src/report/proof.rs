//! What the prover found, for people and for programs.

use std::fmt::Write;

use serde::Serialize;

use crate::packet::Hook;
use crate::prove::block::BaseKey;
use crate::prove::compare::{Answer, BaseAnswer, Difference, Direction, Fate, Report, What};

/// How the two sides are called.
#[derive(Clone, Copy, Debug)]
pub struct Sides<'a> {
    pub old: &'a str,
    pub new: &'a str,
}

/// The report as text; nothing when the answer is *equivalent*.
pub fn text(report: &Report, sides: Sides) -> String {
    let mut out = String::new();
    for (family, left, _) in &report.tracking {
        let (with, without) = if *left { (sides.old, sides.new) } else { (sides.new, sides.old) };
        let family = family.name();
        let _ = writeln!(
            out,
            "{family}: {with} makes the kernel track connections (and reassemble fragments), {without} does not"
        );
    }
    for base in &report.bases {
        for difference in &base.outcome.differences {
            show_difference(base, difference, sides, &mut out);
        }
        for doubt in &base.outcome.doubts {
            let place = doubt.line.map_or_else(String::new, |(line, right)| {
                format!(" ({}, line {line})", if right { sides.new } else { sides.old })
            });
            let _ = writeln!(out, "{}: undecided: {}{place}", name(base), doubt.why);
        }
    }
    for why in &report.stopped {
        let _ = writeln!(out, "undecided: {why}");
    }
    // Prefixes and names come from the dump: nothing in them may reach a terminal as it is.
    out.chars()
        .map(|c| if c != '\n' && (c.is_control() || crate::diag::is_invisible(c)) { '\u{fffd}' } else { c })
        .collect()
}

fn show_difference(base: &BaseAnswer, difference: &Difference, sides: Sides, out: &mut String) {
    let _ = writeln!(out, "{}: {}{}", name(base), what(&difference.what), direction(difference.direction));
    for region in &difference.regions {
        let shown = if region.0.is_empty() { "all packets" } else { &region.0 };
        let _ = writeln!(out, "    {shown}");
    }
    if difference.more {
        out.push_str("    ... and more\n");
    }
    let _ = writeln!(out, "    for example {}", difference.witness);
    let width = sides.old.len().max(sides.new.len());
    for (side, fate) in [sides.old, sides.new].into_iter().zip(&difference.happens) {
        let _ = writeln!(out, "    {side:width$}  {}", happens(fate));
    }
}

fn happens(fate: &Fate) -> String {
    let place = match fate.line {
        Some(line) => format!("line {line}, chain {}", fate.chain),
        None => format!("policy of chain {}", fate.chain),
    };
    let also = fate.also.iter().map(|a| format!("; {a}")).collect::<String>();
    format!("{} ({place}){also}", fate.verdict)
}

fn what(what: &What) -> String {
    match what {
        What::Verdict => "the verdict differs".into(),
        What::Change(field) => format!("{field} ends up different"),
        What::Effect(effect) => format!("not as often: {effect}"),
        What::Asks(asked) => format!("not asked by the same packets: {asked}"),
    }
}

const fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Opening => " - OPENING: dropped before, passes now",
        Direction::Closing => " - CLOSING: passed before, dropped now",
        Direction::Other => "",
    }
}

fn name(base: &BaseAnswer) -> String {
    let BaseKey { hook, priority, kind } = base.key;
    let kind = match kind {
        crate::nft::ast::ChainKind::Filter => "filter",
        crate::nft::ast::ChainKind::Nat => "nat",
        crate::nft::ast::ChainKind::Route => "route",
    };
    format!("{} {} (type {kind}, priority {priority})", base.family.name(), hook.name())
}

/// One word for scripts.
pub const fn word(answer: Answer) -> &'static str {
    match answer {
        Answer::Equivalent => "equivalent",
        Answer::Different => "different",
        Answer::Undecided => "undecided",
    }
}

/// The report for programs.
///
/// # Errors
/// None in practice: everything in it is plain data.
pub fn json(report: &Report) -> serde_json::Result<Vec<u8>> {
    let mut text = serde_json::to_vec_pretty(&Document::from(report))?;
    text.push(b'\n');
    Ok(text)
}

#[derive(Serialize)]
struct Document {
    version: u32,
    answer: &'static str,
    tracking: Vec<Tracking>,
    chains: Vec<Base>,
    stopped: Vec<String>,
}

#[derive(Serialize)]
struct Tracking {
    family: &'static str,
    old: bool,
    new: bool,
}

#[derive(Serialize)]
struct Base {
    family: &'static str,
    hook: Hook,
    priority: i32,
    answer: &'static str,
    differences: Vec<JsonDifference>,
    doubts: Vec<JsonDoubt>,
}

#[derive(Serialize)]
struct JsonDoubt {
    why: String,
    side: Option<&'static str>,
    line: Option<u32>,
}

#[derive(Serialize)]
struct JsonDifference {
    what: String,
    direction: &'static str,
    regions: Vec<String>,
    more: bool,
    witness: String,
    old: JsonFate,
    new: JsonFate,
}

#[derive(Serialize)]
struct JsonFate {
    verdict: String,
    line: Option<u32>,
    chain: String,
    also: Vec<String>,
}

impl From<&Report> for Document {
    fn from(report: &Report) -> Self {
        let tracking = report.tracking.iter().map(|&(f, old, new)| Tracking { family: f.name(), old, new }).collect();
        Document {
            version: 1,
            answer: word(report.answer()),
            tracking,
            chains: report.bases.iter().map(Base::from).collect(),
            stopped: report.stopped.clone(),
        }
    }
}

impl From<&BaseAnswer> for Base {
    fn from(base: &BaseAnswer) -> Self {
        let doubts = base.outcome.doubts.iter().map(|d| JsonDoubt {
            why: d.why.clone(),
            side: d.line.map(|(_, right)| if right { "new" } else { "old" }),
            line: d.line.map(|(line, _)| line),
        });
        Base {
            family: base.family.name(),
            hook: base.key.hook,
            priority: base.key.priority,
            answer: word(base.outcome.answer()),
            differences: base.outcome.differences.iter().map(JsonDifference::from).collect(),
            doubts: doubts.collect(),
        }
    }
}

impl From<&Difference> for JsonDifference {
    fn from(difference: &Difference) -> Self {
        let [old, new] = &difference.happens;
        JsonDifference {
            what: what(&difference.what),
            direction: match difference.direction {
                Direction::Opening => "opening",
                Direction::Closing => "closing",
                Direction::Other => "other",
            },
            regions: difference.regions.iter().map(|r| r.0.clone()).collect(),
            more: difference.more,
            witness: difference.witness.clone(),
            old: old.into(),
            new: new.into(),
        }
    }
}

impl From<&Fate> for JsonFate {
    fn from(fate: &Fate) -> Self {
        JsonFate { verdict: fate.verdict.clone(), line: fate.line, chain: fate.chain.clone(), also: fate.also.clone() }
    }
}
