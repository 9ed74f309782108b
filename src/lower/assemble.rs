//! Conditions and an action into rules.
//!
//! One rule where that is exact. Else a helper chain: for alternatives whose rest keeps state,
//! for negations that must also hold where nft's test breaks off, and for actions of several
//! rules. A rule that ends in RETURN cannot use a chain that is jumped to, since `return` would
//! leave only the helper: then the rest of the chain moves into a chain of its own, and the
//! helper goes there.

use bstr::BString;
use rustc_hash::FxHashMap;

use super::fragments::Guard;
use crate::ir::{
    Bits, Chain, ChainId, Counters, NatData, Origin, Rule, Statement, Step, Steps, Table, Test, Verdict, fragments,
};
use crate::packet::{CtKey, Family, Field, Interval, IntervalSet};
use crate::save::ext::lowering::{Action, Cond};

/// Builds the rules that stand for one rule of the dump.
pub struct Builder<'t> {
    pub table: &'t mut Table,
    pub family: Family,
    /// Where rules go; changes when the rest of the chain has to move.
    pub chain: ChainId,
    /// Name of the dump's chain, for the names of helpers.
    pub name: &'t BString,
    pub origin: Origin,
    /// Taken by the first rule that acts.
    pub counters: Option<Counters>,
    pub comments: Vec<BString>,
    pub notes: Vec<BString>,
    /// How later fragments are kept from rules that ask for ports.
    pub guard: Guard,
    /// The rule's own test of the transport protocol.
    pub protocol: Option<Step>,
    /// No rule of the dump's chain comes behind it.
    pub last: bool,
    /// Rules that later fragments skip, by chain and place, when a base chain's guard sees to it.
    pub skipped: &'t mut FxHashMap<ChainId, Vec<usize>>,
}

/// How a helper chain hands back packets that it did not decide.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Back {
    /// It was jumped to: falling off its end goes on behind the jump.
    Fall,
    /// Nothing stands behind the rule: to return is to fall off the end.
    End,
    /// It was gone to: the rest of the caller is a chain.
    Rest(ChainId),
}

