//! `--ports 53 -j DROP` asks for a source port, or else for a destination port: behind the first rule nothing
//! needs to say that the source port is another one. And two rules that do the same, one for a value and one
//! for all others, are one rule for any value.
//!
//! Sound because both rules do the same and the first takes each of its packets for good: what comes to the
//! second one has failed a test of the first. Where all others of these tests stand in the second rule too, the
//! packets that match it fail the one that is left, and the opposite need not be asked. Only fields that every
//! packet has, with the protocol that the rule asks for, have an opposite.

use super::commute::{do_the_same, is_pure, takes_for_good};
use super::features::Features;
use super::known::Known;
use super::{Options, Report, chains};
use crate::ir::{Rule, Step, Table, Test};
use crate::packet::{CtKey, Field, IntervalSet, L4};
use crate::parallel;

/// Looks at the neighbours in every chain.
pub fn run(table: &mut Table, known: &mut Known, _: &Options, report: &mut Report) {
    for at in chains::which(table, known, Features::NONE, |chain| needs_look(&chain.rules)) {
        let chain = &mut table.chains[at];
        let mut out: Vec<Rule> = Vec::with_capacity(chain.rules.len());
        for mut rule in std::mem::take(&mut chain.rules) {
            let found = out.last().and_then(|first| Some((first, needless(first, &rule)?)));
            let Some((first, (ours, theirs))) = found else {
                out.push(rule);
                continue;
            };
            let whole = first.steps.len() == rule.steps.len();
            match out.last_mut().filter(|_| whole) {
                Some(first) => {
                    relax(first, ours);
                    first.origin.absorb(&rule.origin);
                    first.absorb_remarks(&mut rule);
                    report.merged(&chain.name, first.origin.lines(), || BOTH.into());
                }
                None => {
                    relax(&mut rule, theirs);
                    report.merged(&chain.name, rule.origin.lines(), || FAILED.into());
                    out.push(rule);
                }
            }
        }
        chain.rules = out;
    }
}

const BOTH: &str =
    "the two rules do the same, one for some values and one for all others: nothing asks for them any more";
const FAILED: &str =
    "the rule before does the same and takes the packets with the opposite value: nothing asks for it again";

/// Most chains have no two neighbours of which one asks for the opposite of the other.
fn needs_look(rules: &[Rule]) -> bool {
    let is_needless = |at: usize| needless(&rules[at], &rules[at + 1]).is_some();
    parallel::pieces(rules.len().saturating_sub(1), |mut pairs| pairs.any(is_needless)).contains(&true)
}

/// The steps of two neighbours that are opposites of which the second one is needless.
fn needless(first: &Rule, second: &Rule) -> Option<(usize, usize)> {
    if !takes_for_good(first) || !do_the_same(first, second) {
        return None;
    }
    let (ours, theirs) = opposites(first, second)?;
    let missing = || first.steps.iter().filter(|step| matches!(step, Step::Test(_)) && !second.steps.contains(step));
    let stand = missing().nth(1).is_none() && missing().all(|step| first.steps.get(ours) == Some(step));
    (stand && is_pure(first) && is_pure(second) && first.origin.source() == second.origin.source())
        .then_some((ours, theirs))
}

fn opposites(first: &Rule, second: &Rule) -> Option<(usize, usize)> {
    let mut pairs = first.steps.iter().map_while(Step::as_test).enumerate();
    pairs.find_map(|(ours, one)| {
        let theirs = second.steps.iter().map_while(Step::as_test).position(|other| are_opposite(one, other))?;
        Some((ours, theirs))
    })
}

/// Every packet that has what the tests read passes exactly one of them.
fn are_opposite(a: &Test, b: &Test) -> bool {
    match (a, b) {
        (Test::In { field, set }, Test::In { field: other, set: outside }) => {
            field == other && is_always_there(*field) && !set.is_empty() && set.is_complement(outside, field.width())
        }
        (Test::Named { field, names, negated }, Test::Named { field: other, names: others, negated: negated_too }) => {
            field == other && is_always_there(*field) && negated != negated_too && names == others
        }
        _ => false,
    }
}

const fn is_always_there(field: Field) -> bool {
    match field {
        Field::Sport(l4) | Field::Dport(l4) => !matches!(l4, L4::Th),
        Field::Iifname | Field::Oifname | Field::IpSaddr | Field::IpDaddr | Field::Ip6Saddr | Field::Ip6Daddr => true,
        Field::Mark | Field::Ct(CtKey::State) => true,
        _ => false,
    }
}

/// Takes the test away; that there is a header must still be asked where nothing else asks for one behind it.
fn relax(rule: &mut Rule, at: usize) {
    let Some(Step::Test(Test::In { field, .. })) = rule.steps.get(at) else {
        rule.steps.remove(at);
        return;
    };
    let field = *field;
    let asked =
        |step: &Step| matches!(step, Step::Test(t) if t.fields().iter().any(|f| f.protocol() == field.protocol()));
    let behind = matches!(field, Field::Sport(_)) && rule.steps.iter().enumerate().any(|(n, s)| n != at && asked(s));
    match (field.protocol(), rule.steps.get_mut(at)) {
        (Some(_), Some(step)) if !behind => *step = Test::In { field, set: IntervalSet::full(field.width()) }.into(),
        _ => _ = rule.steps.remove(at),
    }
}
