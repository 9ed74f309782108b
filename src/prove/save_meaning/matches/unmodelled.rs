//! Matches that the model knows by name and options only: `cgroup`, `cluster`, `eui64`, `ipvs`, `nfacct`,
//! `osf`, `physdev`, and uses of others whose options it does not know.
//!
//! Each is a condition equal to itself alone. Only what no exact translation says in other words stands here.

use crate::prove::block::{Effect, Step};
use crate::prove::dd::{Bands, Bounded};
use crate::prove::save_meaning::{Reading, options};
use crate::prove::vocabulary;
use crate::save::ast::Part;

/// A condition that rules which change the packet may change.
pub fn condition(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let words = vocabulary::xtables(part.extension.name, &options::words(part, reading, &[]));
    Ok(vec![Step::Test(reading.space.volatile(&words)?)])
}

/// A condition on what no rule can change: the socket, the link header, the bridge port.
pub fn steady(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let words = vocabulary::xtables(part.extension.name, &options::words(part, reading, &[]));
    Ok(vec![Step::Test(reading.space.opaque(&words)?)])
}

/// Does something to the state that its options name, and goes on: counts, labels.
pub fn count(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let words = vocabulary::xtables(part.extension.name, &options::words(part, reading, &[]));
    Ok(vec![Step::Effect { effect: Effect::Other(words), reads: Bands::default() }])
}
