//! The one list of lints, sorted by code.

use super::lint::Lint;
use super::rules;
use crate::diag::Severity;

/// All lints.
pub const LINTS: &[&Lint] = &[
    &rules::unreadable_line::LINT,
    &rules::unused_allow::LINT,
    &rules::not_examined::LINT,
    &rules::shadowed_rule::LINT,
    &rules::unreachable_chain::LINT,
    &rules::duplicate_rule::LINT,
    &rules::redundant_rule::LINT,
    &rules::contradiction::LINT,
    &rules::log_then_verdict::LINT,
    &rules::list_is_a_set::LINT,
    &rules::wider_than_guard::LINT,
    &rules::any_to_any::LINT,
    &rules::open_end::LINT,
    &rules::late_established::LINT,
    &rules::log_without_limit::LINT,
    &rules::reset_without_tcp::LINT,
    &rules::ipv6_open::LINT,
    &rules::ipv6_closed::LINT,
    &rules::nat_never_sees::LINT,
    &rules::retired_name::LINT,
    &rules::automatic_helper::LINT,
    &rules::hostname::LINT,
    &rules::host_bits::LINT,
    &rules::zero_hits::LINT,
    &rules::no_nft_equivalent::LINT,
    &rules::approximate_only::LINT,
    &rules::needs_newer_nft::LINT,
    &rules::reserved_name::LINT,
    &rules::deep_jumps::LINT,
    &rules::foreign_chain::LINT,
];

/// Codes and names of lints that are gone: never to be used again.
pub const RETIRED: &[(&str, &str)] = &[];

/// All lints as a table of Markdown.
pub fn markdown() -> String {
    let row = |lint: &&Lint| {
        let severity = match lint.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        let Lint { code, name, summary, .. } = lint;
        format!("| [{code}](lints/{code}.md) | {name} | {severity} | {summary} |\n")
    };
    let rows: String = LINTS.iter().map(row).collect();
    format!("| code | name | severity | what |\n|---|---|---|---|\n{rows}")
}

/// The lint with this code or name, in any case.
pub fn find(word: &str) -> Option<&'static Lint> {
    LINTS.iter().find(|lint| lint.code.eq_ignore_ascii_case(word) || lint.name.eq_ignore_ascii_case(word)).copied()
}
