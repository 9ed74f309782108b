//! The report for programs; `docs/diff.md` describes the fields.
//!
//! `version` changes when a field changes its meaning or goes; new fields may come at any time.

use serde::Serialize;

use super::packet::Sent;
use super::{Sides, kind_word, same_packets, word};
use crate::packet::{Family, Hook};
use crate::prove::compare::{BaseAnswer, Difference, Direction, Fate, Report, What};

/// The report as JSON.
///
/// # Errors
/// None in practice: everything in it is plain data.
pub fn json(report: &Report, sides: Sides) -> serde_json::Result<Vec<u8>> {
    let tracking = report.tracking.iter().map(|&(f, old, new)| Tracking { family: f.name(), old, new }).collect();
    let document = Document {
        version: 1,
        answer: word(report.answer()),
        old: sides.old,
        new: sides.new,
        tracking,
        chains: report.bases.iter().map(|base| Base::new(base, sides)).collect(),
        stopped: &report.stopped,
    };
    crate::report::indented(&document)
}

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    answer: &'static str,
    old: &'a str,
    new: &'a str,
    tracking: Vec<Tracking>,
    chains: Vec<Base<'a>>,
    stopped: &'a [String],
}

#[derive(Serialize)]
struct Tracking {
    family: &'static str,
    old: bool,
    new: bool,
}

#[derive(Serialize)]
struct Base<'a> {
    family: &'static str,
    hook: Hook,
    priority: i32,
    #[serde(rename = "type")]
    kind: &'static str,
    answer: &'static str,
    differences: Vec<Same<'a>>,
    doubts: Vec<Doubt<'a>>,
}

#[derive(Serialize)]
struct Doubt<'a> {
    why: &'a str,
    side: Option<&'static str>,
    line: Option<u32>,
}

/// Everything that is different for one set of packets.
#[derive(Serialize)]
struct Same<'a> {
    what: Vec<Different<'a>>,
    direction: &'static str,
    regions: Vec<&'a str>,
    more: bool,
    witness: &'a str,
    packet: Sent,
    old: Happens<'a>,
    new: Happens<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase", tag = "kind", content = "of")]
enum Different<'a> {
    Verdict,
    Change(&'a str),
    Effect(&'a str),
    Asks(&'a str),
}

#[derive(Serialize)]
struct Happens<'a> {
    verdict: &'a str,
    line: Option<u32>,
    rule: Option<String>,
    chain: &'a str,
    also: &'a [String],
}

impl<'a> Base<'a> {
    fn new(base: &'a BaseAnswer, sides: Sides) -> Self {
        let doubts = base.outcome.doubts.iter().map(|d| Doubt {
            why: &d.why,
            side: d.line.map(|(_, right)| if right { "new" } else { "old" }),
            line: d.line.map(|(line, _)| line),
        });
        let same = same_packets(&base.outcome.differences);
        Base {
            family: base.family.name(),
            hook: base.key.hook,
            priority: base.key.priority,
            kind: kind_word(base.key.kind),
            answer: word(base.outcome.answer()),
            differences: same.iter().filter_map(|same| Same::new(same, base, sides)).collect(),
            doubts: doubts.collect(),
        }
    }
}

impl<'a> Same<'a> {
    fn new(same: &[&'a Difference], base: &BaseAnswer, sides: Sides) -> Option<Self> {
        let first = same.first()?;
        let [old, new] = &first.happens;
        let directions = same.iter().map(|difference| difference.direction);
        Some(Same {
            what: same.iter().map(|difference| Different::from(&difference.what)).collect(),
            direction: match directions.min().unwrap_or(Direction::Other) {
                Direction::Opening => "opening",
                Direction::Closing => "closing",
                Direction::Other => "other",
            },
            regions: first.regions.iter().map(|r| r.0.as_str()).collect(),
            more: first.more,
            witness: &first.witness,
            packet: Sent::new(&first.example, base.family, base.key.hook),
            old: Happens::new(old, base.family, false, sides),
            new: Happens::new(new, base.family, true, sides),
        })
    }
}

impl<'a> From<&'a What> for Different<'a> {
    fn from(what: &'a What) -> Self {
        match what {
            What::Verdict => Different::Verdict,
            What::Change(field) => Different::Change(field),
            What::Effect(effect) => Different::Effect(effect),
            What::Asks(asked) => Different::Asks(asked),
        }
    }
}

impl<'a> Happens<'a> {
    fn new(fate: &'a Fate, family: Family, right: bool, sides: Sides) -> Self {
        Happens {
            verdict: &fate.verdict,
            line: fate.line,
            rule: fate.line.and_then(|line| (sides.rule)(right, family, line)),
            chain: &fate.chain,
            also: &fate.also,
        }
    }
}
