//! What does nothing is taken out of a dump, on request: rules that no packet can match, jumps into empty
//! chains, and chains that hold nothing.
//!
//! Only what the prover says of the dump itself is believed ([`Reach`]); the proof of the translation then compares
//! the result with the whole dump once more. Invariant: every line that is taken out is told, with the reason.
//! Whether the family tracks connections never changes by it: where a rule that never matches is what makes the
//! kernel track them, it stays.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashSet;

use crate::diag::{SourceId, quote};
use crate::prove::dd::Budget;
use crate::prove::reach::{At, Dead, Reach, SameAnyway, Use};
use crate::prove::save_meaning::{SaveRules, tracks};
use crate::save::ast::{ChainName, Document, Dump, Item, Placement, Policy, Rule, Table, Target};

/// One line that was taken out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pruned {
    pub source: SourceId,
    pub line: u32,
    /// Whether the line is a rule; else it is a chain.
    pub rule: bool,
    pub why: String,
}

/// Takes out of the dump what does nothing; with `keep_counters`, chains whose policy has counted stay.
pub fn prune(dump: &mut Dump, source: SourceId, keep_counters: bool) -> Vec<Pruned> {
    let mut pruned = Vec::new();
    for document in &mut dump.documents {
        let Some(known) = Known::of(document) else { continue };
        let mut gone: Vec<(u32, bool, String)> = Vec::new();
        for table in document.tables.iter_mut().filter(|table| !counts_places(table)) {
            table.items.retain(|item| match item {
                Item::Rule(rule) => match known.dead.get(&rule.line) {
                    Some(why) => {
                        gone.push((rule.line, true, why.clone()));
                        false
                    }
                    None => true,
                },
                _ => true,
            });
            empty_chains(table, &known.idle, keep_counters, &mut gone);
        }
        gone.sort();
        pruned.extend(gone.into_iter().map(|(line, rule, why)| Pruned { source, line, rule, why }));
    }
    pruned
}

/// Whether a rule's place is told by the number of rules before it, which must then stay.
fn counts_places(table: &Table) -> bool {
    table.rules().any(|rule| matches!(rule.placement, Placement::Insert(place) if place > 1))
}

/// What the prover says about the rules of a document, by line.
struct Known {
    /// Rules that never match, and why.
    dead: BTreeMap<u32, String>,
    /// Rules that jump to where nothing is done.
    idle: BTreeSet<u32>,
}

impl Known {
    fn of(document: &Document) -> Option<Known> {
        let dump = Dump { documents: vec![document.clone()] };
        let mut reach = Reach::new(&SaveRules(&dump), document.family, Budget::default()).ok()?;
        if !reach.program().unread.is_empty() {
            return None;
        }
        // Chains that the reader makes for itself have a blank in their name, which no chain of a dump can.
        let chains: Vec<(At, usize, String)> = reach
            .program()
            .chains
            .iter()
            .enumerate()
            .filter(|(_, chain)| !chain.name.contains(&b' '))
            .map(|(id, chain)| {
                let at = At { chain: crate::prove::block::ChainId(id), rule: 0 };
                (at, chain.rules.len(), quote(&chain.name))
            })
            .collect();
        let mut known = Known { dead: BTreeMap::new(), idle: BTreeSet::new() };
        for (at, rules, name) in chains {
            for rule in 0..rules {
                known.look(&mut reach, At { rule, ..at }, &name);
            }
        }
        known.keep_tracking(document);
        Some(known)
    }

    fn look(&mut self, reach: &mut Reach, at: At, chain: &str) {
        let Some(line) = line(reach, at) else { return };
        if !reach.is_entered(at.chain) {
            self.dead.insert(line, format!("nothing sends packets to chain {chain}"));
            return;
        }
        match reach.usefulness(at) {
            Use::Dead(dead) => _ = self.dead.insert(line, why(reach, at, chain, &dead)),
            Use::NoDifference(SameAnyway::DoesNothing) => _ = self.idle.insert(line),
            Use::NoDifference(SameAnyway::Decided { .. }) | Use::Needed | Use::Undecided => {}
        }
    }

    /// Lets one of the dead rules stay where only they make the kernel track connections.
    fn keep_tracking(&mut self, document: &Document) {
        let rules = document.tables.iter().flat_map(Table::rules);
        let lines: Vec<u32> = rules.filter(|rule| tracks(rule)).map(|rule| rule.line).collect();
        if lines.iter().all(|line| self.dead.contains_key(line)) {
            lines.iter().min().map(|line| self.dead.remove(line));
        }
    }
}

fn line(reach: &Reach, at: At) -> Option<u32> {
    Some(reach.program().chains.get(at.chain.0)?.rules.get(at.rule)?.line)
}

fn why(reach: &Reach, at: At, chain: &str, dead: &Dead) -> String {
    match dead {
        Dead::Contradiction => "no packet can pass all of its tests".into(),
        Dead::NothingComes => format!("no packet that it asks for comes to chain {chain}"),
        Dead::Shadowed(by) => {
            let lines: Vec<String> =
                by.iter().filter_map(|&rule| Some(line(reach, At { rule, ..at })?.to_string())).collect();
            let s = if lines.len() == 1 { "" } else { "s" };
            format!("all its packets are taken before, by line{s} {}", shortened(&lines))
        }
    }
}

/// Numbers of lines that are told; of more, how many there are.
const TOLD: usize = 5;

fn shortened(lines: &[String]) -> String {
    match lines.get(..TOLD).filter(|_| lines.len() > TOLD + 1) {
        Some(first) => format!("{} and {} more", first.join(", "), lines.len() - TOLD),
        None => lines.join(", "),
    }
}

/// Takes out chains without rules, and jumps to them that do nothing else, until there are no more.
fn empty_chains(table: &mut Table, idle: &BTreeSet<u32>, keep_counters: bool, gone: &mut Vec<(u32, bool, String)>) {
    loop {
        let full: FxHashSet<ChainName> = table.rules().map(|rule| ChainName::clone(&rule.chain)).collect();
        let before = gone.len();
        table.items.retain(|item| match item {
            Item::Rule(rule) => match jump(rule).filter(|name| !full.contains(*name) && idle.contains(&rule.line)) {
                Some(name) => {
                    gone.push((rule.line, true, format!("chain {} is empty", quote(name))));
                    false
                }
                None => true,
            },
            _ => true,
        });
        if gone.len() == before {
            break;
        }
    }
    let named: FxHashSet<ChainName> = table
        .rules()
        .flat_map(|rule| std::iter::once(&rule.chain).chain(target(rule).map(|(name, _)| name)))
        .map(ChainName::clone)
        .collect();
    table.items.retain(|item| match item {
        Item::Chain(chain) if !named.contains(&chain.name) => {
            let counted = keep_counters && chain.counters.is_some_and(|c| c.packets > 0);
            let stays = chain.policy == Some(Policy::Drop) || counted;
            if !stays {
                let why = match chain.policy {
                    Some(_) => "no rule is in it, and its policy accepts",
                    None => "no rule is in it, and none leads to it",
                };
                gone.push((chain.line, false, why.into()));
            }
            stays
        }
        _ => true,
    });
}

/// The chain that a rule sends packets to, and whether they do not come back behind the rule.
fn target(rule: &Rule) -> Option<(&ChainName, bool)> {
    match &rule.target {
        Target::Chain { name, goto, .. } => Some((name, *goto)),
        Target::None | Target::Extension(_) => None,
    }
}

fn jump(rule: &Rule) -> Option<&ChainName> {
    target(rule).filter(|(_, goto)| !goto).map(|(name, _)| name)
}