impl Builder<'_> {
    /// Adds the rule. Of a rule that can never match only what counts or changes packets on the way there is
    /// kept.
    pub fn rule(&mut self, conditions: Vec<Cond>, action: Action) {
        let whole_only = self.guard == Guard::PerBaseChain && conditions.contains(&Cond::NotLaterFragment);
        let start = self.table.chains.get(self.chain.0 as usize).map_or(0, |c| c.rules.len());
        let entry = self.chain;
        let (mut conditions, mut action) = (self.settle(conditions), action);
        self.protocol = conditions.iter().find_map(protocol_of);
        if conditions.iter().all(|condition| matches!(condition, Cond::Step(_))) {
            let mut steps = Steps::with_capacity(conditions.len());
            conditions.into_iter().filter_map(Cond::into_step).for_each(|step| steps.push(step));
            self.act(entry, steps, action);
            self.note_skipped(whole_only, entry, start);
            return;
        }
        if let Some(never) = conditions.iter().position(|condition| *condition == Cond::Never) {
            conditions.truncate(never);
            let acts = |c: &Cond| {
                matches!(c, Cond::Also(_)) || matches!(c, Cond::Step(s) if s.is_stateful() || matches!(s, Step::Do(_)))
            };
            let Some(last) = conditions.iter().rposition(acts) else { return };
            conditions.truncate(last + 1);
            action = Action::Statements(Vec::new());
        }
        let back = match self.must_split(&conditions, &action) {
            true => self.split(),
            false if self.last => Back::End,
            false => Back::Fall,
        };
        self.build(self.chain, Steps::new(), &conditions, &action, back);
        self.note_skipped(whole_only, entry, start);
        if let Back::Rest(rest) = back {
            let chain = self.chain;
            self.goto(chain, rest);
            self.chain = rest;
        }
    }

    /// Notes the rules from `start` on as those that later fragments skip, where the rule is one.
    fn note_skipped(&mut self, whole_only: bool, chain: ChainId, start: usize) {
        if whole_only {
            let end = self.table.chains.get(chain.0 as usize).map_or(start, |c| c.rules.len());
            self.skipped.entry(chain).or_default().extend(start..end);
        }
    }

    /// The fragment condition becomes a test where fragments can be seen, once, and else goes; a test that no value
    /// passes is said to be one.
    fn settle(&self, conditions: Vec<Cond>) -> Vec<Cond> {
        if conditions.iter().all(|condition| matches!(condition, Cond::Step(step) if !passes_nothing(step))) {
            return conditions;
        }
        let mut seen = self.guard != Guard::PerRule;
        let settled = |condition| match condition {
            Cond::NotLaterFragment if std::mem::replace(&mut seen, true) => None,
            Cond::NotLaterFragment => Some(self.not_later_fragment()),
            other => possible(other),
        };
        conditions.into_iter().filter_map(settled).collect()
    }

    fn not_later_fragment(&self) -> Cond {
        match fragments::is_not_later(self.family) {
            Some(test) => test.into(),
            None => Cond::Not(vec![fragments::is_later(self.family).into()]),
        }
    }

    fn must_split(&self, conditions: &[Cond], action: &Action) -> bool {
        // Both end where the chain does, which must not be a helper that somebody jumped to.
        let returns = matches!(
            action,
            Action::Verdict(Verdict::Return | Verdict::Goto(_)) | Action::Then(_, Verdict::Return | Verdict::Goto(_))
        );
        let needs_chain = |(at, condition): (usize, &Cond)| match condition {
            Cond::Not(_) | Cond::Also(_) | Cond::AnyOf(_) => true,
            Cond::OneOf(_) => {
                let before = conditions[..at].iter().any(|c| matches!(c, Cond::Step(s) if s.is_stateful()));
                before || !can_repeat(&conditions[at + 1..], action)
            }
            Cond::Step(_) | Cond::Never | Cond::NotLaterFragment => false,
        };
        returns && conditions.iter().enumerate().any(needs_chain)
    }

    fn split(&mut self) -> Back {
        Back::Rest(self.helper("rest"))
    }

    fn build(&mut self, chain: ChainId, mut steps: Steps, conditions: &[Cond], action: &Action, back: Back) {
        for (at, condition) in conditions.iter().enumerate() {
            let rest = &conditions[at + 1..];
            match condition {
                Cond::Step(step) => steps.push(step.clone()),
                Cond::OneOf(alternatives) => return self.alternatives(chain, steps, alternatives, rest, action, back),
                Cond::Not(_) => {
                    let negations = conditions[at..].iter().map_while(negated).count();
                    return self.negation(chain, steps, &conditions[at..], negations, action, back);
                }
                Cond::Also(inner) => return self.also(chain, steps, inner, rest, action, back),
                Cond::AnyOf(ways) => return self.any_of(chain, steps, ways, rest, action, back),
                Cond::Never | Cond::NotLaterFragment => return,
            }
        }
        self.act(chain, steps, action.clone());
    }

    fn alternatives(
        &mut self,
        chain: ChainId,
        steps: Steps,
        alternatives: &[Vec<Step>],
        rest: &[Cond],
        action: &Action,
        back: Back,
    ) {
        if steps.iter().any(Step::is_stateful) {
            let inner = self.enter(chain, steps, "any", back);
            self.alternatives(inner, Steps::new(), alternatives, rest, action, back);
            return self.leave(inner, back);
        }
        let tested: Vec<Field> = alternatives.iter().flatten().flat_map(Step::fields).copied().collect();
        if can_repeat(rest, action) && !changes_any(action, &tested) {
            for alternative in alternatives {
                let steps = steps.iter().chain(alternative).cloned().collect();
                self.build(chain, steps, rest, action, back);
            }
            return;
        }
        // A packet that has gone one way must not be asked for the others when it comes back as another.
        let once = !matches!(back, Back::Rest(_)) && changes_lookup(action, &tested);
        let (chain, steps) = if once { (self.enter(chain, steps, "any", back), Steps::new()) } else { (chain, steps) };
        let body = self.helper("body");
        for alternative in alternatives {
            let steps = steps.iter().chain(alternative).cloned();
            let gone = once || matches!(back, Back::Rest(_));
            let verdict = if gone { Verdict::Goto(body) } else { Verdict::Jump(body) };
            self.push(chain, steps, verdict);
        }
        self.build(body, Steps::new(), rest, action, back);
        self.leave(body, back);
    }

    /// What an inner test matches is led past the rule: to the rest of the chain where that has a chain of its own,
    /// to its end where there is no rest, else back from a helper chain. The first so many conditions are such
    /// negations.
    fn negation(
        &mut self,
        chain: ChainId,
        steps: Steps,
        conditions: &[Cond],
        negations: usize,
        action: &Action,
        back: Back,
    ) {
        let (inner, rest) = conditions.split_at(negations);
        let verdict = match back {
            Back::Fall | Back::End => Verdict::Return,
            Back::Rest(rest) => Verdict::Goto(rest),
        };
        if back != Back::Fall && !steps.iter().any(Step::is_stateful) {
            // What is said of the rule stands at what it does.
            let said = (std::mem::take(&mut self.comments), std::mem::take(&mut self.notes));
            for inner in inner.iter().filter_map(negated) {
                let led = steps.iter().chain(inner).cloned();
                self.push(chain, led, verdict.clone());
            }
            (self.comments, self.notes) = said;
            return self.build(chain, steps, rest, action, back);
        }
        let helper = self.enter(chain, steps, "unless", back);
        for inner in inner.iter().filter_map(negated) {
            self.push(helper, inner.iter().cloned(), verdict.clone());
        }
        self.build(helper, Steps::new(), rest, action, back);
        self.leave(helper, back);
    }

    /// A rule of its own before the rest, for the packets that come to it; they are tested once, since it may change
    /// what was tested.
    fn also(&mut self, chain: ChainId, steps: Steps, inner: &[Step], rest: &[Cond], action: &Action, back: Back) {
        let entered = !steps.is_empty();
        let place = if entered { self.enter(chain, steps, "also", back) } else { chain };
        self.push(place, inner.iter().cloned(), Verdict::Continue);
        self.build(place, Steps::new(), rest, action, back);
        if entered {
            self.leave(place, back);
        }
    }

    /// Ways of which several may hold: the first one leads to what the rule does, which is done once.
    fn any_of(&mut self, chain: ChainId, steps: Steps, ways: &[Vec<Step>], rest: &[Cond], action: &Action, back: Back) {
        if rest.is_empty()
            && matches!(action, Action::Verdict(Verdict::Accept | Verdict::Drop))
            && can_repeat(&[], action)
        {
            return self.alternatives(chain, steps, ways, rest, action, back);
        }
        let inner = self.enter(chain, steps, "any", back);
        let body = self.helper("body");
        for way in ways {
            self.push(inner, way.iter().cloned(), Verdict::Goto(body));
        }
        self.leave(inner, back);
        self.build(body, Steps::new(), rest, action, back);
        self.leave(body, back);
    }

    /// A helper chain that packets with these steps enter.
    fn enter(&mut self, chain: ChainId, steps: Steps, what: &str, back: Back) -> ChainId {
        let helper = self.helper(what);
        let verdict = match back {
            Back::Fall | Back::End => Verdict::Jump(helper),
            Back::Rest(_) => Verdict::Goto(helper),
        };
        self.push(chain, steps, verdict);
        helper
    }

    fn leave(&mut self, helper: ChainId, back: Back) {
        if let Back::Rest(rest) = back {
            self.goto(helper, rest);
        }
    }

    fn goto(&mut self, from: ChainId, to: ChainId) {
        self.push(from, [], Verdict::Goto(to));
    }

    fn act(&mut self, chain: ChainId, mut steps: Steps, action: Action) {
        match action {
            Action::Verdict(verdict) => self.finish(chain, steps, verdict),
            Action::Statements(statements) => {
                steps.extend(statements.into_iter().map(Step::from));
                self.finish(chain, steps, Verdict::Continue);
            }
            Action::Then(statements, verdict) => {
                steps.extend(statements.into_iter().map(Step::from));
                self.finish(chain, steps, verdict);
            }
            Action::Block(rules) => self.block(chain, steps, &rules),
        }
    }

    /// nft takes ports of a translation only behind a test of the protocol in the same rule.
    fn finish(&mut self, chain: ChainId, mut steps: Steps, verdict: Verdict) {
        if let Some(protocol) = &self.protocol
            && translates_ports(&verdict)
            && !steps.contains(protocol)
        {
            steps.insert(0, protocol.clone());
        }
        let mut rule = Rule::of_steps(steps, verdict, self.origin.clone());
        if let Some(counters) = self.counters.take() {
            rule.remarks_mut().counters = Some(counters);
        }
        self.add(chain, rule);
    }

    /// Several rules: under the same tests where those are cheap and stay true, else in a chain.
    fn block(&mut self, chain: ChainId, steps: Steps, rules: &[Rule]) {
        const REPEATED: usize = 2;
        let tested: Vec<Field> = steps.iter().flat_map(Step::fields).copied().collect();
        let stays = rules.iter().flat_map(Rule::statements).all(|s| s.changes().is_none_or(|f| !tested.contains(&f)));
        let pure = steps.iter().all(|s| matches!(s, Step::Test(t) if !t.is_stateful()));
        // `return` must leave the block, and only a chain of its own can be left.
        let returns = rules.iter().any(|r| r.verdict == Verdict::Return);
        if !returns && (rules.len() == 1 || steps.is_empty() || (rules.len() <= REPEATED && pure && stays)) {
            for rule in rules {
                let more = rule.steps.iter().filter(|step| !matches!(step, Step::Test(_)) || !steps.contains(step));
                let steps = steps.iter().chain(more).cloned().collect();
                self.finish(chain, steps, rule.verdict.clone());
            }
            return;
        }
        let entered = steps.clone();
        let helper = self.enter(chain, steps, "do", Back::Fall);
        // Rules that all return leave the packet to the next one as it came.
        let as_it_came = rules.iter().all(|rule| rule.verdict == Verdict::Return);
        let tracked = entered.iter().any(is_of_a_connection);
        for rule in rules.iter().filter(|rule| !as_it_came || !excludes(&entered, rule)) {
            let mut rule = rule.clone();
            rule.steps.retain(|step| !tracked || !asks_for_a_connection(step));
            rule.origin = self.origin.clone();
            self.add(helper, rule);
        }
    }

    fn helper(&mut self, what: &str) -> ChainId {
        let line = self.origin.lines().first().copied().unwrap_or_default();
        let name = format!("{}-{line}-{what}", self.name);
        self.table.add_chain(Chain { name: name.into(), base: None, rules: Vec::new(), helper: true, foreign: false })
    }

    fn push(&mut self, chain: ChainId, steps: impl IntoIterator<Item = Step>, verdict: Verdict) {
        self.add(chain, Rule::new(steps, verdict, self.origin.clone()));
    }

    /// The first rule takes the comments and the notes.
    fn add(&mut self, chain: ChainId, mut rule: Rule) {
        if !self.comments.is_empty() || !self.notes.is_empty() {
            let remarks = rule.remarks_mut();
            remarks.comments.extend(self.comments.drain(..));
            remarks.notes.append(&mut self.notes);
        }
        if let Some(chain) = self.table.chains.get_mut(chain.0 as usize) {
            chain.rules.push(rule);
        }
    }
}

