//! Matches: `-m NAME`. One file each.

pub mod comment;
pub mod tcp;
