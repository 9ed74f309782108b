//! `MARK`, `CONNMARK`, `SECMARK` and `CONNSECMARK` (`xt_mark.c`, `xt_connmark.c`, `xt_SECMARK.c`, `xt_CONNSECMARK.c`; `libxt_MARK.c` and `libxt_CONNMARK.c` for what
//! each option hands to the kernel).

use crate::packet::{CtKey, Field};
use crate::prove::block::Step;
use crate::prove::dd::Bounded;
use crate::prove::save_meaning::words::{Shift, Word};
use crate::prove::save_meaning::{Reading, options};
use crate::prove::vocabulary;
use crate::save::ast::{Opt, Part};
use crate::save::option::Value;

const ALL: u128 = 0xffff_ffff;

/// What the kernel is told: `(old & ~mask) ^ value`.
#[derive(Clone, Copy)]
struct Change {
    mask: u128,
    value: u128,
}

/// The change that an option asks for; `None` when it asks for none.
fn change(option: &Opt) -> Option<Change> {
    let change = match (option.spec.name, &option.value) {
        ("set-xmark", &Value::Masked { value, mask }) => Change { mask: mask.into(), value: value.into() },
        ("set-mark", &Value::Masked { value, mask }) => Change { mask: (mask | value).into(), value: value.into() },
        ("and-mark", &Value::Number(bits)) => Change { mask: ALL & !u128::from(bits), value: 0 },
        ("or-mark", &Value::Number(bits)) => Change { mask: bits.into(), value: bits.into() },
        ("xor-mark", &Value::Number(bits)) => Change { mask: 0, value: bits.into() },
        _ => return None,
    };
    Some(change)
}

pub fn mark(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    match part.options.iter().map(change).collect::<Option<Vec<_>>>().as_deref() {
        Some(&[change]) => Ok(vec![changed(Field::Mark, change, None, reading)?]),
        _ => Ok(options::not_understood(part)),
    }
}

/// Does nothing to packets without a connection.
pub fn connmark(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let connection = Field::Ct(CtKey::Mark);
    let shift = match (part.number("left-shift-mark"), part.number("right-shift-mark")) {
        (Some(by), None) => Some(Shift::Left(by as usize)),
        (None, Some(by)) => Some(Shift::Right(by as usize)),
        (None, None) => None,
        _ => return Ok(options::not_understood(part)),
    };
    let changes: Vec<Change> = part.options.iter().filter_map(change).collect();
    let step = match (changes.as_slice(), part.has("save-mark"), part.has("restore-mark")) {
        (&[change], false, false) => changed(connection, change, shift, reading)?,
        ([], true, false) => {
            copied(Field::Mark, mask(part, "nfmask"), shift, connection, mask(part, "ctmask"), reading)?
        }
        ([], false, true) => {
            copied(connection, mask(part, "ctmask"), shift, Field::Mark, mask(part, "nfmask"), reading)?
        }
        _ => return Ok(options::not_understood(part)),
    };
    Ok(vec![Step::Test(reading.space.tracked()?), step])
}

/// The packet's security mark becomes the number of a context, which only the kernel knows.
pub fn secmark(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let Some(context) = part.text("selctx").map(ToString::to_string) else { return Ok(options::not_understood(part)) };
    let word = Word::unknown(Field::Secmark, reading, |reading, bit| {
        reading.space.opaque(&vocabulary::security_mark(&context, bit))
    })?;
    Ok(vec![word.assigned(Field::Secmark, reading)?])
}

/// Only marks that are there are copied, and only over none (`secmark_save`, `secmark_restore`).
pub fn connsecmark(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let connection = Field::Ct(CtKey::Secmark);
    let (from, to) = if part.has("save") { (Field::Secmark, connection) } else { (connection, Field::Secmark) };
    let marked = reading.space.any_bit(from, ALL)?;
    let unmarked = reading.space.masked(to, ALL, 0)?;
    let copied = Word::of(from, reading)?.assigned(to, reading)?;
    Ok(vec![Step::Test(reading.space.tracked()?), Step::Test(marked), Step::Test(unmarked), copied])
}

/// `--mask` gives both masks; all bits where nothing is said.
fn mask(part: &Part, name: &str) -> u128 {
    part.number(name).or(part.number("mask")).map_or(ALL, u128::from)
}

fn changed(field: Field, change: Change, shift: Option<Shift>, reading: &mut Reading<'_>) -> Bounded<Step> {
    let kept = Word::of(field, reading)?.and(!change.mask);
    kept.xor(change.value, reading)?.shifted(shift).assigned(field, reading)
}

/// `to = (to & ~cleared) ^ shift(from & taken)`
fn copied(
    from: Field,
    taken: u128,
    shift: Option<Shift>,
    to: Field,
    cleared: u128,
    reading: &mut Reading<'_>,
) -> Bounded<Step> {
    let source = Word::of(from, reading)?.and(taken).shifted(shift);
    let kept = Word::of(to, reading)?.and(!cleared);
    kept.xor_word(source, reading)?.assigned(to, reading)
}
