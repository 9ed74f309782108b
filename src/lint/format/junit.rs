//! JUnit XML, for servers that know tests only: each input is a suite, each finding a failed test of it.

use super::{prose, region};
use crate::diag::{Severity, Source};
use crate::lint::Finding;

/// The findings as XML.
pub fn text(findings: &[Finding], sources: &[Source]) -> String {
    let suites: String = sources.iter().map(|source| suite(source, findings, sources)).collect();
    let failures = findings.len();
    let tests = failures + sources.iter().filter(|source| is_clean(source, findings)).count();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"ipt2nft lint\" tests=\"{tests}\" \
         failures=\"{failures}\" errors=\"0\">\n{suites}</testsuites>\n"
    )
}

fn is_clean(source: &Source, findings: &[Finding]) -> bool {
    !findings.iter().any(|finding| finding.place.source == source.id)
}

/// An input without findings is one test that passed.
fn suite(source: &Source, findings: &[Finding], sources: &[Source]) -> String {
    let own: Vec<&Finding> = findings.iter().filter(|finding| finding.place.source == source.id).collect();
    let name = escaped(&source.name);
    let cases = if own.is_empty() {
        format!("    <testcase classname=\"{name}\" name=\"no findings\"/>\n")
    } else {
        own.iter().map(|finding| case(finding, sources, &name)).collect()
    };
    let (tests, failures) = (own.len().max(1), own.len());
    format!(
        "  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"0\">\n{cases}  \
         </testsuite>\n"
    )
}

fn case(finding: &Finding, sources: &[Source], file: &str) -> String {
    let line = region(finding.place, sources).map_or(0, |region| region.line);
    let severity = match finding.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let (code, name) = (finding.lint.code, finding.lint.name);
    let (message, text) = (escaped(&finding.said.message), escaped(&prose(finding)));
    format!(
        "    <testcase classname=\"{file}\" name=\"{code} {name}, line {line}\" file=\"{file}\" line=\"{line}\">\n      \
         <failure type=\"{severity}\" message=\"{message}\">{file}:{line}: {text}</failure>\n    </testcase>\n"
    )
}

/// Text as XML 1.0 can hold it.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn text_stays_text() {
        assert_eq!(super::escaped("<a b=\"&\">\u{1b}"), "&lt;a b=&quot;&amp;&quot;&gt;\u{fffd}");
    }
}
