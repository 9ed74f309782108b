//! `--dport 22 -j A`, `--dport 80 -j B` become `tcp dport vmap { 22 : jump A, 80 : jump B }`; so with
//! interfaces, addresses and several fields at once.
//!
//! Sound as [`mapping`] says. A map holds accept, drop, return, jump and goto, nothing else.

use super::features::Features;
use super::known::Known;
use super::mapping::{self, Data, Deed, Kind};
use super::{Options, Report};
use crate::ir::{Rule, Table, Verdict};

/// Makes the verdict maps of every chain.
pub fn run(table: &mut Table, known: &mut Known, options: &Options, report: &mut Report) {
    if mapping::run(table, known, options, report, reading, Features::NONE, why) {
        known.forget();
    }
}

fn why(rules: usize) -> String {
    format!("the {rules} rules test the same fields and go different ways: one map looks the way up")
}

fn reading(rule: &Rule) -> Option<Deed> {
    let data = match rule.verdict {
        Verdict::Accept | Verdict::Drop | Verdict::Return | Verdict::Jump(_) | Verdict::Goto(_) => {
            Data::Verdict(rule.verdict.clone())
        }
        _ => return None,
    };
    let only_decides = rule.statements().next().is_none();
    only_decides.then(|| Deed { kind: Kind::Verdict, data, is_final: rule.verdict.is_terminal() })
}
