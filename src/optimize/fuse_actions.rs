//! `X -j LOG` and then `X -j DROP` become `X log ... drop`, and so with marks and the like.
//!
//! Sound because the first rule goes on in any case, nothing it does can break the rule off or
//! change what the second rule tests, both see the same packets, and the second one commutes with
//! whatever stood between them.

use rustc_hash::FxHashMap;

use super::commute::acts_last;
use super::effects::ChainChanges;
use super::facts::Facts;
use super::features::Features;
use super::known::Known;
use super::order::Order;
use super::repeats::Repeats;
use super::shape::Sum;
use super::{Level, Options, Report, chains, without};
use crate::ir::{Assigned, Chain, Rule, Statement, Step, Table, Test, Verdict};
use crate::nft::ast::Log;
use crate::packet::{CtKey, Field};
use crate::parallel;

/// Fuses rules in every chain.
pub fn run(table: &mut Table, known: &mut Known, options: &Options, report: &mut Report) {
    let may_fuse = |chain: &Chain| chain.rules.len() > 1 && chain.rules.iter().any(goes_on);
    let may_fuse = chains::which(table, known, Features::STATEMENTS, may_fuse);
    let chains = known.changes(table);
    for at in may_fuse {
        let chain = &mut table.chains[at];
        let partners = partners(&chain.rules, chains, options.level);
        if partners.iter().all(Option::is_none) {
            continue;
        }
        let mut gone = vec![false; chain.rules.len()];
        // The rule that each is part of now, and the last that is still one.
        let mut places: Vec<u32> = Vec::with_capacity(chain.rules.len());
        let mut last = 0;
        for (at, partner) in partners.into_iter().enumerate() {
            let place = partner.and_then(|p| Some(*places.get(p as usize)? as usize));
            let (before, behind) = chain.rules.split_at_mut(at);
            if let (Some(place), Some(rule)) = (place, behind.first_mut())
                && let Some(first) = before.get_mut(place)
            {
                fuse(first, rule);
                gone[at] = true;
                report.merged(&chain.name, first.origin.lines(), || why(place < last));
            } else {
                last = at;
            }
            places.push(place.unwrap_or(at) as u32);
        }
        without(&mut chain.rules, gone);
    }
}

fn why(between: bool) -> String {
    let same = "the first rule only acts and goes on, and both have the same tests";
    if between { format!("{same}; no rule between them minds") } else { same.into() }
}

/// Fuses two rules that stand together in a chain, the second into the first, where [`run`] would.
pub(super) fn join(first: &mut Rule, second: &mut Rule) -> bool {
    let room = || have_room((logs(first), first.steps.len()), second);
    let fits = goes_on(first) && room() && have_same_tests(first, second) && can_fuse(first, second);
    if fits {
        fuse(first, second);
    }
    fits
}

/// Tells of the rules that were joined before any pass: none but those stand for two lines.
pub(super) fn tell(table: &Table, report: &mut Report) {
    for chain in &table.chains {
        let joined = chain.rules.iter().filter(|rule| rule.origin.lines().len() > 1);
        joined.for_each(|rule| report.merged(&chain.name, rule.origin.lines(), || why(false)));
    }
}

/// The kernel takes only so many expressions in a rule.
const STEPS: usize = 32;

/// For each rule the earlier one that takes it in.
fn partners(rules: &[Rule], chains: &ChainChanges, level: Level) -> Vec<Option<u32>> {
    let mut keys = vec![Sum::default(); rules.len()];
    parallel::fill(&mut keys, |from, keys| keys.iter_mut().zip(&rules[from..]).for_each(|(at, rule)| *at = key(rule)));
    let (near, apart) = pair(rules, &keys, None);
    match level > Level::Safe && apart {
        true => pair(rules, &keys, Some(Order::new(&Facts::new(rules, chains)))).0,
        false => near,
    }
}

/// The same among neighbours, and with an order also past rules between. Says too whether any would fuse if
/// nothing stood between them. `keys` are those of the rules.
fn pair(rules: &[Rule], keys: &[Sum], mut order: Option<Order>) -> (Vec<Option<u32>>, bool) {
    let mut apart = false;
    let mut open = Opens::default();
    let mut partners = Vec::with_capacity(rules.len());
    let mut places = 0;
    let repeats = Repeats::of(keys.len(), keys.iter().map(|key| key.0));
    for ((at, rule), &key) in rules.iter().enumerate().zip(keys) {
        let alone = !repeats.may_repeat(key.0);
        let known = Some(&key)
            .filter(|_| !alone)
            .and_then(|key| open.get(*key))
            .filter(|open| have_same_tests(&rules[open.last], rule));
        let found = known.filter(|open| {
            if !have_room((open.logs, open.steps), rule) || !can_fuse(&rules[open.last], rule) {
                return false;
            }
            let near = open.place + 1 == places;
            apart |= !near && !rule.is_stateful();
            near || !rule.is_stateful() && order.as_mut().is_some_and(|o| o.may_join(at, open.place))
        });
        let place = found.map_or(places, |open| open.place);
        match &mut order {
            Some(order) if found.is_some() => order.join(at, place),
            Some(order) => _ = order.append(at),
            None => {}
        }
        places += usize::from(found.is_none());
        // What a fused rule takes in next, it takes in behind what it has.
        if !alone && goes_on(rule) {
            let before = found.unwrap_or(Open { last: at, place, logs: None, steps: 0 });
            let (logs, steps) = (before.logs.or(logs(rule)), before.steps + rule.steps.len());
            open.insert(key, Open { last: at, place, logs, steps });
        } else if known.is_some() {
            open.remove(key);
        }
        partners.push(found.map(|open| open.last as u32));
    }
    (partners, apart)
}

