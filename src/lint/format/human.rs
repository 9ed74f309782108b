//! For people: the line with a caret, the other rules involved, why, and what to do.
//!
//! What is said word for word of several lines of a file is said once, with the numbers of the others. Other formats,
//! which tools read, say it of each.

use rustc_hash::FxHashMap;

use crate::diag::{Diagnostic, Source, terminal};
use crate::lint::{Finding, Safety};

/// Runs of lines that are listed; of more, the number is told.
const LISTED: usize = 8;

/// All findings, an empty line between each two.
pub fn text(findings: &[Finding], sources: &[Source], colour: bool) -> String {
    let shown = together(findings, sources).into_iter().map(|(mut said, others)| {
        if !others.is_empty() {
            said.notes.push(also(&others));
        }
        terminal::render(&said, sources, colour)
    });
    shown.collect::<Vec<_>>().join("\n")
}

/// Each thing that is said, where it is said first, and the other lines of that file that it is said of.
fn together(findings: &[Finding], sources: &[Source]) -> Vec<(Diagnostic, Vec<u32>)> {
    let mut shown: Vec<(Diagnostic, Vec<u32>)> = Vec::new();
    let mut known: FxHashMap<(u16, String), Vec<usize>> = FxHashMap::default();
    for finding in findings {
        let said = said(finding);
        let alike = known.entry((finding.place.source, said.message.clone())).or_default();
        let first = alike.iter().copied().find(|&at| shown.get(at).is_some_and(|(other, _)| same(other, &said)));
        let line = sources.get(finding.place.source as usize).map(|source| source.line(finding.place.span.start));
        match first.and_then(|at| shown.get_mut(at)).zip(line) {
            Some(((_, others), line)) => others.push(line),
            None => {
                alike.push(shown.len());
                shown.push((said, Vec::new()));
            }
        }
    }
    shown
}

/// What is said of the finding, with how to mend it.
fn said(finding: &Finding) -> Diagnostic {
    let mut said = finding.said.clone();
    if let Some(fix) = &finding.fix {
        let how = if fix.safety == Safety::Safe { "--fix" } else { "--fix --unsafe" };
        said.help.push(format!("`{how}` {}", fix.title));
    }
    said
}

/// Whether two say the same, of whatever line.
fn same(a: &Diagnostic, b: &Diagnostic) -> bool {
    (a.code, &a.message, &a.label, &a.related, &a.notes, &a.help)
        == (b.code, &b.message, &b.label, &b.related, &b.notes, &b.help)
}

/// `the same of 4 more lines: 7-9, 12`.
fn also(lines: &[u32]) -> String {
    let runs: Vec<String> = lines
        .chunk_by(|a, b| a + 1 == *b)
        .filter_map(|run| match run {
            [only] => Some(only.to_string()),
            [first, .., last] => Some(format!("{first}-{last}")),
            [] => None,
        })
        .collect();
    let listed = runs.iter().take(LISTED).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = if runs.len() > LISTED { " and so on" } else { "" };
    match lines.len() {
        1 => format!("the same of line {listed}"),
        n => format!("the same of {n} more lines: {listed}{more}"),
    }
}

#[cfg(test)]
mod tests {
    use crate::diag::Source;
    use crate::lint::config::Config;
    use crate::lint::{self, Options};

    #[test]
    fn what_is_said_of_several_lines_is_said_once() {
        let rule = |port| format!("-A INPUT -p tcp --dport {port} -m state --state NEW -j ACCEPT\n");
        let rules: String = [22, 80, 443].map(rule).concat();
        let dump = format!("*filter\n:INPUT DROP [0:0]\n{rules}-A INPUT -i lo -j ACCEPT\n{}COMMIT\n", rule(25));
        let sources = [Source::new(0, "rules.v4", dump.into()).unwrap()];
        let report = lint::lint(&sources, &Options::default(), &Config::default());
        let text = super::text(&report.findings, &sources, false);
        assert_eq!(text.matches("IPT302").count(), 1, "{text}");
        assert!(text.contains("the same of 3 more lines: 4-5, 7"), "{text}");
        assert!(report.findings.iter().filter(|finding| finding.lint.code == "IPT302").count() == 4);
    }
}
