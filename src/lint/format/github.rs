//! Workflow commands of GitHub Actions: one line per finding, shown beside the changed lines of a pull request.

use super::{prose, region};
use crate::diag::{Severity, Source};
use crate::lint::Finding;

/// One line for each finding.
pub fn text(findings: &[Finding], sources: &[Source]) -> String {
    findings.iter().map(|finding| line(finding, sources)).collect()
}

fn line(finding: &Finding, sources: &[Source]) -> String {
    let command = match finding.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let place = region(finding.place, sources).map_or_else(String::new, |region| {
        let file = property(region.file);
        let columns = if region.line == region.end_line {
            format!(",col={},endColumn={}", region.column, region.end_column)
        } else {
            String::new()
        };
        format!("file={file},line={},endLine={}{columns},", region.line, region.end_line)
    });
    let title = property(&format!("{} {}", finding.lint.code, finding.lint.name));
    format!("::{command} {place}title={title}::{}\n", data(&prose(finding)))
}

/// What a line break would end is written as numbers.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::{data, property};

    #[test]
    fn nothing_in_a_name_ends_the_command() {
        assert_eq!(property("a,b:c%\n::error::x"), "a%2Cb%3Ac%25%0A%3A%3Aerror%3A%3Ax");
        assert_eq!(data("50%\r\n"), "50%25%0D%0A");
    }
}
