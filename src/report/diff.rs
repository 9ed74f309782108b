//! Which lines of the dump became which nft rule, chain by chain, and why.
//!
//! A group is the smallest set of lines and rules that belong together: one line and one rule as
//! a rule, several lines where rules were merged, several rules where one line needed more.

use std::collections::BTreeMap;
use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use bstr::{BString, ByteSlice};
use rustc_hash::FxHashMap;
use serde::Serialize;
use similar::{ChangeTag, TextDiff};

use crate::diag::{Source, printable};
use crate::emit::Names;
use crate::ir::{self, Chain, ChainId, Rule};
use crate::nft::ast::{Entry, Item, Table};
use crate::nft::print::print_rule;
use crate::packet::Family;
use crate::prove::block::BaseKey;
use crate::prove::compare::{Answer, BaseAnswer, Report};
use crate::translate::{Explained, Translation};

/// One table's chains.
#[derive(Clone, Debug, Serialize)]
pub struct ChainDiff {
    pub family: Family,
    pub table: String,
    pub chain: String,
    pub groups: Vec<Group>,
}

/// Lines and the rules they became.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Group {
    pub lines: Vec<Line>,
    pub rules: Vec<String>,
    /// Why the merge is sound; nothing where a line became a rule.
    pub why: Vec<String>,
    /// Of a merge: whether everything that the table does is proved the same; nothing where no proof was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proved: Option<bool>,
}

/// A line of the dump.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    pub file: String,
    pub line: u32,
    pub text: String,
}

/// For a terminal: `-` lines of the dump with their numbers, `+` nft rules.
pub fn text(translation: &Translation, sources: &[Source], report: Option<&Report>, colour: bool) -> Vec<u8> {
    let paint = Paint::new(colour);
    let mut out = String::new();
    for chain in groups(translation, sources, report) {
        let _ = writeln!(
            out,
            "{}",
            paint.head(&format!("table {} {} chain {}", chain.family.name(), chain.table, chain.chain))
        );
        for group in &chain.groups {
            show_group(group, &paint, &mut out);
        }
        out.push('\n');
    }
    out.into_bytes()
}

/// For programs.
///
/// # Errors
/// None in practice: everything in the groups is plain data.
pub fn json(translation: &Translation, sources: &[Source], report: Option<&Report>) -> serde_json::Result<Vec<u8>> {
    #[derive(Serialize)]
    struct Document {
        version: u32,
        chains: Vec<ChainDiff>,
    }
    crate::report::indented(&Document { version: 1, chains: groups(translation, sources, report) })
}

fn show_group(group: &Group, paint: &Paint, out: &mut String) {
    for why in &group.why {
        let _ = writeln!(out, "  {}", paint.why(&format!("# {why}")));
    }
    if let Some(proved) = group.proved {
        let words = if proved { "# proved: every packet is treated alike" } else { "# not proved" };
        let _ = writeln!(out, "  {}", paint.why(words));
    }
    match (group.lines.as_slice(), group.rules.as_slice()) {
        ([line], [rule]) => {
            let (old, new) = emphasise(&line.text, rule, paint);
            let _ = writeln!(out, "  {:>6} {}{old}", line.line, paint.old("- "));
            let _ = writeln!(out, "         {}{new}", paint.new_("+ "));
        }
        (lines, rules) => {
            for line in lines {
                let _ = writeln!(out, "  {:>6} {}", line.line, paint.old(&format!("- {}", line.text)));
            }
            for rule in rules {
                let _ = writeln!(out, "         {}", paint.new_(&format!("+ {rule}")));
            }
        }
    }
}

/// Both texts, with the words that only one of them has standing out.
fn emphasise(old: &str, new: &str, paint: &Paint) -> (String, String) {
    let diff = TextDiff::from_words(old, new);
    let (mut left, mut right) = (String::new(), String::new());
    for change in diff.iter_all_changes() {
        let word: &str = change.value();
        match change.tag() {
            ChangeTag::Equal => {
                left.push_str(&paint.faint(word));
                right.push_str(&paint.faint(word));
            }
            ChangeTag::Delete => left.push_str(&paint.old(word)),
            ChangeTag::Insert => right.push_str(&paint.new_(word)),
        }
    }
    (left, right)
}

