//! `ipt2nft.toml`, and baselines: what a project has decided not to hear about.
//!
//! Texts are handed in; looking for the files is the command's business. Every entry keeps its place, so
//! that one that is no longer needed can be pointed at.

use serde::Deserialize;
use toml::Spanned;

use super::finding::Finding;
use crate::diag::{Diagnostic, Place, Source, Span};

/// What is decided for all inputs.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// `[lint.allow]`
    pub allow: Vec<Entry>,
    /// `fail-on` of `[lint]`.
    pub fail_on: Option<String>,
    /// `target` of `[lint]`.
    pub target: Option<String>,
    /// `baseline` of `[lint]`: a path, as written.
    pub baseline: Option<String>,
    /// `[check]`: nft files, and the dumps they were made of.
    pub check: Vec<(String, Vec<String>)>,
    /// The findings of a baseline.
    pub known: Vec<Known>,
}

/// `IPT205 = "reason"`
#[derive(Clone, Debug)]
pub struct Entry {
    /// Code or name of a lint.
    pub word: String,
    pub reason: String,
    pub place: Place,
}

/// Findings that were there when the baseline was written.
#[derive(Clone, Debug)]
pub struct Known {
    pub code: String,
    /// The input's name.
    pub file: String,
    /// The text of the line, so that it may move.
    pub text: String,
    /// How many of them.
    pub count: usize,
    pub place: Place,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    lint: Section,
    #[serde(default)]
    check: std::collections::BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Section {
    #[serde(default)]
    allow: std::collections::BTreeMap<String, Spanned<String>>,
    fail_on: Option<String>,
    target: Option<String>,
    baseline: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Baseline {
    #[serde(default)]
    known: Vec<Spanned<KnownEntry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KnownEntry {
    code: String,
    file: String,
    text: String,
    #[serde(default = "one")]
    count: usize,
}

const fn one() -> usize {
    1
}

impl Config {
    /// Reads `ipt2nft.toml`.
    ///
    /// # Errors
    /// Where and why it is not understood.
    pub fn read(source: &Source) -> Result<Config, Box<Diagnostic>> {
        let file: File = parse(source)?;
        let lint = file.lint;
        let allow = lint.allow.into_iter().map(|(word, reason)| Entry {
            word,
            place: place(source, reason.span()),
            reason: reason.into_inner(),
        });
        Ok(Config {
            allow: allow.collect(),
            fail_on: lint.fail_on,
            target: lint.target,
            baseline: lint.baseline,
            check: file.check.into_iter().collect(),
            known: Vec::new(),
        })
    }

    /// Takes a baseline in.
    ///
    /// # Errors
    /// Where and why it is not understood.
    pub fn read_baseline(&mut self, source: &Source) -> Result<(), Box<Diagnostic>> {
        let file: Baseline = parse(source)?;
        self.known.extend(file.known.into_iter().map(|entry| {
            let place = place(source, entry.span());
            let KnownEntry { code, file, text, count } = entry.into_inner();
            Known { code, file, text, count, place }
        }));
        Ok(())
    }
}

/// A baseline of these findings, which [`Config::read_baseline`] reads.
pub fn baseline(findings: &[Finding], sources: &[Source]) -> String {
    let mut known: Vec<(String, String, &str, usize)> = Vec::new();
    for finding in findings {
        let Some(source) = sources.get(finding.place.source as usize) else { continue };
        let (file, text) = (source.name.clone(), line_text(source, finding.place.span));
        match known.iter_mut().find(|k| k.0 == file && k.1 == text && k.2 == finding.lint.code) {
            Some(same) => same.3 += 1,
            None => known.push((file, text, finding.lint.code, 1)),
        }
    }
    let mut out = String::from("# Findings that were there when `ipt2nft lint --write-baseline` was run.\n");
    for (file, text, code, count) in known {
        let lines = [("code", quoted(code)), ("file", quoted(&file)), ("text", quoted(&text))];
        out.push_str("\n[[known]]\n");
        lines.iter().for_each(|(key, value)| out.push_str(&format!("{key} = {value}\n")));
        if count > 1 {
            out.push_str(&format!("count = {count}\n"));
        }
    }
    out
}

/// The line that a finding is about, as a baseline knows it.
pub fn line_text(source: &Source, span: Span) -> String {
    let line = source.slice(source.line_span(source.line(span.start)));
    String::from_utf8_lossy(line).trim().to_owned()
}

/// A string as TOML and JSON both write it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}

fn parse<T: serde::de::DeserializeOwned>(source: &Source) -> Result<T, Box<Diagnostic>> {
    let text = std::str::from_utf8(source.text())
        .map_err(|_| Box::new(Diagnostic::unreadable("config", source.place(Span::default()), "this is not UTF-8")))?;
    toml::from_str(text).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        Box::new(Diagnostic::unreadable("config", place(source, span), error.message().replace('\n', " ")))
    })
}

fn place(source: &Source, span: std::ops::Range<usize>) -> Place {
    source.place(Span::new(span.start, span.end))
}
