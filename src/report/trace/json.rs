//! The trace for programs; `docs/trace.md` describes the fields.

use serde::Serialize;

use super::{Named, alike};
use crate::packet::{Family, Hook};
use crate::prove::trace::{BaseVisit, RuleVisit, Traced, Way};
use crate::report::proof::kind_word;

/// The trace as JSON.
///
/// # Errors
/// None in practice: everything in it is plain data.
pub fn json(traced: &Traced, packet: &str, named: &[Named<'_>]) -> serde_json::Result<Vec<u8>> {
    let document = Document {
        version: 1,
        family: traced.family.name(),
        packet,
        assumed: &traced.assumed,
        hooks: &traced.hooks,
        alike: alike(traced),
        rulesets: traced.sides.iter().zip(named).map(|(way, named)| Side::new(way, traced.family, named)).collect(),
    };
    crate::report::indented(&document)
}

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    family: &'static str,
    packet: &'a str,
    assumed: &'a [String],
    hooks: &'a [Hook],
    alike: bool,
    rulesets: Vec<Side<'a>>,
}

#[derive(Serialize)]
struct Side<'a> {
    name: &'a str,
    chains: Vec<Base<'a>>,
    end: &'a str,
    unknown: bool,
    effects: &'a [String],
    changes: &'a [String],
}

#[derive(Serialize)]
struct Base<'a> {
    hook: Hook,
    priority: i32,
    #[serde(rename = "type")]
    kind: &'static str,
    chain: String,
    skipped: Option<&'a str>,
    rules: Vec<Rule<'a>>,
    verdict: &'a str,
    policy: bool,
}

#[derive(Serialize)]
struct Rule<'a> {
    chain: String,
    depth: usize,
    line: u32,
    text: Option<String>,
    matches: bool,
    assumed: &'a [String],
    does: &'a [String],
    goes: Option<&'a str>,
}

impl<'a> Side<'a> {
    fn new(way: &'a Way, family: Family, named: &'a Named<'_>) -> Self {
        Side {
            name: &named.name,
            chains: way.bases.iter().map(|base| Base::new(base, family, named)).collect(),
            end: &way.end,
            unknown: way.unknown,
            effects: &way.effects,
            changes: &way.changes,
        }
    }
}

impl<'a> Base<'a> {
    fn new(base: &'a BaseVisit, family: Family, named: &Named<'_>) -> Self {
        let rule = |rule: &'a RuleVisit| Rule {
            chain: rule.chain.to_string(),
            depth: rule.depth,
            line: rule.line,
            text: (named.rule)(family, rule.line),
            matches: rule.matches,
            assumed: &rule.assumed,
            does: &rule.does,
            goes: rule.goes.as_deref(),
        };
        Base {
            hook: base.key.hook,
            priority: base.key.priority,
            kind: kind_word(base.key.kind),
            chain: base.chain.to_string(),
            skipped: base.skipped.as_deref(),
            rules: base.rules.iter().map(rule).collect(),
            verdict: &base.verdict,
            policy: base.policy,
        }
    }
}
