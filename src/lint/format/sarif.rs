//! SARIF 2.1.0 (OASIS), for code scanning: one run, every lint described, findings as results.

use serde_json::{Value, json};

use super::{prose, region};
use crate::diag::{Place, Severity, Source};
use crate::lint::{Finding, Fix, Lint, registry};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The findings as SARIF text that ends in a line break.
///
/// # Errors
/// Never, as far as known: all of it can be written as JSON.
pub fn text(findings: &[Finding], sources: &[Source]) -> serde_json::Result<String> {
    let driver = json!({
        "name": "ipt2nft",
        "version": env!("CARGO_PKG_VERSION"),
        "rules": registry::LINTS.iter().map(|lint| rule(lint)).collect::<Vec<_>>(),
    });
    let run = json!({
        "tool": { "driver": driver },
        "columnKind": "unicodeCodePoints",
        "results": findings.iter().map(|finding| result(finding, sources)).collect::<Vec<_>>(),
    });
    Ok(serde_json::to_string_pretty(&json!({ "$schema": SCHEMA, "version": "2.1.0", "runs": [run] }))? + "\n")
}

fn rule(lint: &Lint) -> Value {
    json!({
        "id": lint.code,
        "name": lint.name,
        "shortDescription": { "text": lint.summary },
        "fullDescription": { "text": lint.summary },
        "help": { "text": lint.page, "markdown": lint.page },
        "defaultConfiguration": { "level": level(lint.severity) },
    })
}

fn result(finding: &Finding, sources: &[Source]) -> Value {
    let index = registry::LINTS.iter().position(|lint| lint.code == finding.lint.code).unwrap_or_default();
    let mut result = json!({
        "ruleId": finding.lint.code,
        "ruleIndex": index,
        "level": level(finding.severity()),
        "message": { "text": prose(finding) },
        "locations": location(finding.place, sources).into_iter().collect::<Vec<_>>(),
    });
    let related = finding.said.related.iter().filter_map(|(place, label)| {
        let mut location = location(*place, sources)?;
        location["message"] = json!({ "text": label });
        Some(location)
    });
    let related: Vec<Value> = related.collect();
    if !related.is_empty() {
        result["relatedLocations"] = Value::from(related);
    }
    if let Some(fix) = finding.fix.as_ref().and_then(|fix| changes(fix, finding.place, sources)) {
        result["fixes"] = json!([fix]);
    }
    result
}

fn location(place: Place, sources: &[Source]) -> Option<Value> {
    let region = region(place, sources)?;
    Some(json!({ "physicalLocation": {
        "artifactLocation": { "uri": uri(region.file) },
        "region": {
            "startLine": region.line,
            "startColumn": region.column,
            "endLine": region.end_line,
            "endColumn": region.end_column,
        },
    } }))
}

fn changes(fix: &Fix, place: Place, sources: &[Source]) -> Option<Value> {
    let source = sources.get(place.source as usize)?;
    let replacements = fix.edits.iter().map(|edit| {
        let ((line, column), (end_line, end_column)) =
            (source.line_column(edit.span.start), source.line_column(edit.span.end));
        json!({
            "deletedRegion": { "startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column },
            "insertedContent": { "text": edit.text.to_string() },
        })
    });
    let change = json!({
        "artifactLocation": { "uri": uri(&source.name) },
        "replacements": replacements.collect::<Vec<_>>(),
    });
    Some(json!({ "description": { "text": fix.title }, "artifactChanges": [change] }))
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// A path as a URI reference: every byte that could mean something there is written as its number.
fn uri(path: &str) -> String {
    let mut out = String::new();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(byte.into()),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