/// The condition without tests of no value at all; nothing where it always holds then.
fn possible(condition: Cond) -> Option<Cond> {
    match condition {
        Cond::Step(step) if passes_nothing(&step) => Some(Cond::Never),
        Cond::Not(steps) if steps.iter().any(passes_nothing) => None,
        Cond::OneOf(mut ways) => {
            ways.retain(|way| !way.iter().any(passes_nothing));
            Some(if ways.is_empty() { Cond::Never } else { Cond::OneOf(ways) })
        }
        Cond::AnyOf(mut ways) => {
            ways.retain(|way| !way.iter().any(passes_nothing));
            Some(if ways.is_empty() { Cond::Never } else { Cond::AnyOf(ways) })
        }
        other => Some(other),
    }
}

/// Whether it is a test of no value at all.
fn passes_nothing(step: &Step) -> bool {
    matches!(step, Step::Test(Test::In { set, .. }) if set.is_empty())
}

/// The steps that must not all hold.
fn negated(condition: &Cond) -> Option<&Vec<Step>> {
    match condition {
        Cond::Not(inner) => Some(inner),
        _ => None,
    }
}

fn protocol_of(condition: &Cond) -> Option<Step> {
    match condition {
        Cond::Step(step @ Step::Test(Test::In { field: Field::L4proto, .. })) => Some(step.clone()),
        _ => None,
    }
}

