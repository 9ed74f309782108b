//! Long runs of rules, lowered by all processors at once.
//!
//! Nearly every rule becomes one rule that needs nothing of its table but the numbers of chains. Those are lowered in
//! pieces; what adds sets, objects or helper chains, or cannot be said, is lowered again in its turn.
//! Invariant: the table is the same as if each rule had been lowered in its turn.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::patterns::Patterns;
use super::{DumpChain, TableWork, Within, empty};
use crate::ir::{self, Chain, ChainId, Origin, Verdict};
use crate::packet::Hook;
use crate::parallel;
use crate::save::ast::Rule;
use crate::save::ext::dynamic;
use crate::save::forms::Entry;

/// Rules that one processor takes at a time.
const PIECE: usize = 512;

/// Pieces that are worth keeping together.
const PIECES: usize = 32;

/// The only chain of a table that a rule is lowered into by itself.
const ITS_OWN: ChainId = ChainId(0);

/// A rule that waits to be lowered.
struct Waiting {
    rule: Entry,
    /// The number of its chain.
    place: usize,
    /// No rule of its chain comes behind it.
    last: bool,
}

/// What a rule becomes, looked at by itself.
enum Alone {
    /// One rule, of the chain with this number; `skipped` by later fragments.
    Rule { place: usize, rule: ir::Rule, skipped: bool },
    /// Something that concerns the table.
    Touches(Waiting),
}

impl<'a> TableWork<'a> {
    /// Lowers the rules of all chains; each is let go behind that.
    pub(super) fn lower_rules(&mut self, chains: Vec<DumpChain>, reach: &[Vec<Hook>]) {
        let places: Vec<Within> = chains.iter().zip(reach).map(|(chain, hooks)| within(chain, hooks)).collect();
        let number = |place: &Within| self.ids.get(&place.name).copied();
        let mut current: Vec<Option<ChainId>> = places.iter().map(number).collect();
        let mut rules = chains.into_iter().enumerate().flat_map(waiting);
        loop {
            let mut own = rules.by_ref().filter(|waiting| !self.said_behind.contains(&waiting.rule.line()));
            let pieces = (0..PIECES).map(|_| own.by_ref().take(PIECE).collect::<Vec<Waiting>>());
            let pieces: Vec<Vec<Waiting>> = pieces.take_while(|piece| !piece.is_empty()).collect();
            if pieces.is_empty() {
                return;
            }
            for looked_at in parallel::map(pieces, |piece| self.look(piece, &places)) {
                self.take_in(looked_at, &places, &mut current);
            }
        }
    }

    /// Puts the rules of a piece where they belong; what could not be looked at by itself is lowered now.
    fn take_in(&mut self, looked_at: Vec<Alone>, places: &[Within], current: &mut [Option<ChainId>]) {
        for alone in looked_at {
            match alone {
                Alone::Rule { place, rule, skipped } => {
                    if let Some(&Some(chain)) = current.get(place) {
                        self.push(chain, rule, skipped);
                    }
                }
                Alone::Touches(Waiting { rule, place, last }) => {
                    if let (Some(within), Some(Some(chain))) = (places.get(place), current.get_mut(place))
                        && let Some(rule) = self.whole(rule)
                    {
                        *chain = self.lower_rule(&rule, within, *chain, last);
                    }
                }
            }
        }
    }

    /// What becomes of each of the rules.
    fn look(&self, waiting: Vec<Waiting>, places: &[Within]) -> Vec<Alone> {
        let mut beside = self.beside();
        let mut patterns = Patterns::default();
        let look = |waiting: Waiting| {
            let within = places.get(waiting.place)?;
            let alone = match &waiting.rule {
                Entry::Whole(rule) => beside.alone(rule, within, waiting.last),
                Entry::Like(like) => {
                    let rule = patterns.rule(like, (within, waiting.last), &mut beside);
                    debug_assert!(rule.as_ref().is_none_or(|rule| *rule == beside.read_again(&waiting, within)));
                    rule
                }
            };
            Some(match alone {
                Some((rule, skipped)) => Alone::Rule { place: waiting.place, rule, skipped },
                None => Alone::Touches(waiting),
            })
        };
        waiting.into_iter().filter_map(look).collect()
    }

    /// The rule that one of the dump becomes when it needs nothing of the table, and whether later fragments skip it.
    pub(super) fn alone(&mut self, rule: &Rule, within: &Within, last: bool) -> Option<(ir::Rule, bool)> {
        let current = self.lower_rule(rule, within, ITS_OWN, last);
        let skipped = !std::mem::take(&mut self.skipped).is_empty();
        if current == ITS_OWN && self.rules_alone() == Some(1) {
            let rule = self.out.chains.first_mut()?.rules.pop()?;
            return Some((rule, skipped));
        }
        self.forget();
        None
    }

    /// The same of a rule of a form, read whole.
    fn read_again(&mut self, Waiting { rule, last, .. }: &Waiting, within: &Within) -> (ir::Rule, bool) {
        let rule = self.forms.whole(rule.clone()).and_then(|rule| self.alone(&rule, within, *last));
        rule.unwrap_or_else(|| (ir::Rule::new([], Verdict::Continue, Origin::default()), false))
    }

    /// Room for rules by themselves.
    fn beside(&self) -> TableWork<'a> {
        let mut out = empty(self.family, self.kind);
        out.add_chain(Chain {
            name: self.out.name.clone(),
            base: None,
            rules: Vec::new(),
            helper: false,
            foreign: false,
        });
        TableWork {
            out,
            skipped: FxHashMap::default(),
            ids: Arc::clone(&self.ids),
            numbers: Arc::clone(&self.numbers),
            sets: dynamic::KnownSets::default(),
            said_behind: FxHashSet::default(),
            spans: Vec::new(),
            diagnostics: Vec::new(),
            ..*self
        }
    }

    /// How many rules there are, when there is nothing else.
    fn rules_alone(&self) -> Option<usize> {
        let ir::Table { chains, sets, objects, notes, .. } = &self.out;
        let [Chain { rules, .. }] = chains.as_slice() else { return None };
        let else_nothing = sets.is_empty() && objects.is_empty() && notes.is_empty() && self.diagnostics.is_empty();
        else_nothing.then_some(rules.len())
    }

    /// Goes back to where there was nothing.
    fn forget(&mut self) {
        self.out.chains.truncate(1);
        self.out.chains.iter_mut().for_each(|chain| chain.rules.clear());
        self.out.sets.clear();
        self.out.objects.clear();
        self.out.notes.clear();
        self.sets = dynamic::KnownSets::default();
        self.diagnostics.clear();
    }

    fn push(&mut self, chain: ChainId, rule: ir::Rule, skipped: bool) {
        let Some(rules) = self.out.chains.get_mut(chain.0 as usize).map(|chain| &mut chain.rules) else { return };
        if skipped {
            self.skipped.entry(chain).or_default().push(rules.len());
        }
        rules.push(rule);
    }
}

fn within<'a>(chain: &DumpChain, hooks: &'a [Hook]) -> Within<'a> {
    Within { name: Arc::clone(&chain.name), hook: chain.hook, hooks }
}

fn waiting((place, chain): (usize, DumpChain)) -> impl Iterator<Item = Waiting> {
    let count = chain.rules.len();
    chain.rules.into_iter().enumerate().map(move |(at, rule)| Waiting { rule, place, last: at + 1 == count })
}
