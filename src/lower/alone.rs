//! Long runs of rules, lowered by all processors at once.
//!
//! Nearly every rule becomes one rule that needs nothing of its table but the numbers of chains. Those are lowered in
//! pieces; what adds sets, objects or helper chains, or cannot be said, is lowered again in its turn.
//! Invariant: the table is the same as if each rule had been lowered in its turn.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::patterns::Patterns;
use super::{DumpChain, TableWork, Within, empty};
use crate::ir::{self, Chain, ChainId, Join, Origin, Verdict};
use crate::packet::Hook;
use crate::parallel::{self, Desks};
use crate::save::ast::Rule;
use crate::save::ext::dynamic;
use crate::save::forms::{Entry, Like};

/// Rules that one processor takes at a time.
const PIECE: usize = 256;

/// Pieces that are worked on together, while those before are taken in.
const PIECES: usize = 32;

/// Rules of a chain that are worth being joined before all stand: what is joined then needs no room. In chains so long
/// nothing else depends on it (`fragments.rs` looks at few rules).
const LONG: usize = 512;

/// The only chain of a table that a rule is lowered into by itself.
const ITS_OWN: ChainId = ChainId(0);

/// Rules that stand together in a chain and wait to be lowered.
struct Waiting<'c> {
    /// The number of their chain.
    place: usize,
    /// How many of its rules stand before them.
    from: usize,
    rules: &'c mut [Entry],
}

/// Where one thread looks at rules by themselves. What it has learned of forms serves all pieces that it takes.
struct Desk<'a> {
    /// Room for rules, which is empty between them.
    beside: TableWork<'a>,
    patterns: Patterns,
}

/// What rules become, looked at by themselves.
enum Alone {
    /// As many rules of the chain with this number; later fragments skip those at some places.
    Rules { place: usize, rules: Vec<ir::Rule>, skipped: Vec<usize> },
    /// A rule that concerns the table; `last` when no rule of its chain comes behind it.
    Touches { place: usize, rule: Entry, last: bool },
}

impl<'a> TableWork<'a> {
    /// Lowers the rules of all chains; each that is kept whole is let go behind that.
    pub(super) fn lower_rules(&mut self, chains: &mut [DumpChain], reach: &[Vec<Hook>]) {
        let places: Vec<Within> = chains.iter().zip(reach).map(|(chain, hooks)| within(chain, hooks)).collect();
        let number = |place: &Within| self.ids.get(&place.name).copied();
        let mut current: Vec<Option<ChainId>> = places.iter().map(number).collect();
        let mut waiting = chains.iter_mut().enumerate().flat_map(waiting);
        let pieces = std::iter::from_fn(|| Some(piece(&mut waiting)).filter(|piece| !piece.is_empty()));
        // What does not change while rules are taken in.
        let fixed = TableWork { said_behind: self.said_behind.clone(), ..self.beside() };
        let desks = Desks::default();
        let desk = || Desk { beside: fixed.beside(), patterns: Patterns::default() };
        let look = |piece| desks.at(desk, |desk| fixed.look(piece, &places, desk));
        let at_once = if parallel::are_many(places.iter().map(|place| place.rules).sum()) { PIECES } else { 1 };
        parallel::flow(pieces, at_once, look, |looked_at| self.take_in(looked_at, &places, &mut current));
    }

    /// Puts the rules of a piece where they belong; what could not be looked at by itself is lowered now.
    fn take_in(&mut self, looked_at: Vec<Alone>, places: &[Within], current: &mut [Option<ChainId>]) {
        for alone in looked_at {
            match alone {
                Alone::Rules { place, rules, skipped } => {
                    if let (Some(within), Some(&Some(chain))) = (places.get(place), current.get(place)) {
                        self.push(chain, rules, &skipped, within.rules);
                    }
                }
                Alone::Touches { place, rule, last } => {
                    if let (Some(within), Some(Some(chain))) = (places.get(place), current.get_mut(place))
                        && let Some(rule) = self.whole(rule)
                    {
                        *chain = self.lower_rule(&rule, within, *chain, last);
                    }
                }
            }
        }
    }

