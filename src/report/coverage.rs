//! What every option of every extension becomes: the table of `docs/coverage.md` and of
//! `ipt2nft coverage`.
//!
//! Invariant: the table is made from the registry alone, so it cannot say more than the code does.

use std::fmt::Write;

use crate::save::ext::{Coverage, Extension, Families, Grade, registry};

/// How many options there are of each grade: exact, approximate, refused.
pub fn counts() -> [usize; 3] {
    let mut counts = [0; 3];
    for row in all().flat_map(|(_, e)| e.coverage) {
        counts[row.grade as usize] += 1;
    }
    counts
}

/// The extensions of this name, or all, as Markdown.
pub fn markdown(name: Option<&str>) -> String {
    let mut out = String::new();
    for (what, extension) in all().filter(|(_, e)| name.is_none_or(|n| e.name == n || e.aliases.contains(&n))) {
        section(what, extension, &mut out);
    }
    elsewhere(name, &mut out);
    out
}

/// Modules that are known by name and refused as a whole.
fn elsewhere(name: Option<&str>, out: &mut String) {
    let mut rows = registry::elsewhere().filter(|(known, ..)| name.is_none_or(|n| n == *known)).peekable();
    if rows.peek().is_none() {
        return;
    }
    out.push_str("## Refused as a whole, by name\n\n| module | why | what to do |\n|---|---|---|\n");
    for (module, reason, advice) in rows {
        let _ = writeln!(out, "| `{module}` | {} | {} |", cell(reason), cell(advice));
    }
    out.push('\n');
}

fn all() -> impl Iterator<Item = (&'static str, &'static Extension)> {
    let standard = std::iter::once(("every rule", registry::standard()));
    let matches = registry::MATCHES.iter().map(|e| ("match", *e));
    standard.chain(matches).chain(registry::TARGETS.iter().map(|e| ("target", *e)))
}

fn section(what: &str, extension: &Extension, out: &mut String) {
    let families = match extension.families {
        Families::Both => "",
        Families::Ip => ", IPv4 only",
        Families::Ip6 => ", IPv6 only",
    };
    let _ = writeln!(out, "## {} ({what}{families})\n", extension.name);
    out.push_str("| option | translation | example | note |\n|---|---|---|---|\n");
    for row in extension.coverage {
        let option = if row.option.is_empty() { String::from("(no option)") } else { format!("`{}`", row.option) };
        let _ = writeln!(out, "| {option} | {} | `{}` | {} |", grade(row), cell(row.example), cell(row.note));
    }
    out.push('\n');
}

const fn grade(row: &Coverage) -> &'static str {
    match row.grade {
        Grade::Exact => "exact",
        Grade::Approximate => "approximate, on request",
        Grade::Refused => "refused",
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