/// Chain by chain in the order of the output; nothing when the translation was not to be explained.
/// `report`: what the prover says about the translation.
pub fn groups(translation: &Translation, sources: &[Source], report: Option<&Report>) -> Vec<ChainDiff> {
    let Some(explained) = &translation.explained else { return Vec::new() };
    let tables = translation.ruleset.items.iter().filter_map(|item| match item {
        Item::Table(table) => Some(table),
        _ => None,
    });
    let mut out = Vec::new();
    for (ir, ast) in explained.after.tables.iter().zip(tables) {
        let names = Names::choose(ir);
        let printed: FxHashMap<&BString, &crate::nft::ast::Chain> = chains(ast).map(|c| (&c.name, c)).collect();
        let reasons = reasons(explained, ir);
        let proved = report.map(|report| is_proved(report, ir));
        for (at, chain) in ir.chains.iter().enumerate().filter(|(_, chain)| !chain.rules.is_empty()) {
            // The emitter may order chains anew; rules keep their number and order.
            let Some(printed) = printed.get(names.chain(ChainId(at as u32))) else { continue };
            let mut groups = chain_groups(ir.family, chain, printed, &reasons, sources);
            groups.iter_mut().filter(|group| !group.why.is_empty()).for_each(|group| group.proved = proved);
            out.push(ChainDiff {
                family: ir.family,
                table: ast.name.name.to_string(),
                chain: printed.name.to_string(),
                groups,
            });
        }
    }
    out
}

/// Whether every base chain of the table is proved to do what it did.
fn is_proved(report: &Report, table: &ir::Table) -> bool {
    let key = |base: &ir::Base| BaseKey { hook: base.hook, priority: base.priority, kind: base.kind };
    let keys: Vec<BaseKey> = table.chains.iter().filter_map(|chain| chain.base.as_ref().map(key)).collect();
    let here = |base: &&BaseAnswer| base.family == table.family && keys.contains(&base.key);
    report.stopped.is_empty()
        && report.tracking.iter().all(|(family, ..)| *family != table.family)
        && report.bases.iter().filter(here).all(|base| base.outcome.answer() == Answer::Equivalent)
}

fn chains(table: &Table) -> impl Iterator<Item = &crate::nft::ast::Chain> {
    table.entries.iter().filter_map(|entry| match entry {
        Entry::Chain(chain) => Some(chain),
        _ => None,
    })
}

type Reasons<'a> = BTreeMap<(&'a BString, u32), Vec<&'a str>>;

fn reasons<'a>(explained: &'a Explained, table: &crate::ir::Table) -> Reasons<'a> {
    let mut out: Reasons = BTreeMap::new();
    for merged in explained.merged.iter().filter(|m| m.family == table.family && m.table == table.name) {
        let Some(&first) = merged.lines.first() else { continue };
        let whys = out.entry((&merged.chain, first)).or_default();
        if !whys.contains(&merged.why.as_str()) {
            whys.push(&merged.why);
        }
    }
    out
}

fn chain_groups(
    family: Family,
    chain: &Chain,
    printed: &crate::nft::ast::Chain,
    reasons: &Reasons,
    sources: &[Source],
) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut last: &[u32] = &[];
    for (rule, ast) in chain.rules.iter().zip(&printed.rules) {
        let gap = ast.statements.is_empty();
        let printed =
            || print_rule(ast, family).map_or_else(|why| format!("({why})"), |t| t.to_str_lossy().into_owned());
        let shown = if gap { String::new() } else { printed() };
        let text = match ast.notes.is_empty() {
            true => shown,
            false => format!("{}{shown}", ast.notes.iter().map(|n| format!("# {} ", printable(n))).collect::<String>()),
        };
        if let Some(group) = groups.last_mut().filter(|_| rule.origin.lines() == last) {
            group.rules.push(text);
            continue;
        }
        last = rule.origin.lines();
        let why = last.first().and_then(|&l| reasons.get(&(&chain.name, l)));
        groups.push(Group {
            lines: lines(rule, sources),
            rules: vec![text],
            why: why.into_iter().flatten().map(|w| (*w).to_owned()).collect(),
            proved: None,
        });
    }
    groups
}

fn lines(rule: &Rule, sources: &[Source]) -> Vec<Line> {
    let Some(source) = sources.get(rule.origin.source() as usize) else { return Vec::new() };
    let line =
        |&line: &u32| Line { file: source.name.clone(), line, text: printable(source.slice(source.line_span(line))) };
    rule.origin.lines().iter().map(line).collect()
}

/// Styles, or none.
struct Paint {
    colour: bool,
}

impl Paint {
    const fn new(colour: bool) -> Self {
        Paint { colour }
    }

    fn with(&self, style: Style, text: &str) -> String {
        if self.colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    fn head(&self, text: &str) -> String {
        self.with(Style::new().bold(), text)
    }

    fn old(&self, text: &str) -> String {
        self.with(AnsiColor::Red.on_default(), text)
    }

    fn new_(&self, text: &str) -> String {
        self.with(AnsiColor::Green.on_default(), text)
    }

    fn faint(&self, text: &str) -> String {
        self.with(Style::new().dimmed(), text)
    }

    fn why(&self, text: &str) -> String {
        self.with(AnsiColor::Cyan.on_default(), text)
    }
}
