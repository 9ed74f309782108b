//! What the lints say of a dump, and which software made its chains.

use bstr::ByteSlice;
use indexmap::IndexMap;
use serde::Serialize;

use crate::diag::{Severity, Source, printable};
use crate::lint::config::Config;
use crate::lint::{self, Finding};
use crate::packet::Family;
use crate::save::ast::Dump;
use crate::save::ipset::Ipsets;
use crate::save::owners::{Shape, owner};

/// Findings, counted and listed.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Findings {
    pub errors: usize,
    pub warnings: usize,
    pub notes: usize,
    pub list: Vec<Noted>,
}

/// One finding.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Noted {
    /// What `ipt2nft explain` takes.
    pub code: &'static str,
    pub severity: Severity,
    pub line: u32,
    pub message: String,
    pub help: Vec<String>,
}

/// Chains that other software makes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Owned {
    pub software: &'static str,
    pub chains: Vec<String>,
    pub advice: &'static str,
}

/// Asks all lints about one dump.
pub fn findings(source: &Source, family: Option<Family>, ipsets: &Ipsets) -> Findings {
    let options = lint::Options { family, ipsets: ipsets.clone(), ..lint::Options::default() };
    let report = lint::lint(std::slice::from_ref(source), &options, &Config::default());
    let count = |severity| report.findings.iter().filter(|f| f.severity() == severity).count();
    Findings {
        errors: count(Severity::Error),
        warnings: count(Severity::Warning),
        notes: count(Severity::Note),
        list: report.findings.iter().map(|finding| noted(finding, source)).collect(),
    }
}

fn noted(finding: &Finding, source: &Source) -> Noted {
    Noted {
        code: finding.lint.code,
        severity: finding.severity(),
        line: source.line(finding.place.span.start),
        message: finding.said.message.clone(),
        help: finding.said.help.clone(),
    }
}

/// The software behind the chains of a dump, in the order of the dump.
pub fn owned(dump: &Dump) -> Vec<Owned> {
    let mut found: IndexMap<&'static str, Owned> = IndexMap::new();
    for table in dump.documents.iter().flat_map(|document| &document.tables) {
        let shape = Shape::of(table);
        for chain in table.chains().filter(|chain| table.kind.hook(&chain.name).is_none()) {
            let Some(owner) = owner(chain.name.as_bstr(), &shape) else { continue };
            let new = || Owned { software: owner.name, chains: Vec::new(), advice: owner.advice };
            let chains = &mut found.entry(owner.name).or_insert_with(new).chains;
            let name = printable(&chain.name);
            if !chains.contains(&name) {
                chains.push(name);
            }
        }
    }
    found.into_values().collect()
}
