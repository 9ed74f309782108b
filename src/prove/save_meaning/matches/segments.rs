//! The segment routing header: `srh` (`ip6t_srh.c`).
//!
//! It never matches where more segments are left than the header has. Segments behind the second are not in the model.

use super::unmodelled;
use crate::packet::{Exthdr, ExthdrPart, Field, Interval, IntervalSet};
use crate::prove::block::Step;
use crate::prove::dd::{Bounded, Dd};
use crate::prove::save_meaning::{Reading, head};
use crate::save::ast::{Opt, Part};
use crate::save::option::Value;

const LEFT: Field = Field::Exthdr(Exthdr::Rt, ExthdrPart::SegLeft);
const LAST: Field = Field::Exthdr(Exthdr::Srh, ExthdrPart::SrhLastEntry);

/// Numbers of the header that nothing distinguishes.
const NUMBERS: std::ops::RangeInclusive<u128> = 0..=255;
/// Segments in the model.
const SEGMENTS: u128 = 2;

pub fn srh(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let type_is = reading.space.masked(Field::Exthdr(Exthdr::Rt, ExthdrPart::Type), u128::MAX, 4)?;
    let there = reading.space.masked(Field::Exthdr(Exthdr::Rt, ExthdrPart::Exists), 1, 1)?;
    let mut all = reading.space.dd.and(there, type_is)?;
    let fits = at_most_last(reading)?;
    all = reading.space.dd.and(all, fits)?;
    for pass in [false, true] {
        for option in part.options.iter().filter(|o| is_of_a_segment(o) == pass) {
            let Some(set) = test(option, all, reading)? else { return unmodelled::condition(part, reading) };
            all = reading.space.dd.and(all, set)?;
        }
    }
    Ok(vec![Step::Test(all)])
}

fn is_of_a_segment(option: &Opt) -> bool {
    matches!(option.spec.name, "srh-psid" | "srh-nsid")
}

/// No more segments are left than the number of the last one.
fn at_most_last(reading: &mut Reading<'_>) -> Bounded<Dd> {
    let mut sets = Vec::new();
    for last in NUMBERS {
        let is = reading.space.within(LAST, &IntervalSet::point(last))?;
        let fits = reading.space.within(LEFT, &IntervalSet::range(0, last))?;
        sets.push(reading.space.dd.and(is, fits)?);
    }
    reading.space.dd.any(&sets)
}

/// `None` where a segment is asked for that is not in the model. `so_far`: what the other tests let through.
fn test(option: &Opt, so_far: Dd, reading: &mut Reading<'_>) -> Bounded<Option<Dd>> {
    let rt = |part| Field::Exthdr(Exthdr::Rt, part);
    match option.spec.name {
        "srh-next-hdr" => number(option, rt(ExthdrPart::Nexthdr), reading).map(Some),
        "srh-hdr-len-eq" | "srh-hdr-len-gt" | "srh-hdr-len-lt" => {
            number(option, rt(ExthdrPart::Hdrlength), reading).map(Some)
        }
        "srh-segs-left-eq" | "srh-segs-left-gt" | "srh-segs-left-lt" => number(option, LEFT, reading).map(Some),
        "srh-last-entry-eq" | "srh-last-entry-gt" | "srh-last-entry-lt" => number(option, LAST, reading).map(Some),
        "srh-tag" => {
            let field = Field::Exthdr(Exthdr::Srh, ExthdrPart::SrhTag);
            // As it stands in the header, against a number in the order of a little-endian machine (`ip6t_srh.c`).
            let Value::Number(number) = option.value else { return Ok(None) };
            let Ok(number) = u16::try_from(number) else { return Ok(None) };
            let [low, high] = number.to_le_bytes();
            let tag = u128::from(low) << 8 | u128::from(high);
            let set = reading.space.within(field, &IntervalSet::point(tag))?;
            reading.negated_if(option.negated, set).map(Some)
        }
        "srh-lsid" => segment(option, 1, reading).map(Some),
        "srh-psid" => beside(option, so_far, 2, reading),
        "srh-nsid" => beside(option, so_far, 0, reading),
        _ => Ok(None),
    }
}

fn number(option: &Opt, field: Field, reading: &mut Reading<'_>) -> Bounded<Dd> {
    let Value::Number(wanted) = option.value else { return Ok(Dd::FALSE) };
    let wanted = u128::from(wanted);
    let fits = |n: &u128| match option.spec.name.rsplit('-').next() {
        Some("gt") => *n > wanted,
        Some("lt") => *n < wanted,
        _ => *n == wanted,
    };
    let set = NUMBERS.filter(|n| fits(n) != option.negated).map(Interval::point).collect();
    reading.space.within(field, &set)
}

/// The segment of this number, the first being 1.
fn segment(option: &Opt, number: u8, reading: &mut Reading<'_>) -> Bounded<Dd> {
    let Value::Nets(nets) = &option.value else { return Ok(Dd::FALSE) };
    let field = Field::Exthdr(Exthdr::Srh, ExthdrPart::SrhSid(number));
    let set = head::in_nets(reading, field, nets)?;
    reading.negated_if(option.negated, set)
}

/// The segment before the active one (`more` 2) or behind it (`more` 0), if there is one: that with the number of
/// the segments left, and so many more.
fn beside(option: &Opt, so_far: Dd, more: u128, reading: &mut Reading<'_>) -> Bounded<Option<Dd>> {
    let mut sets = Vec::new();
    for left in NUMBERS {
        let is = reading.space.within(LEFT, &IntervalSet::point(left))?;
        // Behind the active one there is none where none is left, before it where as many are left as there are.
        let none = if more == 0 { left == 0 } else { left == 255 };
        let there = if more == 0 || none {
            Dd::TRUE
        } else {
            reading.space.within(LAST, &IntervalSet::range(left + 1, 255))?
        };
        let here = reading.space.dd.all(&[is, there, so_far])?;
        if none || here == Dd::FALSE {
            continue;
        }
        if left + more > SEGMENTS {
            return Ok(None);
        }
        let set = segment(option, (left + more) as u8, reading)?;
        sets.push(reading.space.dd.and(here, set)?);
    }
    reading.space.dd.any(&sets).map(Some)
}
