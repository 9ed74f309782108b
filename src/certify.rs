//! The proof of a translation: the dumps compared with the text that would be printed.
//!
//! Invariant: what is proved is the printed text as the independent reader understands it, not the tree it
//! was printed from; and the dumps are read anew, so that no step of the translation can have touched them.

use std::time::Duration;

use thiserror::Error;

use crate::diag::Source;
use crate::nft;
use crate::packet::Family;
use crate::prove::compare::{self, Report};
use crate::prove::known::{self, Known};
use crate::prove::nft_meaning::NftRules;
use crate::prove::save_meaning::WithSets;
use crate::save::ipset::Ipsets;
use crate::save::{self, ast::Dump};

/// What the prover found, and the known difference that it left out.
#[derive(Debug)]
pub struct Certificate {
    pub report: Report,
    pub known: Option<Known>,
}

/// There is nothing to prove.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum Unprovable {
    #[error("the output cannot be read back: this is a bug")]
    Read,
}

/// Proves that `text` is a translation of the dumps, whose family is `family` if the user said so, and whose sets hold what
/// `ipsets` says; a family that
/// takes longer than `time` stays undecided.
///
/// # Errors
/// When the text cannot be read back.
pub fn certify(
    sources: &[Source],
    family: Option<Family>,
    ipsets: &Ipsets,
    text: &[u8],
    time: Option<Duration>,
) -> Result<Certificate, Unprovable> {
    certify_where(sources, family, ipsets, text, &compare::Options { time, ..compare::Options::default() })
}

/// The same, with what the comparison may take for granted; its families are those of the dumps.
///
/// # Errors
/// When the text cannot be read back.
pub fn certify_where(
    sources: &[Source],
    family: Option<Family>,
    ipsets: &Ipsets,
    text: &[u8],
    options: &compare::Options,
) -> Result<Certificate, Unprovable> {
    let parse = || sources.iter().flat_map(|source| save::parse(source, family).dump.documents).collect::<Vec<_>>();
    let (documents, resolved) = std::thread::scope(|scope| {
        let reader = std::thread::Builder::new().spawn_scoped(scope, parse);
        let resolved = nft::read::read("the output", text).and_then(nft::read::resolve);
        // No thread to be had: one after the other.
        let documents = reader.map_or_else(|_| Ok(parse()), |reader| reader.join());
        (documents.map_err(|_| Unprovable::Read), resolved.map_err(|_| Unprovable::Read))
    });
    let (dump, resolved) = (Dump { documents: documents? }, resolved?);
    let rules = NftRules { tables: &resolved.tables, unknown: &resolved.unknown };
    let families = dump.documents.iter().map(|d| d.family).collect();
    let options = compare::Options { families, ..options.clone() };
    let mut report = compare::compare(&WithSets { dump: &dump, ipsets }, &rules, &options);
    let known = known::excuse(&mut report, Known::MssAdded).then_some(Known::MssAdded);
    Ok(Certificate { report, known })
}
