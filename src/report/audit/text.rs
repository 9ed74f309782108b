//! The audit on a terminal: a line per dump, what stands in the way, and the sums.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use crate::audit::{Host, How, Proof, Sum, Verdict};
use crate::report::summary::{count, grouped};

/// All dumps, then the sums.
pub fn text(hosts: &[Host], sum: &Sum, colour: bool) -> String {
    let mut out = String::new();
    table(hosts, colour, &mut out);
    for host in hosts.iter().filter(|h| h.verdict != Verdict::Ready) {
        obstacles(host, &mut out);
    }
    sums(sum, &mut out);
    out
}

fn table(hosts: &[Host], colour: bool, out: &mut String) {
    let width = hosts.iter().map(|h| h.name.chars().count()).max().unwrap_or_default().clamp(4, 60);
    let _ = writeln!(
        out,
        "{:width$} {:>7} {:>7} {:>7} {:>7} {:>7} {:>8}  verdict",
        "dump", "rules", "exact", "approx", "refused", "nft", "findings"
    );
    for host in hosts {
        let after = host.rules_after.map_or_else(|| "-".to_owned(), grouped);
        let _ = writeln!(
            out,
            "{:width$} {:>7} {:>7} {:>7} {:>7} {after:>7} {:>8}  {}",
            host.name,
            grouped(host.rules),
            grouped(host.exact),
            grouped(host.approximate),
            grouped(host.refused),
            grouped(host.findings.list.len()),
            painted(host.verdict, colour)
        );
    }
}

fn painted(verdict: Verdict, colour: bool) -> String {
    let style: Style = match verdict {
        Verdict::Ready => AnsiColor::Green.on_default(),
        Verdict::ReadyWithChanges => AnsiColor::Yellow.on_default(),
        Verdict::Blocked => AnsiColor::Red.on_default(),
    };
    if colour { format!("{style}{}{style:#}", verdict.text()) } else { verdict.text().to_owned() }
}

fn obstacles(host: &Host, out: &mut String) {
    let _ = writeln!(out, "\n{}: {}", host.name, host.verdict.text());
    for obstacle in &host.obstacles {
        let _ = writeln!(out, "  line {}: {}: {}", obstacle.line, how(obstacle.how), obstacle.why);
    }
    if let Proof::Different(why) | Proof::Undecided(why) = &host.proof {
        let word = if matches!(host.proof, Proof::Different(_)) { "different" } else { "not proved" };
        let _ = writeln!(out, "  {word}:");
        why.lines().for_each(|line| {
            let _ = writeln!(out, "    {line}");
        });
    }
}

/// What becomes of an obstacle, as people read it.
pub const fn how(how: How) -> &'static str {
    match how {
        How::Approximate => "with --approximate only",
        How::NeedsIpset => "needs --ipset",
        How::Refused => "refused",
        How::Unreadable => "cannot be read",
    }
}

fn sums(sum: &Sum, out: &mut String) {
    let _ = writeln!(
        out,
        "\n{}: {} ready, {} ready with changes, {} blocked",
        count(sum.dumps, "dump"),
        grouped(sum.ready),
        grouped(sum.ready_with_changes),
        grouped(sum.blocked)
    );
    let _ = writeln!(
        out,
        "{}: {} exact, {} with --approximate, {} refused",
        count(sum.rules, "rule"),
        grouped(sum.exact),
        grouped(sum.approximate),
        grouped(sum.refused)
    );
    let _ = writeln!(
        out,
        "merging makes {} of {}",
        count(sum.rules_after, "nft rule"),
        count(sum.translated_rules, "rule")
    );
    for reason in &sum.reasons {
        let (lines, dumps) = (count(reason.lines, "line"), count(reason.dumps, "dump"));
        let _ = writeln!(out, "  {lines} in {dumps}: {}: {}", how(reason.how), reason.example);
    }
    let (errors, warnings) = (count(sum.errors, "error"), count(sum.warnings, "warning"));
    let _ =
        writeln!(out, "findings: {errors}, {warnings}, {}; `ipt2nft lint FILE` shows them", count(sum.notes, "note"));
    if !sum.owners.is_empty() {
        let owners: Vec<String> = sum.owners.iter().map(|(name, dumps)| format!("{name} {dumps}")).collect();
        let _ = writeln!(out, "dumps with chains of other software: {}", owners.join(", "));
    }
    let loads: Vec<String> = sum.targets.iter().map(|(name, dumps)| format!("{name} {dumps}")).collect();
    let _ = writeln!(out, "dumps that lose nothing by an older target: {}", loads.join(", "));
}
