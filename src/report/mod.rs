//! What people are told: the summary, the diff, the proof, the audit.

pub mod audit;
pub mod coverage;
pub mod diff;
pub mod optimizations;
pub mod proof;
pub mod rules;
pub mod summary;
pub mod trace;
