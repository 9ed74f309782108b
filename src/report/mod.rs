//! What people are told about a translation: the summary, the diff.

pub mod coverage;
pub mod diff;
pub mod proof;
pub mod summary;
