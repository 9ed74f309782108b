//! What `-m conntrack` and `-m state` share: states by name, and the test that a packet has a
//! connection at all (net/netfilter/xt_conntrack.c, `conntrack_mt`).
//!
//! Invariant: the state of a packet is exactly one of five values, so lists of states are sets
//! of values here and never masks of bits.

use bstr::BString;

use super::lowering::Fact;
use super::shared;
use crate::ir::Test;
use crate::packet::{CtKey, Field, Interval, IntervalSet};
use crate::save::option::Value;

pub const INVALID: u64 = 1;
pub const ESTABLISHED: u64 = 2;
pub const RELATED: u64 = 4;
pub const NEW: u64 = 8;
pub const UNTRACKED: u64 = 64;

/// The states of packets that belong to a connection.
pub const TRACKED: u64 = ESTABLISHED | RELATED | NEW;

/// The states of packets that belong to none.
pub const TRACKLESS: u64 = INVALID | UNTRACKED;

/// Every state there is.
pub const ALL: u64 = TRACKED | TRACKLESS;

/// States by name, in the order in which abbreviations are looked up.
pub const STATES: [(&str, u64); 5] =
    [("INVALID", INVALID), ("NEW", NEW), ("ESTABLISHED", ESTABLISHED), ("RELATED", RELATED), ("UNTRACKED", UNTRACKED)];

/// The packet's state is one of these bits of `STATES`.
pub fn state(states: u64) -> Fact {
    let points = |bits: u64| -> IntervalSet {
        let chosen = STATES.iter().filter(|&&(_, bit)| bits & bit != 0);
        chosen.map(|&(_, bit)| Interval::point(bit.into())).collect()
    };
    let field = Field::Ct(CtKey::State);
    let others = ALL & !states;
    match states & ALL {
        ALL => Fact::Always,
        0 => Fact::Never,
        _ if others.count_ones() < states.count_ones() => Fact::Test(Test::within(field, points(others), true)),
        _ => Fact::Test(Test::within(field, points(states), false)),
    }
}

/// The packet belongs to a connection.
pub fn exists() -> Fact {
    state(TRACKED)
}

/// A list of words as the tool reads it.
pub fn read(words: &[&[u8]], table: &[(&'static str, u64)]) -> Result<Value, String> {
    shared::beginnings(words.first().copied().unwrap_or_default(), table).map(Value::Number)
}

/// The list as words.
pub fn show(value: &Value, table: &[(&'static str, u64)]) -> Vec<BString> {
    match value {
        Value::Number(bits) => vec![shared::words_of(*bits, table).into()],
        _ => Vec::new(),
    }
}
