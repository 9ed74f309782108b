//! Targets that the model knows by name only: what they do is an effect, told by its options.
//!
//! `CHECKSUM`, `IDLETIMER`, `LED`, `RATEEST`, `ULOG`; and `AUDIT`, `CLASSIFY`, `TEE`, which nft has, too.

use crate::nft::ast::Log;
use crate::packet::Field;
use crate::prove::block::{Effect, Step, log_line};
use crate::prove::dd::{Bands, Bounded};
use crate::prove::save_meaning::{Reading, options, words};
use crate::prove::vocabulary;
use crate::save::ast::Part;
use crate::save::option::Value;

/// The syslog level that stands for the audit system.
const AUDIT: u8 = 8;

/// An effect of its own, which changes nothing that rules can test.
pub fn named(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let words = vocabulary::xtables(part.extension.name, &options::words(part, reading, &[]));
    Ok(vec![Step::Effect { effect: Effect::Other(words), reads: Bands::default() }])
}

/// `--type` has been ignored since Linux 4.12.
pub fn audit(_: &Part, _: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let log = Log { level: Some(AUDIT), ..Log::default() };
    Ok(vec![Step::Effect { effect: log_line(&log), reads: Bands::default() }])
}

pub fn classify(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    match part.number("set-class") {
        Some(class) => Ok(vec![words::set_to(Field::Priority, class.into(), reading)?]),
        None => Ok(options::not_understood(part)),
    }
}

/// A copy to another machine; the packet goes on.
pub fn tee(part: &Part, _: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let Some(Value::Addresses(gateway)) = part.get("gateway").map(|option| &option.value) else {
        return Ok(options::not_understood(part));
    };
    let device = part.text("oif").map(ToString::to_string);
    let effect = Effect::Other(vocabulary::duplicate(gateway.0, device.as_deref()));
    Ok(vec![Step::Effect { effect, reads: Bands::default() }])
}

/// The mark becomes a number that the model does not know, a function of addresses, ports and protocol, or of
/// the connection; packets that lack these keep theirs (`xt_HMARK.c`).
pub fn hmark(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let words = vocabulary::xtables("HMARK", &options::words(part, reading, &[]));
    let hashed = reading.space.opaque(&format!("{words} has something to hash"))?;
    let mark =
        words::Word::unknown(Field::Mark, reading, |reading, bit| reading.space.opaque(&format!("{words} bit {bit}")))?;
    Ok(vec![Step::Test(hashed), mark.assigned(Field::Mark, reading)?])
}
