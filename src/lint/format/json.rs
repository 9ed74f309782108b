//! For programs: one object, versioned. Fields are added without a new version, never changed or taken out.

use serde::Serialize;

use super::region;
use crate::diag::{Place, Severity, Source};
use crate::lint::{Finding, Safety};

/// Of the form, not of the program.
pub const VERSION: u32 = 1;

#[derive(Serialize)]
struct Output<'a> {
    version: u32,
    findings: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    code: &'static str,
    name: &'static str,
    severity: Severity,
    #[serde(flatten)]
    place: Option<At<'a>>,
    message: &'a str,
    label: &'a str,
    notes: &'a [String],
    help: &'a [String],
    related: Vec<Related<'a>>,
    fix: Option<How<'a>>,
}

#[derive(Serialize)]
struct At<'a> {
    file: &'a str,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
}

#[derive(Serialize)]
struct Related<'a> {
    #[serde(flatten)]
    place: Option<At<'a>>,
    message: &'a str,
}

#[derive(Serialize)]
struct How<'a> {
    title: &'a str,
    safe: bool,
}

/// The findings as JSON text that ends in a line break.
///
/// # Errors
/// Never, as far as known: all of it can be written as JSON.
pub fn text(findings: &[Finding], sources: &[Source]) -> serde_json::Result<String> {
    let findings = findings.iter().map(|finding| entry(finding, sources)).collect();
    Ok(serde_json::to_string_pretty(&Output { version: VERSION, findings })? + "\n")
}

fn entry<'a>(finding: &'a Finding, sources: &'a [Source]) -> Entry<'a> {
    let related = finding.said.related.iter();
    Entry {
        code: finding.lint.code,
        name: finding.lint.name,
        severity: finding.severity(),
        place: at(finding.place, sources),
        message: &finding.said.message,
        label: &finding.said.label,
        notes: &finding.said.notes,
        help: &finding.said.help,
        related: related.map(|(place, message)| Related { place: at(*place, sources), message }).collect(),
        fix: finding.fix.as_ref().map(|fix| How { title: &fix.title, safe: fix.safety == Safety::Safe }),
    }
}

fn at(place: Place, sources: &[Source]) -> Option<At<'_>> {
    let region = region(place, sources)?;
    let super::Region { file, line, column, end_line, end_column } = region;
    Some(At { file, line, column, end_line, end_column })
}