fn translates_ports(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Nat(nat) if matches!(nat.data, NatData::Fixed { port: Some(_), .. }))
}

/// Whether the rest of a rule may stand twice: nothing in it keeps state or is by chance.
fn can_repeat(rest: &[Cond], action: &Action) -> bool {
    let pure = |steps: &[Step]| !steps.iter().any(Step::is_stateful);
    let conditions = rest.iter().all(|c| match c {
        Cond::Step(step) => !step.is_stateful(),
        Cond::OneOf(alternatives) => alternatives.iter().all(|a| pure(a)),
        Cond::Not(_) | Cond::Also(_) | Cond::AnyOf(_) => false,
        Cond::Never | Cond::NotLaterFragment => true,
    });
    conditions
        && match action {
            Action::Verdict(_) => true,
            Action::Statements(s) | Action::Then(s, _) => !s.iter().any(Statement::is_stateful),
            Action::Block(_) => false,
        }
}

/// Whether only packets of a connection pass: new, established and related ones.
fn is_of_a_connection(step: &Step) -> bool {
    let states: IntervalSet = [2, 4, 8].map(Interval::point).into_iter().collect();
    matches!(step, Step::Test(Test::In { field: Field::Ct(CtKey::State), set }) if set.is_subset(&states))
}

/// Whether it is the test that there is a connection (`save/ext/mark.rs`).
fn asks_for_a_connection(step: &Step) -> bool {
    let asks = |mask: u128| Test::from(Bits { field: Field::Ct(CtKey::State), mask, value: 0, negated: true });
    matches!(step, Step::Test(test) if *test == asks(2 | 4 | 8))
}

