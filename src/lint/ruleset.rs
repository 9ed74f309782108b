//! What lints look at: one family of one input, its chains as they stand once restored, and its packets.

use std::cell::{OnceCell, RefCell, RefMut};

use bstr::{BStr, BString, ByteSlice};
use rustc_hash::FxHashMap;

use super::Options;
use super::finding::{Edit, Fix, Safety};
use super::packets::Packets;
use super::translation::Obstacles;
use crate::diag::{Diagnostic, Place, Source, Span};
use crate::packet::Family;
use crate::save::ast::{ChainLine, Document, Placement, Rule, Table, TableKind, Target};
use crate::save::order;
use crate::save::owners::{self, Owner};

/// One family of one input.
pub struct Ruleset<'a> {
    pub source: &'a Source,
    pub document: &'a Document,
    pub tables: Vec<TableView<'a>>,
    /// What the reader said about the whole input.
    pub diagnostics: &'a [Diagnostic],
    pub options: &'a Options,
    /// How many rules a line is, by where it starts: one that names several addresses is several.
    rules_of_line: FxHashMap<u32, u32>,
    packets: OnceCell<Option<RefCell<Packets>>>,
    obstacles: OnceCell<Obstacles>,
}

/// A table of it.
pub struct TableView<'a> {
    pub table: &'a Table,
    pub chains: Vec<ChainView<'a>>,
    by_name: FxHashMap<BString, usize>,
    /// Every line of it was understood; where not, nothing is said about packets.
    pub whole: bool,
}

/// A chain of it.
pub struct ChainView<'a> {
    pub chain: order::Chain<&'a Rule>,
    /// The line that declares it.
    pub line: Option<&'a ChainLine>,
    /// A rule says at which position it goes, so lines cannot be taken out without counting.
    pub counted: bool,
    /// The software that makes chains of this name.
    pub owner: Option<&'static Owner>,
}

impl<'a> TableView<'a> {
    /// The chain of this name.
    pub fn chain(&self, name: &BStr) -> Option<&ChainView<'a>> {
        self.by_name.get(name).and_then(|&at| self.chains.get(at))
    }
}

impl ChainView<'_> {
    pub fn name(&self) -> &BStr {
        self.chain.name.as_bstr()
    }
}

/// A rule and where it stands: numbers of its table, its chain there, and itself in the chain.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct RuleAt {
    pub table: usize,
    pub chain: usize,
    pub rule: usize,
}

impl<'a> Ruleset<'a> {
    pub fn new(
        source: &'a Source,
        document: &'a Document,
        diagnostics: &'a [Diagnostic],
        options: &'a Options,
    ) -> Self {
        let mut tables: Vec<TableView> = Vec::new();
        for table in &document.tables {
            let chains = order::chains(table, document.family);
            let lines: FxHashMap<&BStr, &ChainLine> = table.chains().map(|line| (line.name.as_bstr(), line)).collect();
            let shape = owners::Shape::of(table);
            let by_name = chains.iter().enumerate().map(|(at, chain)| (BString::clone(&chain.name), at)).collect();
            let chains = chains
                .into_iter()
                .map(|chain| ChainView {
                    line: lines.get(chain.name.as_bstr()).copied(),
                    counted: chain.rules.iter().any(|rule| rule.placement != Placement::Append),
                    owner: chain.hook.is_none().then(|| owners::owner(chain.name.as_bstr(), &shape)).flatten(),
                    chain,
                })
                .collect();
            tables.push(TableView { table, chains, by_name, whole: is_whole(table, document, diagnostics) });
        }
        let mut rules_of_line = FxHashMap::default();
        for rule in document.tables.iter().flat_map(|table| table.rules()) {
            *rules_of_line.entry(rule.span.start).or_insert(0) += 1;
        }
        Ruleset {
            rules_of_line,
            source,
            document,
            tables,
            diagnostics,
            options,
            packets: OnceCell::new(),
            obstacles: OnceCell::new(),
        }
    }

    pub fn family(&self) -> Family {
        self.document.family
    }

    /// A place in the input.
    pub fn place(&self, span: Span) -> Place {
        self.source.place(span)
    }