    /// What becomes of the rules of a piece.
    fn look(&self, piece: Vec<Waiting>, places: &[Within], Desk { beside, patterns }: &mut Desk) -> Vec<Alone> {
        let mut looked_at = Vec::with_capacity(piece.len());
        for Waiting { place, from, rules: waiting } in piece {
            let Some(within) = places.get(place) else { continue };
            let (mut rules, mut skipped) = (Vec::with_capacity(waiting.len()), Vec::new());
            for (at, rule) in waiting.iter_mut().enumerate().filter(|(_, rule)| !self.is_said_behind(rule)) {
                let rule = take(rule);
                let last = from + at + 1 == within.rules;
                match beside.look_at(&rule, (within, last), patterns) {
                    Some((mut rule, skips)) => {
                        if skips || !is_joined(self.join, &mut rule, within.rules, (&mut rules, &skipped)) {
                            skipped.extend(skips.then_some(rules.len()));
                            rules.push(rule);
                        }
                    }
                    None => {
                        let (rules, skipped) = (std::mem::take(&mut rules), std::mem::take(&mut skipped));
                        looked_at.push(Alone::Rules { place, rules, skipped });
                        looked_at.push(Alone::Touches { place, rule, last });
                    }
                }
            }
            looked_at.push(Alone::Rules { place, rules, skipped });
        }
        looked_at
    }

    fn is_said_behind(&self, rule: &Entry) -> bool {
        !self.said_behind.is_empty() && self.said_behind.contains(&rule.line())
    }

    /// What becomes of a rule by itself, if that can be found out, and whether later fragments skip it.
    fn look_at(
        &mut self,
        rule: &Entry,
        (within, last): (&Within, bool),
        patterns: &mut Patterns,
    ) -> Option<(ir::Rule, bool)> {
        match rule {
            Entry::Whole(rule) => self.alone(rule, within, last),
            Entry::Like(like) => {
                let found = patterns.rule(like, (within, last), self);
                debug_assert!(found.as_ref().is_none_or(|found| *found == self.read_again(rule, within, last)));
                found
            }
        }
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
    fn read_again(&mut self, rule: &Entry, within: &Within, last: bool) -> (ir::Rule, bool) {
        let rule = self.forms.whole(rule.clone()).and_then(|rule| self.alone(&rule, within, last));
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

    /// Adds rules to a chain that will have about so many.
    fn push(&mut self, chain: ChainId, mut rules: Vec<ir::Rule>, skipped: &[usize], about: usize) {
        let Some(known) = self.out.chains.get_mut(chain.0 as usize).map(|chain| &mut chain.rules) else { return };
        let before = self.skipped.get(&chain).map_or(&[][..], Vec::as_slice);
        let joined = skipped.first() != Some(&0)
            && rules.first_mut().is_some_and(|rule| is_joined(self.join, rule, about, (known, before)));
        if joined {
            rules.remove(0);
        }
        if !skipped.is_empty() {
            let skipped = skipped.iter().map(|at| known.len() + at - usize::from(joined));
            self.skipped.entry(chain).or_default().extend(skipped);
        }
        if known.is_empty() && rules.len() == about {
            *known = rules;
        } else {
            known.reserve(about.saturating_sub(known.len()));
            known.append(&mut rules);
        }
    }
}

/// Whether the rule of a chain of so many becomes part of the last one before it. `skipped` are the places of those that
/// later fragments skip, which this one does not.
fn is_joined(
    join: Option<Join>,
    rule: &mut ir::Rule,
    of: usize,
    (before, skipped): (&mut [ir::Rule], &[usize]),
) -> bool {
    let Some((join, (last, others))) = join.filter(|_| of >= LONG).zip(before.split_last_mut()) else { return false };
    skipped.last().is_none_or(|skipped| *skipped < others.len()) && join(last, rule)
}

fn within<'a>(chain: &DumpChain, hooks: &'a [Hook]) -> Within<'a> {
    Within { name: Arc::clone(&chain.name), hook: chain.hook, hooks, rules: chain.rules.len() }
}

/// The rules of a chain, so many together as make a piece.
fn waiting((place, chain): (usize, &mut DumpChain)) -> impl Iterator<Item = Waiting<'_>> {
    let pieces = chain.rules.chunks_mut(PIECE).zip((0..).step_by(PIECE));
    pieces.map(move |(rules, from)| Waiting { place, from, rules })
}

/// Takes out a rule that is kept whole; others need no room of their own.
fn take(rule: &mut Entry) -> Entry {
    match rule {
        Entry::Like(like) => Entry::Like(*like),
        Entry::Whole(_) => std::mem::replace(rule, Entry::Like(Like::default())),
    }
}

/// As many of them as make a piece.
fn piece<'c>(waiting: &mut impl Iterator<Item = Waiting<'c>>) -> Vec<Waiting<'c>> {
    let (mut piece, mut rules) = (Vec::new(), 0);
    while rules < PIECE
        && let Some(run) = waiting.next()
    {
        rules += run.rules.len();
        piece.push(run);
    }
    piece
}
