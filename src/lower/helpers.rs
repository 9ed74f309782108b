//! Helpers of connections (`-j CT --helper`): rules of the raw table once more, behind connection tracking.
//!
//! iptables hangs the helper on the packet before there is a connection, and the connection that the packet
//! opens gets it, unless that one was expected (`nf_conntrack_core.c`, `init_conntrack`). nft gives helpers
//! to connections. So what leads to such rules is tried again right behind connection tracking, for packets
//! that open a connection; all that can decide there is a helper, or something that ends the way to one.
//! Invariant: tests that could answer otherwise at that place are refused.

use rustc_hash::{FxHashMap, FxHashSet};

use super::assemble::Builder;
use super::{DumpChain, Guard, TableWork};
use crate::diag::{Diagnostic, Place};
use crate::ir::{Base, Chain, ChainId, Origin, Statement, Step, Test, Verdict, fragments};
use crate::nft::ast::{ChainKind, ObjectKind, Policy};
use crate::packet::{CtKey, Field, Hook};
use crate::save::ast::{ChainName, Part, Rule, Table, Target};
use crate::save::ext::lowering::{Action, Cond};
use crate::save::ext::targets::ct;
use crate::save::forms::Entry;
use crate::save::mentioned::Mentioned;
use crate::save::order;

/// Right behind connection tracking (`NF_IP_PRI_CONNTRACK` is -200).
const BEHIND: i32 = -199;
/// `ct state new`
const NEW: u128 = 8;

/// The rule's target when that gives a helper.
pub fn gives(rule: &Rule) -> Option<&Part> {
    target(rule).filter(|part| part.extension.name == "CT" && ct::has_helper(part))
}

/// Whether the table says anything about tracking besides helpers, so that what is said first must be kept.
pub fn needs_templates(table: &Table<Entry>, mentioned: &Mentioned) -> bool {
    let may = mentioned.any(|name| matches!(name, "NOTRACK" | "CT"));
    may && table.whole_rules().filter_map(target).any(|part| match part.extension.name {
        "NOTRACK" => true,
        "CT" => !ct::is_plain(part),
        _ => false,
    })
}

fn target(rule: &Rule) -> Option<&Part> {
    match &rule.target {
        Target::Extension(part) => Some(part),
        Target::None | Target::Chain { .. } => None,
    }
}

/// A chain of the dump with all rules whole.
pub(super) type WholeChain<'a> = order::Chain<&'a Rule>;

fn borrowed(chain: &DumpChain) -> WholeChain<'_> {
    let name = ChainName::clone(&chain.name);
    let rules = chain.rules.iter().filter_map(Entry::as_whole).collect();
    order::Chain { name, hook: chain.hook, policy: chain.policy, counters: chain.counters, rules }
}

/// What a chain means for helpers.
#[derive(Clone, Copy, Default, PartialEq)]
struct Role {
    /// It leads to a rule that gives one.
    leads: bool,
    /// It can end the way to one.
    ends: bool,
}

fn roles<'a>(chains: &'a [WholeChain]) -> FxHashMap<&'a [u8], Role> {
    let mut roles: FxHashMap<&[u8], Role> = FxHashMap::default();
    loop {
        let before = roles.clone();
        for chain in chains {
            let role = chain
                .rules
                .iter()
                .map(|rule| role(rule, &roles))
                .fold(Role::default(), |a, b| Role { leads: a.leads || b.leads, ends: a.ends || b.ends });
            roles.insert(&chain.name, role);
        }
        if roles == before {
            return roles;
        }
    }
}

fn role(rule: &Rule, roles: &FxHashMap<&[u8], Role>) -> Role {
    match &rule.target {
        Target::Chain { name, .. } => roles.get(name.as_slice()).copied().unwrap_or_default(),
        Target::Extension(part) => match part.extension.name {
            "CT" => Role { leads: gives(rule).is_some(), ends: !part.has("notrack") },
            "ACCEPT" | "QUEUE" | "NFQUEUE" => Role { leads: false, ends: true },
            _ => Role::default(),
        },
        Target::None => Role::default(),
    }
}

