//! Matches with state of their own: `limit` (`xt_limit.c`).

use crate::prove::block::Step;
use crate::prove::dd::Bounded;
use crate::prove::save_meaning::{Reading, options};
use crate::prove::vocabulary;
use crate::save::ast::Part;
use crate::save::option::Value;

/// Three an hour, and five at once, where nothing else is said.
const RATE: (u64, u64) = (3, 3600);
const BURST: u64 = 5;

/// The kernel rounds the time between two packets down to 0.1 ms; the rate as written counts here.
pub fn limit(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let (rate, seconds) = match part.get("limit").map(|option| &option.value) {
        Some(&Value::Range(rate, seconds)) => (rate, seconds),
        Some(_) => return Ok(options::not_understood(part)),
        None => RATE,
    };
    let burst = part.number("limit-burst").unwrap_or(BURST);
    reading.consult(vocabulary::limit(rate, seconds, burst, false), None, true)
}
