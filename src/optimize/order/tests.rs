//! Which rules may move up past which.

use super::*;
use crate::ir::{Assigned, Origin, Rule, Statement, Step, Test, Verdict};
use crate::nft::ast::Log;
use crate::optimize::effects::ChainChanges;
use crate::packet::{Field, L4};

fn from(address: u128) -> Step {
    Test::is(Field::IpSaddr, address).into()
}

fn port(port: u128) -> Step {
    Test::is(Field::Dport(L4::Tcp), port).into()
}

fn mark(value: u128) -> Step {
    Statement::Assign { field: Field::Mark, value: Assigned::Constant(value) }.into()
}

fn rule(steps: &[Step], verdict: Verdict) -> Rule {
    Rule::new(steps.iter().cloned(), verdict, Origin::default())
}

/// Whether the last rule may join the place of the first.
fn moves(rules: &[Rule]) -> bool {
    let chains = ChainChanges::default();
    let facts = Facts::new(rules, &chains);
    let mut order = Order::new(&facts);
    for at in 0..rules.len() - 1 {
        order.append(at);
    }
    order.may_join(rules.len() - 1, 0)
}

#[test]
fn what_may_be_passed() {
    let (drop, accept) = (Verdict::Drop, Verdict::Accept);
    let log = || Step::from(Statement::Log(Log::default()));
    let gap = || {
        let mut gap = rule(&[], Verdict::Continue);
        gap.remarks_mut().notes.push("NOT TRANSLATED".into());
        gap
    };
    let counted = || {
        let mut counted = rule(&[from(9)], Verdict::Drop);
        counted.remarks_mut().counters = Some(crate::ir::Counters::default());
        counted
    };
    let last = || rule(&[from(3)], Verdict::Drop);
    let cases = [
        ("another address", rule(&[from(9)], accept.clone()), last(), true),
        ("the same address", rule(&[from(3)], accept.clone()), last(), false),
        ("a rule for all", rule(&[], accept.clone()), last(), false),
        ("the same verdict", rule(&[], drop.clone()), last(), true),
        ("another field", rule(&[port(80)], accept.clone()), last(), false),
        ("a log line of others", rule(&[from(9), log()], Verdict::Continue), last(), true),
        ("a log line", rule(&[port(80), log()], Verdict::Continue), last(), false),
        ("a gap", gap(), last(), false),
        ("a counter of others", counted(), last(), true),
        (
            "two marks",
            rule(&[port(80), mark(1)], Verdict::Continue),
            rule(&[from(3), mark(2)], Verdict::Continue),
            false,
        ),
        (
            "a test of what is changed",
            rule(&[Test::is(Field::Mark, 1).into(), mark(2)], Verdict::Continue),
            rule(&[Test::is(Field::Mark, 2).into()], Verdict::Drop),
            false,
        ),
    ];
    for (what, between, last, expected) in cases {
        assert_eq!(moves(&[rule(&[from(3), port(1)], Verdict::Accept), between, last]), expected, "{what}");
    }
}

/// The index and the rule-by-rule look agree where both know.
#[test]
fn far_and_near_agree() {
    let verdict = |n: u128| if n.is_multiple_of(2) { Verdict::Accept } else { Verdict::Return };
    let mut rules: Vec<Rule> = (0..200).map(|n| rule(&[from(n), port(n % 7)], verdict(n))).collect();
    rules.push(rule(&[from(500), port(3)], Verdict::Drop));
    assert!(moves(&rules));
    rules.push(rule(&[from(150), port(3)], Verdict::Drop));
    assert!(!moves(&rules));
    rules.truncate(201);
    rules[1] = rule(&[port(3)], Verdict::Return);
    assert!(!moves(&rules));
}

/// Where nearly all do the same, the others are looked at one by one.
#[test]
fn few_others() {
    let mut rules: Vec<Rule> = (0..200).map(|n| rule(&[from(n)], Verdict::Accept)).collect();
    rules[100] = rule(&[from(700)], Verdict::Drop);
    rules.push(rule(&[from(3)], Verdict::Accept));
    assert!(moves(&rules));
    rules[200] = rule(&[port(3)], Verdict::Accept);
    assert!(!moves(&rules));
    rules[200] = rule(&[from(800), port(3)], Verdict::Drop);
    assert!(moves(&rules));
    rules[200] = rule(&[from(150), port(3)], Verdict::Drop);
    assert!(!moves(&rules));
}