impl TableWork<'_> {
    /// Adds what rules that give helpers become behind connection tracking, for which all rules have to be whole.
    pub(super) fn behind_tracking(&mut self, chains: Vec<DumpChain>, reach: &[Vec<Hook>]) -> Vec<DumpChain> {
        // Rules that give helpers are always whole.
        if !chains.iter().flat_map(|chain| &chain.rules).filter_map(Entry::as_whole).any(|rule| gives(rule).is_some()) {
            return chains;
        }
        let chains: Vec<DumpChain> = chains.into_iter().map(|chain| self.whole_chain(chain)).collect();
        self.lower_helpers(&chains.iter().map(borrowed).collect::<Vec<_>>(), reach);
        chains
    }

    fn whole_chain(&mut self, chain: DumpChain) -> DumpChain {
        let rules = chain.rules.into_iter().filter_map(|rule| self.whole(rule)).map(Entry::Whole).collect();
        DumpChain { rules, ..chain }
    }

    /// Adds the chains behind connection tracking. Comes first, since the dump's rules are let go as they are lowered in
    /// their own places.
    fn lower_helpers(&mut self, chains: &[WholeChain], reach: &[Vec<Hook>]) {
        let roles = roles(chains);
        let copied = copied(chains, &roles);
        let mut copies: FxHashMap<&[u8], ChainId> = FxHashMap::default();
        for chain in chains.iter().filter(|chain| copied.contains(chain.name.as_slice())) {
            copies.insert(&chain.name, self.add_copy(chain));
        }
        for (chain, hooks) in chains.iter().zip(reach) {
            let Some(&start) = copies.get(chain.name.as_slice()) else { continue };
            let leads = |rule: &Rule| role(rule, &roles).leads;
            // Behind the last way to a helper, nothing decides anything in a base chain.
            let last = chain.rules.iter().rposition(|rule| leads(rule)).map_or(0, |at| at + 1);
            let rules = if chain.hook.is_some() { &chain.rules[..last] } else { chain.rules.as_slice() };
            let mut current = start;
            for rule in rules {
                current = self.lower_behind(rule, chain, hooks, &copies, current);
            }
        }
    }

    fn add_copy(&mut self, chain: &WholeChain) -> ChainId {
        let base = chain.hook.map(|hook| Base {
            kind: ChainKind::Filter,
            hook,
            priority: BEHIND,
            policy: Policy::Accept,
            counters: None,
        });
        let name = format!("{}-helpers", chain.name).into();
        self.out.add_chain(Chain { name, base, rules: Vec::new(), helper: true, foreign: false })
    }

    /// One rule once more; answers the chain that the next one goes to.
    fn lower_behind(
        &mut self,
        rule: &Rule,
        chain: &WholeChain,
        hooks: &[Hook],
        copies: &FxHashMap<&[u8], ChainId>,
        current: ChainId,
    ) -> ChainId {
        let Some(action) = self.action_behind(rule, copies) else { return current };
        let (mut comments, mut notes) = (Vec::new(), Vec::new());
        // What cannot be said is told when the rule is lowered in its own place.
        let said = self.conditions(rule, chain.hook, hooks, (&mut comments, &mut notes));
        let Ok(mut conditions) = said else { return current };
        if gives(rule).is_some() && rule.counters.is_none() && !self.templates {
            self.said_behind.insert(rule.line);
        }
        if !conditions.iter().all(is_lasting) {
            self.refuse_behind(rule, current);
            return current;
        }
        if gives(rule).is_some() {
            conditions.push(Test::is(Field::Ct(CtKey::State), NEW).into());
        }
        let seen = fragments::are_seen_at_any(self.family, hooks);
        let mut builder = Builder {
            table: &mut self.out,
            family: self.family,
            chain: current,
            name: &format!("{}-helpers", chain.name).into(),
            origin: Origin::line(self.source, rule.line),
            counters: None,
            comments,
            notes,
            guard: if seen { self.guard } else { Guard::Needless },
            protocol: None,
            last: false,
            skipped: &mut self.skipped,
        };
        builder.rule(conditions, action);
        builder.chain
    }

    /// Packets that raw dropped never come here, and those it took out of tracking open no connection.
    fn action_behind(&mut self, rule: &Rule, copies: &FxHashMap<&[u8], ChainId>) -> Option<Action> {
        match &rule.target {
            Target::None => None,
            Target::Chain { name, goto, .. } => match copies.get(name.as_slice()) {
                Some(&copy) => Some(Action::Verdict(if *goto { Verdict::Goto(copy) } else { Verdict::Jump(copy) })),
                None => goto.then_some(Action::Verdict(Verdict::Return)),
            },
            Target::Extension(part) => match part.extension.name {
                "CT" if part.has("notrack") => None,
                "CT" if ct::has_helper(part) => {
                    let object = self.out.add_object(ct::helper(part, rule.protocol())?);
                    let helper = Statement::Object { kind: ObjectKind::CtHelper, object };
                    Some(Action::Then(vec![helper], Verdict::Accept))
                }
                "CT" | "ACCEPT" | "QUEUE" | "NFQUEUE" => Some(Action::Verdict(Verdict::Accept)),
                "RETURN" => Some(Action::Verdict(Verdict::Return)),
                _ => None,
            },
        }
    }

    fn refuse_behind(&mut self, rule: &Rule, chain: ChainId) {
        let place = Place { source: self.source, span: rule.span };
        let reason = "a helper is given behind this rule; nft can give it only after connection tracking, where the \
            tests of this rule would answer otherwise";
        let help = "move tests of the connection and limits behind the rules with --helper";
        self.diagnostics.push(Diagnostic::untranslatable("ct-helper", place, format!("CT: {reason}")).help(help));
        self.gap(rule, chain, &format!("CT: {reason}"));
    }
}

