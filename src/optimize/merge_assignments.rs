//! `-s A -j MARK --set-mark 1`, `-s B -j MARK --set-mark 2` become
//! `meta mark set ip saddr map { A : 1, B : 2 }`; so with connection marks and priorities.
//!
//! Sound as [`mapping`] says. A value under a mask depends on what was there, and stays a rule of its
//! own; DSCP does too, for no nft sets it from a map.

use super::features::Features;
use super::known::Known;
use super::mapping::{self, Data, Deed, Kind, tests_first};
use super::{Options, Report};
use crate::ir::{Assigned, Rule, Statement, Table, Verdict};
use crate::packet::{CtKey, Field};

/// Makes the maps of values of every chain.
pub fn run(table: &mut Table, known: &mut Known, options: &Options, report: &mut Report) {
    // What was found out of the table stays true: its chains call and change what they did.
    mapping::run(table, known, options, report, reading, Features::STATEMENTS, why);
}

fn why(rules: usize) -> String {
    format!("the {rules} rules test the same fields and set different values: one map looks the value up")
}

fn reading(rule: &Rule) -> Option<Deed> {
    let mut statements = rule.statements();
    let (Some(Statement::Assign { field, value: Assigned::Constant(value) }), None) =
        (statements.next(), statements.next())
    else {
        return None;
    };
    let verdict = match rule.verdict {
        Verdict::Continue | Verdict::Accept | Verdict::Drop | Verdict::Return => rule.verdict.clone(),
        _ => return None,
    };
    let settable = matches!(field, Field::Mark | Field::Ct(CtKey::Mark) | Field::Priority);
    let deed = Deed {
        is_final: verdict.is_terminal(),
        kind: Kind::Assign { field: *field, verdict },
        data: Data::Number(*value),
    };
    (settable && tests_first(rule)).then_some(deed)
}