/// The last rule with certain tests that goes on.
#[derive(Clone, Copy)]
struct Open<'r> {
    last: usize,
    place: usize,
    /// The line that it, or one that it was fused with, logs.
    logs: Option<&'r Log>,
    /// Of all that were fused.
    steps: usize,
}

/// Those by their keys. The last one is at hand: mostly the next rule asks for it.
#[derive(Default)]
struct Opens<'r> {
    last: Option<(Sum, Open<'r>)>,
    others: FxHashMap<Sum, Open<'r>>,
}

impl<'r> Opens<'r> {
    fn get(&self, key: Sum) -> Option<Open<'r>> {
        match self.last {
            Some((last, open)) if last == key => Some(open),
            _ => self.others.get(&key).copied(),
        }
    }

    /// In the place of the one with this key.
    fn insert(&mut self, key: Sum, open: Open<'r>) {
        self.others.remove(&key);
        if let Some((before, open)) = self.last.replace((key, open)).filter(|(before, _)| *before != key) {
            self.others.insert(before, open);
        }
    }

    fn remove(&mut self, key: Sum) {
        match self.last {
            Some((last, _)) if last == key => self.last = None,
            _ => drop(self.others.remove(&key)),
        }
    }
}

/// Whether rules with so many steps, which log so, have room for those of another one.
fn have_room((logged, steps): (Option<&Log>, usize), rule: &Rule) -> bool {
    let other = logged.zip(logs(rule)).is_some_and(|(a, b)| a != b);
    !other && steps + rule.steps.len() <= STEPS
}

/// The line that a rule logs.
fn logs(rule: &Rule) -> Option<&Log> {
    rule.statements().find_map(|s| if let Statement::Log(log) = s { Some(log) } else { None })
}

/// What rules with the same tests have in common, in whatever order and however often those stand.
fn key(rule: &Rule) -> Sum {
    if rule.tests().nth(1).is_none() {
        return Sum::default().with_tests(rule);
    }
    let is_first = |(at, test): &(usize, &Test)| !rule.tests().take(*at).any(|before| before == *test);
    rule.tests().enumerate().filter(is_first).map(|(_, test)| Sum::of_test(test)).fold(Sum::default(), Sum::with)
}

fn have_same_tests(a: &Rule, b: &Rule) -> bool {
    let are_in = |a: &Rule, b: &Rule| a.tests().all(|test| b.tests().any(|other| other == test));
    a.tests().eq(b.tests()) || are_in(a, b) && are_in(b, a)
}

/// Does something, in any case, and lets the next rule decide.
fn goes_on(rule: &Rule) -> bool {
    matches!(rule.verdict, Verdict::Continue)
        && rule.statements().next().is_some()
        && rule
            .statements()
            .all(|s| !s.is_stateful() && (!s.may_break() || lacks_only_connection(s) && connected(rule)))
        && acts_last(rule)
        && !changes_own_tests(rule)
}

fn changes_own_tests(rule: &Rule) -> bool {
    let changed = |t: &Test| rule.statements().any(|s| s.changes().is_some_and(|f| t.fields().contains(&f)));
    rule.tests().any(changed)
}

fn can_fuse(first: &Rule, second: &Rule) -> bool {
    let does = second.verdict != Verdict::Continue || second.statements().next().is_some();
    let counts = first.counters().is_none() || !second.is_stateful();
    does && counts && first.counters() == second.counters() && acts_last(second)
}

/// Breaks off only on packets without a connection.
const fn lacks_only_connection(statement: &Statement) -> bool {
    match statement {
        Statement::Assign { field, value } => match (field, value) {
            (Field::Ct(CtKey::Mark), Assigned::Constant(_) | Assigned::Bits { .. }) => true,
            (Field::Mark | Field::Ct(CtKey::Mark), Assigned::Mix { from, .. }) => {
                matches!(from, Field::Mark | Field::Ct(CtKey::Mark))
            }
            _ => false,
        },
        _ => false,
    }
}

/// Every packet of the rule has a connection.
fn connected(rule: &Rule) -> bool {
    rule.tests().any(|test| match test {
        Test::In { field: Field::Ct(CtKey::State), set } => !set.contains(1) && !set.contains(64),
        Test::In { field: Field::Ct(_), .. } => true,
        Test::Bits(bits) => bits.field == Field::Ct(CtKey::Mark),
        _ => false,
    })
}

/// `first` takes the statements and the verdict of `second` in.
fn fuse(first: &mut Rule, second: &mut Rule) {
    first.steps.extend(second.steps.drain(..).filter(|s| matches!(s, Step::Do(_))));
    first.verdict = std::mem::replace(&mut second.verdict, Verdict::Continue);
    first.origin.absorb(&second.origin);
    first.absorb_remarks(second);
}
