//! The one list of lints, sorted by code.

use super::lint::Lint;
use super::rules;

/// All lints.
pub const LINTS: &[&Lint] = &[
    &rules::unreadable_line::LINT,
    &rules::unused_allow::LINT,
    &rules::not_examined::LINT,
    &rules::shadowed_rule::LINT,
    &rules::unreachable_chain::LINT,
    &rules::duplicate_rule::LINT,
    &rules::contradiction::LINT,
    &rules::host_bits::LINT,
];

/// Codes and names of lints that are gone: never to be used again.
pub const RETIRED: &[(&str, &str)] = &[];

/// The lint with this code or name, in any case.
pub fn find(word: &str) -> Option<&'static Lint> {
    LINTS.iter().find(|lint| lint.code.eq_ignore_ascii_case(word) || lint.name.eq_ignore_ascii_case(word)).copied()
}
