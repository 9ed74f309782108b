//! For people: the line with a caret, the other rules involved, why, and what to do.

use crate::diag::{Source, terminal};
use crate::lint::{Finding, Safety};

/// All findings, an empty line between each two.
pub fn text(findings: &[Finding], sources: &[Source], colour: bool) -> String {
    let shown = findings.iter().map(|finding| {
        let mut diagnostic = finding.said.clone();
        if let Some(fix) = &finding.fix {
            let how = if fix.safety == Safety::Safe { "--fix" } else { "--fix --unsafe" };
            diagnostic.help.push(format!("`{how}` {}", fix.title));
        }
        terminal::render(&diagnostic, sources, colour)
    });
    shown.collect::<Vec<_>>().join("\n")
}
