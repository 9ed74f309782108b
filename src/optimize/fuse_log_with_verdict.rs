//! `X -j LOG` and then `X -j DROP` become `X log ... drop`.
//!
//! Sound because the first rule goes on in any case, nothing it does can break the rule off or
//! change what the second rule tests, and both see the same packets.

use super::Report;
use crate::ir::{Rule, Step, Table, Test, Verdict};

/// Fuses neighbours in every chain.
pub fn run(table: &mut Table, report: &mut Report) {
    for chain in &mut table.chains {
        let mut out: Vec<Rule> = Vec::with_capacity(chain.rules.len());
        for rule in chain.rules.drain(..) {
            match out.last_mut() {
                Some(before) if can_fuse(before, &rule) => {
                    fuse(before, rule);
                    let why = "the first rule only acts and goes on, and both have the same tests".into();
                    report.merged(&chain.name, &before.origin.lines, why);
                }
                _ => out.push(rule),
            }
        }
        chain.rules = out;
    }
}

fn can_fuse(first: &Rule, second: &Rule) -> bool {
    first.verdict == Verdict::Continue
        && first.statements().next().is_some()
        && first.statements().all(|s| !s.may_break() && !s.is_stateful())
        && !first.is_stateful()
        && (second.verdict != Verdict::Continue || second.statements().next().is_some())
        && first.counters() == second.counters()
        && same_tests(first, second)
        && undisturbed(first, second)
}

/// The tests come first in both and are the same, in whatever order.
fn same_tests(first: &Rule, second: &Rule) -> bool {
    let leading = |r: &Rule| r.steps.iter().take_while(|s| matches!(s, Step::Test(_))).count();
    let count = leading(first);
    count == first.tests().count()
        && count == leading(second)
        && count == second.tests().count()
        && !second.tests().any(Test::is_stateful)
        && (first.tests().eq(second.tests()) || first.tests().all(|t| second.tests().any(|u| t == u)))
        && second.tests().all(|t| first.tests().any(|u| t == u))
}

/// Nothing the first rule changes is tested by the second.
fn undisturbed(first: &Rule, second: &Rule) -> bool {
    let changed: Vec<_> = first.statements().filter_map(|s| s.changes()).collect();
    !second.tests().any(|t| t.fields().iter().any(|f| changed.contains(f)))
}

/// `first` takes the statements and the verdict of `second` in.
fn fuse(first: &mut Rule, mut second: Rule) {
    first.steps.extend(second.steps.drain(..).filter(|s| matches!(s, Step::Do(_))));
    first.verdict = std::mem::replace(&mut second.verdict, Verdict::Continue);
    first.origin.absorb(&second.origin);
    first.absorb_remarks(second);
}
