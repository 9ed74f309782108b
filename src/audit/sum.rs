//! What dumps come to together.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Host, How, Verdict};

/// Totals over all dumps.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Sum {
    pub dumps: usize,
    pub ready: usize,
    pub ready_with_changes: usize,
    pub blocked: usize,
    pub rules: usize,
    pub exact: usize,
    pub approximate: usize,
    pub refused: usize,
    /// Of the dumps that translate: their rules before and after.
    pub translated_rules: usize,
    pub rules_after: usize,
    /// Findings of the lints.
    pub errors: usize,
    pub warnings: usize,
    pub notes: usize,
    /// Software that makes chains, and in how many dumps.
    pub owners: Vec<(&'static str, usize)>,
    /// What stands in the way, most frequent first.
    pub reasons: Vec<Reason>,
    /// For each distribution, how many dumps it loads as far as any does.
    pub targets: Vec<(&'static str, usize)>,
}

/// One kind of obstacle.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Reason {
    pub how: How,
    pub code: &'static str,
    /// The words of the first such diagnostic.
    pub example: String,
    pub lines: usize,
    pub dumps: usize,
}

/// Adds the dumps up.
pub fn sum(hosts: &[Host]) -> Sum {
    let verdicts = |verdict| hosts.iter().filter(|h| h.verdict == verdict).count();
    let translated = || hosts.iter().filter_map(|h| h.rules_after.map(|after| (h.rules, after)));
    Sum {
        dumps: hosts.len(),
        ready: verdicts(Verdict::Ready),
        ready_with_changes: verdicts(Verdict::ReadyWithChanges),
        blocked: verdicts(Verdict::Blocked),
        rules: hosts.iter().map(|h| h.rules).sum(),
        exact: hosts.iter().map(|h| h.exact).sum(),
        approximate: hosts.iter().map(|h| h.approximate).sum(),
        refused: hosts.iter().map(|h| h.refused).sum(),
        translated_rules: translated().map(|(before, _)| before).sum(),
        rules_after: translated().map(|(_, after)| after).sum(),
        errors: hosts.iter().map(|h| h.findings.errors).sum(),
        warnings: hosts.iter().map(|h| h.findings.warnings).sum(),
        notes: hosts.iter().map(|h| h.findings.notes).sum(),
        owners: owners(hosts),
        reasons: reasons(hosts),
        targets: targets(hosts),
    }
}

fn reasons(hosts: &[Host]) -> Vec<Reason> {
    let mut all: BTreeMap<(How, &'static str), Reason> = BTreeMap::new();
    for host in hosts {
        let mut here: Vec<(How, &'static str)> = Vec::new();
        for obstacle in &host.obstacles {
            let key = (obstacle.how, obstacle.code);
            let new = || Reason { how: key.0, code: key.1, example: obstacle.why.clone(), lines: 0, dumps: 0 };
            all.entry(key).or_insert_with(new).lines += 1;
            here.push(key);
        }
        here.sort_unstable();
        here.dedup();
        here.iter().filter_map(|key| all.get_mut(key).map(|r| r.dumps += 1)).for_each(drop);
    }
    let mut out: Vec<Reason> = all.into_values().collect();
    out.sort_by_key(|r| std::cmp::Reverse((r.dumps, r.lines)));
    out
}

fn owners(hosts: &[Host]) -> Vec<(&'static str, usize)> {
    let mut all: BTreeMap<&'static str, usize> = BTreeMap::new();
    for owned in hosts.iter().flat_map(|h| &h.owners) {
        *all.entry(owned.software).or_default() += 1;
    }
    all.into_iter().collect()
}

fn targets(hosts: &[Host]) -> Vec<(&'static str, usize)> {
    let names = hosts.first().map(|h| h.targets.iter().map(|t| t.name)).into_iter().flatten();
    names.enumerate().map(|(at, name)| (name, hosts.iter().filter(|h| loads(h, at)).count())).collect()
}

fn loads(host: &Host, target: usize) -> bool {
    host.targets.get(target).is_some_and(|t| t.refused == 0)
}