/// The chains that are needed again.
fn copied<'a>(chains: &'a [WholeChain], roles: &FxHashMap<&[u8], Role>) -> FxHashSet<&'a [u8]> {
    let role = |name: &[u8]| roles.get(name).copied().unwrap_or_default();
    // Those that nothing calls as well: they are kept, like all chains of the dump.
    let leading = chains.iter().filter(|chain| role(&chain.name).leads);
    let by_name: FxHashMap<&[u8], &WholeChain> = chains.iter().map(|chain| (chain.name.as_slice(), chain)).collect();
    let mut found: FxHashSet<&[u8]> = FxHashSet::default();
    let mut waiting: Vec<&[u8]> = leading.map(|chain| chain.name.as_slice()).collect();
    while let Some(name) = waiting.pop() {
        if !found.insert(name) {
            continue;
        }
        let rules = by_name.get(name).into_iter().flat_map(|chain| &chain.rules);
        let called = rules.filter_map(|rule| match &rule.target {
            Target::Chain { name, .. } => Some(name.as_slice()),
            _ => None,
        });
        waiting.extend(called.filter(|name| role(name) != Role::default()));
    }
    found
}

/// Whether the condition answers alike before and behind connection tracking.
fn is_lasting(condition: &Cond) -> bool {
    let step = |step: &Step| match step {
        Step::Test(Test::Lookup { .. }) | Step::Do(_) => false,
        Step::Test(test) => !test.is_stateful() && !test.fields().iter().any(|field| matches!(field, Field::Ct(_))),
    };
    match condition {
        Cond::Step(one) => step(one),
        Cond::OneOf(alternatives) | Cond::AnyOf(alternatives) => alternatives.iter().flatten().all(step),
        Cond::Not(steps) | Cond::Also(steps) => steps.iter().all(step),
        Cond::Never | Cond::NotLaterFragment => true,
    }
}
