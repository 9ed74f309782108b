//! The lints: one file each, named as the lint is.

pub mod contradiction;
pub mod duplicate_rule;
pub mod host_bits;
pub mod not_examined;
pub mod shadowed_rule;
pub mod unreachable_chain;
pub mod unreadable_line;
pub mod unused_allow;

use crate::diag::{Diagnostic, Source};

/// Whether a lint has more to say about a line that the reader refuses.
pub fn explains(_source: &Source, _diagnostic: &Diagnostic) -> bool {
    false
}