/// Whether no packet with these tests passed has a value that the rule asks for.
fn excludes(steps: &[Step], rule: &Rule) -> bool {
    let asked = |steps: &[Step]| -> Vec<(Field, IntervalSet)> {
        let set = |step: &Step| match step {
            Step::Test(Test::In { field, set }) => Some((*field, set.clone())),
            _ => None,
        };
        steps.iter().filter_map(set).collect()
    };
    let before = asked(steps);
    asked(&rule.steps).iter().any(|(field, set)| before.iter().any(|(f, s)| f == field && !s.intersects(set)))
}

/// Whether rules change what routes are looked up by, and a route is asked for.
fn changes_lookup(action: &Action, fields: &[Field]) -> bool {
    let asked = fields.iter().any(|field| matches!(field, Field::Fib { .. } | Field::Rt(_)));
    let changes = |rule: &Rule| rule.statements().any(|statement| statement.changes().is_some());
    asked && matches!(action, Action::Block(rules) if rules.iter().any(changes))
}

/// A verdict that jumps may change anything.
fn changes_any(action: &Action, fields: &[Field]) -> bool {
    let changes = |s: &Statement| s.changes().is_some_and(|f| fields.contains(&f));
    match action {
        Action::Verdict(Verdict::Jump(_)) => true,
        Action::Verdict(_) => false,
        Action::Statements(s) | Action::Then(s, _) => s.iter().any(changes),
        Action::Block(_) => true,
    }
}
