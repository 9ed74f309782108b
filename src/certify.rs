//! The proof of a translation: the dumps compared with the text that would be printed.
//!
//! Invariant: what is proved is the printed text as the independent reader understands it, not the tree it
//! was printed from.

use std::time::Duration;

use thiserror::Error;

use crate::nft;
use crate::prove::compare::{self, Report};
use crate::prove::known::{self, Known};
use crate::prove::nft_meaning::NftRules;
use crate::prove::save_meaning::SaveRules;
use crate::save::ast::Dump;
use crate::translate::Translation;

/// What the prover found, and the known difference that it left out.
#[derive(Debug)]
pub struct Certificate {
    pub report: Report,
    pub known: Option<Known>,
}

/// There is no text to prove.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum Unprovable {
    #[error(transparent)]
    Print(#[from] nft::print::PrintError),
    #[error("the output cannot be read back: this is a bug")]
    Read,
}

/// Proves a translation; a family that takes longer than `time` stays undecided.
///
/// # Errors
/// When the translation cannot be printed or its text not be read back.
pub fn certify(translation: &Translation, time: Option<Duration>) -> Result<Certificate, Unprovable> {
    let text = nft::print::print(&translation.ruleset, &nft::print::Style::default())?;
    let tree = nft::read::read("the output", &text).map_err(|_| Unprovable::Read)?;
    let resolved = nft::read::resolve(tree).map_err(|_| Unprovable::Read)?;
    let documents = translation.dumps.iter().flat_map(|d| d.documents.iter().cloned()).collect();
    let dump = Dump { documents };
    let rules = NftRules { tables: &resolved.tables, unknown: &resolved.unknown };
    let families = dump.documents.iter().map(|d| d.family).collect();
    let options = compare::Options { families, time, ..compare::Options::default() };
    let mut report = compare::compare(&SaveRules(&dump), &rules, &options);
    let known = known::excuse(&mut report, Known::MssAdded).then_some(Known::MssAdded);
    Ok(Certificate { report, known })
}
