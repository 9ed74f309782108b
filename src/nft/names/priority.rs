//! Names of base chain priorities (nft(8), section *CHAINS*).

use crate::nft::ast::ChainKind;
use crate::packet::Hook;

/// The name every version takes for `priority` on `hook`. `dstnat` and `srcnat` only where 0.9.8
/// and 1.0.6 allow them; names with an offset (`filter + 10`) are left to numbers.
pub const fn priority_name(hook: Hook, kind: ChainKind, priority: i32) -> Option<&'static str> {
    match (priority, hook) {
        (-300, _) => Some("raw"),
        (-150, _) => Some("mangle"),
        (-100, Hook::Prerouting) => Some("dstnat"),
        (0, _) if !matches!(kind, ChainKind::Nat) => Some("filter"),
        (50, _) => Some("security"),
        (100, Hook::Postrouting) => Some("srcnat"),
        _ => None,
    }
}