    /// All rules, in the order in which they are tried.
    pub fn rules(&self) -> impl Iterator<Item = (RuleAt, &'a Rule)> + '_ {
        self.tables.iter().enumerate().flat_map(|(table, view)| {
            view.chains.iter().enumerate().flat_map(move |(chain, view)| {
                view.chain.rules.iter().enumerate().map(move |(rule, &found)| (RuleAt { table, chain, rule }, found))
            })
        })
    }

    /// The rules of chains that nobody but the owner of the dump writes, in tables that were understood.
    pub fn own_rules(&self) -> impl Iterator<Item = (RuleAt, &'a Rule)> + '_ {
        self.rules().filter(|&(at, _)| self.chain(at).is_some_and(|chain| chain.owner.is_none()) && self.is_whole(at))
    }

    /// The chain of a rule.
    pub fn chain(&self, at: RuleAt) -> Option<&ChainView<'a>> {
        self.tables.get(at.table)?.chains.get(at.chain)
    }

    /// The rule at a place.
    pub fn rule(&self, at: RuleAt) -> Option<&'a Rule> {
        self.chain(at)?.chain.rules.get(at.rule).copied()
    }

    /// Whether the rule's table was understood.
    pub fn is_whole(&self, at: RuleAt) -> bool {
        self.tables.get(at.table).is_some_and(|table| table.whole)
    }

    /// What is known about its packets; `None` where the budget was used up before anything was.
    pub fn packets(&self) -> Option<RefMut<'_, Packets>> {
        let packets = self.packets.get_or_init(|| Packets::new(self).map(RefCell::new));
        packets.as_ref().and_then(|packets| packets.try_borrow_mut().ok())
    }

    /// Whether the packets were asked about, and the budget was used up.
    pub fn packets_failed(&self) -> bool {
        matches!(self.packets.get(), Some(None))
    }

    /// What stands in the way of its translation.
    pub fn obstacles(&self) -> &Obstacles {
        self.obstacles.get_or_init(|| Obstacles::of(self))
    }

    /// Where the filter table's INPUT is declared, or the table begins.
    pub fn input(&self) -> Option<Place> {
        let view = self.tables.iter().find(|view| view.table.kind == TableKind::Filter)?;
        let line = view.chains.iter().find(|chain| *chain.chain.name == "INPUT").and_then(|chain| chain.line);
        Some(self.place(line.map_or(view.table.span, |line| line.span)))
    }

    /// Takes the line of a rule out, where that is the whole rule and positions do not count.
    pub fn removal(&self, at: RuleAt, safety: Safety) -> Option<Fix> {
        let rule = self.rule(at)?;
        let only = self.rules_of_line.get(&rule.span.start) == Some(&1);
        let counted = self.chain(at).is_none_or(|chain| chain.counted);
        (only && !counted).then(|| Fix {
            title: "removes the rule".to_owned(),
            safety,
            edits: vec![Edit { span: whole_line(self.source, rule.span), text: "".into() }],
        })
    }
}

/// The line with its line break.
pub fn whole_line(source: &Source, span: Span) -> Span {
    let line = source.line_span(source.line(span.start));
    let rest = source.text().get(line.end as usize..).unwrap_or_default();
    let breaks = rest.iter().take(2).take_while(|b| matches!(b, b'\r' | b'\n')).count();
    let breaks = if rest.first() == Some(&b'\n') { 1 } else { breaks };
    Span { start: line.start, end: line.end + breaks as u32 }
}

/// Where a rule jumps or goes to.
pub fn callee(rule: &Rule) -> Option<&BStr> {
    match &rule.target {
        Target::Chain { name, .. } => Some(name.as_bstr()),
        _ => None,
    }
}

/// No error stands between the table's first line and the next table's.
fn is_whole(table: &Table, document: &Document, diagnostics: &[Diagnostic]) -> bool {
    let next = document.tables.iter().map(|t| t.span.start).filter(|&start| start > table.span.start).min();
    let range = table.span.start..next.unwrap_or(u32::MAX);
    let errors = diagnostics.iter().filter(|d| d.is_error());
    !errors.filter_map(|d| d.place).any(|place| range.contains(&place.span.start))
}
