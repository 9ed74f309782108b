//! The lints: one file each, named as the lint is; and what several of them share.

pub mod any_to_any;
pub mod approximate_only;
pub mod automatic_helper;
pub mod contradiction;
pub mod deep_jumps;
pub mod duplicate_rule;
pub mod foreign_chain;
pub mod host_bits;
pub mod hostname;
pub mod ipv6_closed;
pub mod ipv6_open;
pub mod late_established;
pub mod list_is_a_set;
pub mod log_then_verdict;
pub mod log_without_limit;
pub mod nat_never_sees;
pub mod needs_newer_nft;
pub mod no_nft_equivalent;
pub mod not_examined;
pub mod open_end;
pub mod redundant_rule;
pub mod reserved_name;
pub mod reset_without_tcp;
pub mod retired_name;
pub mod shadowed_rule;
pub mod unreachable_chain;
pub mod unreadable_line;
pub mod unused_allow;
pub mod wider_than_guard;
pub mod zero_hits;

use super::ruleset::Ruleset;
use super::{Finding, Lint};
use crate::diag::{Diagnostic, Source};

/// Whether a lint has more to say about a line that the reader refuses.
pub fn explains(source: &Source, diagnostic: &Diagnostic) -> bool {
    reset_without_tcp::explains(diagnostic) || hostname::explains(source, diagnostic)
}

/// Whether a place in an input belongs to this ruleset: the last table that begins before it does.
fn is_told_by(ruleset: &Ruleset<'_>, offset: u32) -> bool {
    let next = |start: u32| {
        let rest = ruleset.source.text().get(start as usize..offset as usize).unwrap_or_default();
        !bstr::ByteSlice::contains_str(rest, "\n*")
    };
    ruleset.tables.iter().any(|view| view.table.span.start <= offset && next(view.table.span.start))
}

/// What the lowering refuses, as findings.
fn refusals<'a>(lint: &'static Lint, label: &'a str, refused: &'a [Diagnostic]) -> impl Iterator<Item = Finding> + 'a {
    refused.iter().filter_map(move |d| Some(Finding::told(lint, d.place?, d).label(label)))
}
