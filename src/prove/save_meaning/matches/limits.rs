//! Matches with state of their own, or chance: `limit`, `quota`, `statistic` (`xt_limit.c`, `xt_quota.c`,
//! `xt_statistic.c`).

use crate::prove::block::Step;
use crate::prove::dd::{Bounded, Dd};
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

/// Holds until so many bytes have passed.
pub fn quota(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    match part.get("quota").map(|option| (option, &option.value)) {
        Some((option, &Value::Number(bytes))) => reading.consult(vocabulary::quota(bytes), None, !option.negated),
        _ => Ok(options::not_understood(part)),
    }
}

/// A probability of one, in the kernel's units.
const ONE: u64 = 1 << 31;

/// By chance, or one packet of so many that come to the rule, counted from 0.
pub fn statistic(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let wanted = !part.options.iter().any(|option| option.negated);
    let (content, same) =
        match (part.number("mode"), part.number("probability"), part.number("every"), part.number("packet")) {
            (Some(RANDOM), Some(chance), None, None) if (1..ONE).contains(&chance) => {
                let (content, answer) = vocabulary::random(chance, ONE, wanted);
                return reading.consult(content, None, answer);
            }
            (Some(NTH), None, Some(every), Some(packet)) if every > 1 => {
                match (u32::try_from(every), u32::try_from(packet)) {
                    (Ok(every), Ok(packet)) => vocabulary::nth(every, packet),
                    _ => return Ok(options::not_understood(part)),
                }
            }
            (Some(RANDOM), Some(0), None, None) => return Ok(vec![Step::Test(Dd::constant(!wanted))]),
            (Some(RANDOM), Some(_), None, None) | (Some(NTH), None, Some(1), Some(0)) => {
                return Ok(vec![Step::Test(Dd::constant(wanted))]);
            }
            _ => return Ok(options::not_understood(part)),
        };
    reading.consult(content, None, wanted == same)
}

/// How the tree says `--mode random` and `--mode nth`.
const RANDOM: u64 = 0;
const NTH: u64 = 1;
