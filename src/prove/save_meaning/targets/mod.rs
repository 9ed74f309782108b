//! Targets: what happens to the packets that a rule matches.
//!
//! One file per family of targets that do the same kind of thing. A target that is not final lets the
//! packet go on behind the rule, also where it had nothing to do; since it is the last part of its rule,
//! a test among its steps says for which packets it has something to do.

pub(super) mod headers;
pub(super) mod logs;
pub(super) mod marks;
pub(super) mod nat;
pub(super) mod others;
pub(super) mod proxies;
pub(super) mod sets;
pub(super) mod tcpmss;
pub(super) mod tracking;
pub(super) mod verdicts;
