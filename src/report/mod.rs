//! What people are told: the summary, the diff, the proof, the audit.

pub mod audit;
pub mod coverage;
pub mod diff;
pub mod optimizations;
pub mod proof;
pub mod rules;
pub mod summary;
pub mod trace;

/// A document for programs: indented JSON and a line break.
fn indented(document: &impl serde::Serialize) -> serde_json::Result<Vec<u8>> {
    let mut text = serde_json::to_vec_pretty(document)?;
    text.push(b'\n');
    Ok(text)
}
