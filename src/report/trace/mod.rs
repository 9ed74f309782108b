//! The way of a packet through rulesets, for people; for programs in [`mod@json`].
//!
//! One ruleset is told from top to bottom; two stand side by side where a terminal is wide enough, else one
//! below the other.

mod json;

use std::fmt::Write;

pub use json::json;

use super::proof::kind_word;
use super::rules::{cut, printable};
use crate::packet::Family;
use crate::prove::trace::{BaseVisit, RuleVisit, Traced, Way};

/// A ruleset's name, and how its rules are found by their lines.
pub struct Named<'a> {
    pub name: String,
    pub rule: Box<dyn Fn(Family, u32) -> Option<String> + 'a>,
}

/// Below this, two rulesets do not stand side by side.
const NARROWEST: usize = 100;

/// The trace as text; `width`: columns of a terminal, `None` elsewhere.
pub fn text(traced: &Traced, named: &[Named<'_>], width: Option<usize>) -> String {
    let mut out = String::new();
    if !traced.assumed.is_empty() {
        let _ = writeln!(out, "assumed: {}\n", traced.assumed.join(", "));
    }
    let ways: Vec<Vec<String>> =
        traced.sides.iter().zip(named).map(|(way, named)| lines(way, traced.family, named)).collect();
    match (ways.as_slice(), width) {
        ([left, right], Some(width)) if width >= NARROWEST => beside(left, right, named, width, &mut out),
        _ => {
            for (at, (lines, named)) in ways.iter().zip(named).enumerate() {
                if ways.len() > 1 {
                    let gap = if at == 0 { "" } else { "\n" };
                    let _ = writeln!(out, "{gap}== {}", named.name);
                }
                lines.iter().for_each(|line| out.extend([line, "\n"]));
            }
        }
    }
    if traced.sides.len() > 1 {
        let said = if alike(traced) {
            "both do the same with it".into()
        } else {
            format!("THEY DIFFER{}", difference(traced))
        };
        let _ = writeln!(out, "\n{said}");
    }
    out.lines().map(|line| printable(line.as_bytes()).trim_end().to_owned() + "\n").collect()
}

/// Whether all rulesets do the same with the packet.
pub fn alike(traced: &Traced) -> bool {
    let fate = |way: &Way| {
        let mut effects = way.effects.clone();
        effects.sort();
        (way.end.clone(), effects, way.changes.clone(), way.unknown)
    };
    traced.sides.iter().map(fate).collect::<Vec<_>>().windows(2).all(|pair| pair[0] == pair[1])
}

/// Where two ways that are not alike differ.
fn difference(traced: &Traced) -> String {
    let [left, right] = traced.sides.as_slice() else { return String::new() };
    if left.end != right.end {
        return format!(": {} | {}", left.end, right.end);
    }
    let only = |these: &[String], those: &[String]| {
        let missing: Vec<String> = these.iter().filter(|one| !those.contains(one)).cloned().collect();
        if missing.is_empty() { "nothing more".to_owned() } else { missing.join(", ") }
    };
    let all = |way: &Way| way.effects.iter().chain(&way.changes).cloned().collect::<Vec<_>>();
    let (left, right) = (all(left), all(right));
    format!(": {} | {}", only(&left, &right), only(&right, &left))
}

/// Each line of one way; hooks and their base chains at the margin, rules indented by calls.
fn lines(way: &Way, family: Family, named: &Named<'_>) -> Vec<String> {
    let mut out = Vec::new();
    for base in &way.bases {
        let key = base.key;
        out.push(format!(
            "{} chain {} (type {}, priority {})",
            key.hook.name(),
            base.chain,
            kind_word(key.kind),
            key.priority
        ));
        if let Some(why) = &base.skipped {
            out.push(format!("         not seen: {why}"));
            continue;
        }
        for rule in &base.rules {
            rule_lines(rule, base, family, named, &mut out);
        }
        if base.policy {
            out.push(format!("         policy {}", base.verdict));
        }
    }
    out.push(format!("end: {}", way.end));
    out.extend((!way.changes.is_empty()).then(|| format!("     {}", way.changes.join(", "))));
    out
}

fn rule_lines(rule: &RuleVisit, base: &BaseVisit, family: Family, named: &Named<'_>, out: &mut Vec<String>) {
    let indent = "    ".repeat(rule.depth);
    let text = (named.rule)(family, rule.line).unwrap_or_else(|| format!("a rule of chain {}", rule.chain));
    let chain = if rule.depth > 0 && rule.chain != base.chain && !text.contains("-A ") {
        format!("{}: ", rule.chain)
    } else {
        String::new()
    };
    let goes = match (&rule.goes, rule.matches) {
        (Some(goes), _) => format!(" => {goes}"),
        (None, true) => String::new(),
        (None, false) => " (does not match)".to_owned(),
    };
    out.push(format!("{:>7}  {indent}{chain}{text}{goes}", rule.line));
    for assumed in &rule.assumed {
        out.push(format!("         {indent}    ? assumed {assumed}"));
    }
    for does in &rule.does {
        out.push(format!("         {indent}    * {does}"));
    }
}

/// Two ways in columns, base chain by base chain.
fn beside(left: &[String], right: &[String], named: &[Named<'_>], width: usize, out: &mut String) {
    let column = (width - 3) / 2;
    let mut row = |a: &str, b: &str| {
        let a = cut(&printable(a.as_bytes()), column);
        let gap = column - a.chars().count();
        let _ = writeln!(out, "{a}{:gap$} | {}", "", cut(&printable(b.as_bytes()), column));
    };
    let name = |at: usize| named.get(at).map(|named| format!("== {}", named.name)).unwrap_or_default();
    row(&name(0), &name(1));
    let (mut left, mut right) = (sections(left).into_iter().peekable(), sections(right).into_iter().peekable());
    while left.peek().is_some() || right.peek().is_some() {
        let order = |section: Option<&Section<'_>>| section.map_or(usize::MAX, |section| section.order);
        let (a, b) = (order(left.peek()), order(right.peek()));
        // Base chains of one hook stand beside each other; one that only one side has stands alone.
        let a = if a <= b { left.next() } else { None };
        let b = if b <= order(a.as_ref()).min(b) || a.is_none() { right.next() } else { None };
        let (a, b) = (a.map(|s| s.lines).unwrap_or_default(), b.map(|s| s.lines).unwrap_or_default());
        for at in 0..a.len().max(b.len()) {
            row(a.get(at).map_or("", String::as_str), b.get(at).map_or("", String::as_str));
        }
    }
}

/// The lines of one base chain, or of the end.
struct Section<'a> {
    /// Where the hook comes on a packet's way.
    order: usize,
    lines: &'a [String],
}

fn sections(lines: &[String]) -> Vec<Section<'_>> {
    const HOOKS: [&str; 6] = ["prerouting", "input", "forward", "output", "postrouting", "end:"];
    let order = |line: &String| HOOKS.iter().position(|hook| line.starts_with(hook));
    let starts: Vec<(usize, usize)> =
        lines.iter().enumerate().filter_map(|(at, line)| Some((at, order(line)?))).collect();
    let ends = starts.iter().skip(1).map(|(at, _)| *at).chain([lines.len()]);
    let section = |(&(start, order), end): (&(usize, usize), usize)| Section {
        order,
        lines: lines.get(start..end).unwrap_or_default(),
    };
    starts.iter().zip(ends).map(section).collect()
}
