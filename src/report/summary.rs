//! The lines on standard error behind a translation.

use std::fmt::Write;

use crate::diag::Source;
use crate::nft::ast::TableName;
use crate::prove::compare::{Answer, Report};
use crate::prove::known::Known;
use crate::translate::Translation;

/// What of the user's choices the summary speaks of.
#[derive(Clone, Copy, Debug, Default)]
pub struct Chosen {
    /// `--assume reassembled`
    pub reassembled: bool,
    /// `--table-prefix`
    pub prefixed: bool,
    /// Gaps were allowed, and there are some.
    pub partial: bool,
    /// A known difference that the proof left out.
    pub known: Option<Known>,
}

/// Counts, renamed chains, assumptions, and which tables the file replaces.
pub fn text(translation: &Translation, sources: &[Source], chosen: &Chosen, proof: Option<&Report>) -> String {
    let mut out = String::new();
    let counts = &translation.counts;
    let said = match proof.map(Report::answer) {
        Some(Answer::Equivalent) => "proved equivalent: ",
        Some(Answer::Undecided) => "NOT PROVED: ",
        Some(Answer::Different) => "APPROXIMATE, differences above: ",
        None => "",
    };
    let _ = writeln!(
        out,
        "ipt2nft: {said}{}, {} -> {}",
        count(counts.base_chains, "base chain"),
        count(counts.rules, "rule"),
        grouped(counts.rules_after)
    );
    if let Some(report) = proof.filter(|r| r.answer() == Answer::Undecided) {
        for line in
            super::proof::text(report, super::proof::Sides { old: "dump", new: "output", rule: &|_, _, _| None })
                .lines()
        {
            let _ = writeln!(out, "ipt2nft:   {line}");
        }
    }
    for renamed in &translation.renamed {
        let from = crate::diag::quote(&renamed.from);
        let _ = writeln!(
            out,
            "ipt2nft: chain {from} of table {} is called {}, since nft takes no such name",
            renamed.table, renamed.to
        );
    }
    for pruned in &translation.pruned {
        let name = sources.get(pruned.source as usize).map_or("", |source| &source.name);
        let what = if pruned.rule { "rule" } else { "chain" };
        let _ = writeln!(out, "ipt2nft: {name}:{}: {what} taken out: {}", pruned.line, pruned.why);
    }
    if chosen.reassembled {
        out.push_str("ipt2nft: assumed: fragments are put together before any rule sees them\n");
    }
    if let Some(known) = chosen.known {
        let _ = writeln!(out, "ipt2nft: but for a known difference: {}", known.explain());
    }
    if chosen.partial {
        out.push_str("ipt2nft: INCOMPLETE: look for `NOT TRANSLATED` in the output\n");
    }
    if !chosen.prefixed {
        let name = |t: &TableName| format!("table {} {}", t.family.name(), t.name);
        let tables: Vec<String> = translation.tables.iter().map(name).collect();
        let _ = writeln!(
            out,
            "ipt2nft: loading this replaces {}; if iptables-nft, Docker or libvirt own tables of these names, use --table-prefix",
            tables.join(", ")
        );
    }
    out
}

/// `1 rule`, `12,500 rules`
pub fn count(n: usize, what: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{} {what}{plural}", grouped(n))
}

/// `12,500`
pub fn grouped(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_read_well() {
        assert_eq!(count(1, "rule"), "1 rule");
        assert_eq!(count(0, "rule"), "0 rules");
        assert_eq!(count(12500, "rule"), "12,500 rules");
        assert_eq!(count(113_008, "rule"), "113,008 rules");
    }
}
