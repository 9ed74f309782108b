//! One side of a comparison: a dump or an nft file, told apart by what is in it.

use std::path::Path;

use anyhow::{Context, Result, bail};
use bstr::ByteSlice;
use clap::ValueEnum;

use super::{input, output};
use crate::diag::Source;
use crate::nft::ast::{Entry, Opaque, Table};
use crate::nft::read;
use crate::packet::Family;
use crate::prove::Ruleset;
use crate::prove::nft_meaning::NftRules;
use crate::prove::save_meaning::WithSets;
use crate::report::rules::rule_text;
use crate::save::ipset::Ipsets;
use crate::save::{self, ast::Dump};

use super::args::MessageArgs;

/// What a text is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Format {
    /// Output of iptables-save
    Dump,
    /// An nft file, or the output of `nft list ruleset`
    Nft,
}

/// A side that was read, with its texts.
#[derive(Debug)]
pub struct Loaded {
    pub side: Side,
    /// Each text, and the families whose rules are in it.
    texts: Vec<(Source, Vec<Family>)>,
    /// Files were included, so a line does not tell where a rule is.
    included: bool,
}

impl Loaded {
    /// The rule of a family that begins on this line; `None` where that cannot be told.
    pub fn rule(&self, family: Family, line: u32) -> Option<String> {
        let of_family = |(_, families): &&(Source, Vec<Family>)| families.contains(&family);
        let (source, _) = self.texts.iter().find(of_family).filter(|_| !self.included)?;
        Some(rule_text(source, line)).filter(|text| !text.is_empty())
    }

    /// How many rules there are.
    pub fn rules(&self) -> usize {
        match &self.side {
            Side::Dump(dump) => dump.documents.iter().flat_map(|d| &d.tables).map(|t| t.rules().count()).sum(),
            Side::Nft { tables, .. } => tables
                .iter()
                .flat_map(|table| &table.entries)
                .map(|entry| if let Entry::Chain(chain) = entry { chain.rules.len() } else { 0 })
                .sum(),
        }
    }
}

/// The rules of a side.
#[derive(Debug)]
pub enum Side {
    Dump(Dump),
    Nft { tables: Vec<Table>, unknown: Vec<Opaque> },
}

impl Side {
    /// What the prover compares, with what is in the sets that a dump names.
    pub fn rules<'a>(&'a self, ipsets: &'a Ipsets) -> Box<dyn Ruleset + Sync + 'a> {
        match self {
            Side::Dump(dump) => Box::new(WithSets { dump, ipsets }),
            Side::Nft { tables, unknown } => Box::new(NftRules { tables, unknown }),
        }
    }

    /// The families that a dump speaks of; an nft file speaks of both.
    pub fn families(&self) -> Vec<Family> {
        match self {
            Side::Dump(dump) => dump.documents.iter().map(|d| d.family).collect(),
            Side::Nft { .. } => vec![Family::Ip, Family::Ip6],
        }
    }
}

/// Reads the inputs of one side; several inputs are dumps of several families.
///
/// # Errors
/// Unreadable input; what is wrong has been told.
pub fn read(
    sources: &[Source],
    format: Option<Format>,
    family: Option<Family>,
    messages: &MessageArgs,
) -> Result<Loaded> {
    let formats: Vec<Format> = sources.iter().map(|s| format.unwrap_or_else(|| detect(s.text()))).collect();
    match (sources, formats.as_slice()) {
        ([only], [Format::Nft]) => nft(only),
        (all, formats) if formats.iter().all(|f| *f == Format::Dump) => dumps(all, family, messages),
        _ => bail!("several inputs on one side must all be dumps, of different families"),
    }
}

/// A dump has lines such as `*filter` and `COMMIT`; an nft file has neither.
pub fn detect(text: &[u8]) -> Format {
    let is_table = |line: &[u8]| {
        line.trim().strip_prefix(b"*").is_some_and(|name| name.iter().all(|b| b.is_ascii_lowercase() || *b == b' '))
    };
    if text.lines().any(|line| is_table(line) || line.trim() == b"COMMIT") { Format::Dump } else { Format::Nft }
}

fn dumps(sources: &[Source], family: Option<Family>, messages: &MessageArgs) -> Result<Loaded> {
    let mut all = Dump::default();
    let mut texts = Vec::new();
    for source in sources {
        let parsed = save::parse(source, family);
        let errors: Vec<_> = parsed.diagnostics.iter().filter(|d| d.is_error()).cloned().collect();
        if !errors.is_empty() {
            // Places name the source by its index among all inputs.
            let here: Vec<Source> = std::iter::repeat_n(source.clone(), usize::from(source.id) + 1).collect();
            output::tell(&errors, &here, messages);
            bail!("{} cannot be read", source.name);
        }
        texts.push((source.clone(), parsed.dump.documents.iter().map(|d| d.family).collect()));
        for document in parsed.dump.documents {
            if all.documents.iter().any(|d| d.family == document.family) {
                bail!("{}: two dumps for {}: one side has one dump per family", source.name, document.family.name());
            }
            all.documents.push(document);
        }
    }
    Ok(Loaded { side: Side::Dump(all), texts, included: false })
}

fn nft(source: &Source) -> Result<Loaded> {
    let included = std::cell::Cell::new(false);
    let fetch = |pattern: &str| {
        included.set(true);
        include(pattern)
    };
    let tree = read::read_with(&source.name, source.text(), &fetch).map_err(|errors| explain(&errors))?;
    let resolved = read::resolve(tree).map_err(|errors| explain(&errors))?;
    let side = Side::Nft { tables: resolved.tables, unknown: resolved.unknown };
    let texts = vec![(source.clone(), vec![Family::Ip, Family::Ip6])];
    Ok(Loaded { side, texts, included: included.get() })
}

fn explain(errors: &[read::ReadError]) -> anyhow::Error {
    let line = |e: &read::ReadError| {
        let help = e.help.as_ref().map_or_else(String::new, |h| format!(" ({h})"));
        format!("{}:{}:{}: {}{help}", e.source, e.line, e.column, e.message)
    };
    anyhow::anyhow!("{}", errors.iter().map(line).collect::<Vec<_>>().join("\n"))
}

/// The files that an `include` stands for, in the order nft takes them: sorted by name.
fn include(pattern: &str) -> std::io::Result<Vec<(String, Vec<u8>)>> {
    let path = Path::new(pattern);
    let Some((before, after)) = path.file_name().and_then(|n| n.to_str()).and_then(|n| n.split_once('*')) else {
        return Ok(vec![(pattern.to_owned(), std::fs::read(path)?)]);
    };
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        if name.len() >= before.len() + after.len()
            && name.starts_with(before)
            && name.ends_with(after)
            && path.is_file()
        {
            found.push((path.display().to_string(), std::fs::read(&path)?));
        }
    }
    found.sort();
    Ok(found)
}

/// The inputs of one side from their files.
pub fn sources(files: &[std::path::PathBuf]) -> Result<Vec<Source>> {
    input::sources(files).context("one side of the comparison")
}
