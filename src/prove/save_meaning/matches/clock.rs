//! `time` (`xt_time.c`): when the packet arrives, in UTC.
//!
//! The date, the time of day and the day of the week are taken for independent of each other; days of the month are
//! dates. The kernel's time zone is not in the model.

use super::unmodelled;
use crate::packet::{Field, Interval, IntervalSet};
use crate::prove::block::Step;
use crate::prove::dd::{Bounded, Dd};
use crate::prove::save_meaning::Reading;
use crate::save::ast::Part;

const SECONDS_OF_DAY: u64 = 86_400;
const NANOSECONDS: u128 = 1_000_000_000;
/// What the kernel takes for no end: the last second that 31 bits hold.
const NO_END: u64 = i32::MAX as u64;
/// Bits 1 (Monday) to 7 (Sunday).
const ALL_DAYS: u64 = 0xfe;

pub fn time(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    if part.has("kerneltz") {
        return unmodelled::condition(part, reading);
    }
    let within_dates = dates(part, reading)?;
    let start = part.number("timestart").unwrap_or(0);
    let stop = part.number("timestop").unwrap_or(SECONDS_OF_DAY - 1);
    let days = weekdays(part);
    let on_dates = of_month(part, 0, reading)?;
    let times = if start < stop {
        let times = of_days(start..=stop, days, reading)?;
        reading.space.dd.and(times, on_dates)?
    } else {
        let evening = of_days(start..=SECONDS_OF_DAY - 1, days, reading)?;
        let evening = reading.space.dd.and(evening, on_dates)?;
        // With --contiguous, what is behind midnight belongs to the day before.
        let contiguous = part.has("contiguous");
        let days = if contiguous { next(days) } else { days };
        let morning = of_days(0..=stop, days, reading)?;
        let on_dates = of_month(part, u64::from(contiguous), reading)?;
        let morning = reading.space.dd.and(morning, on_dates)?;
        reading.space.dd.or(evening, morning)?
    };
    Ok(vec![Step::Test(within_dates), Step::Test(times)])
}

/// The last second counts to its end.
fn dates(part: &Part, reading: &mut Reading<'_>) -> Bounded<Dd> {
    let start = part.number("datestart").unwrap_or(0);
    let stop = part.number("datestop").filter(|&stop| stop < NO_END);
    let last = stop.map_or(u128::from(u64::MAX), |stop| (u128::from(stop) + 1) * NANOSECONDS - 1);
    let first = u128::from(start) * NANOSECONDS;
    let times = if first <= last { IntervalSet::range(first, last) } else { IntervalSet::empty() };
    reading.space.within(Field::Time, &times)
}

/// The days of the month as dates until the end of the kernel's calendar, each so many days later.
fn of_month(part: &Part, later: u64, reading: &mut Reading<'_>) -> Bounded<Dd> {
    let Some((option, wanted)) = part.get("monthdays").zip(part.number("monthdays")) else { return Ok(Dd::TRUE) };
    let mut dates = Vec::new();
    let mut start = later;
    for (year, month) in (1970..=2038u64).flat_map(|year| (1..=12).map(move |month| (year, month))) {
        for day in 1..=length_of(month, year) {
            if (wanted >> day & 1 == 1) != option.negated && start - later <= NO_END / SECONDS_OF_DAY {
                let first = u128::from(start * SECONDS_OF_DAY) * NANOSECONDS;
                dates.push(Interval::new(first, first + u128::from(SECONDS_OF_DAY) * NANOSECONDS - 1));
            }
            start += 1;
        }
    }
    reading.space.within(Field::Time, &dates.into_iter().collect())
}

/// Days of a month, the year being no end of a century but 2000.
const fn length_of(month: u64, year: u64) -> u64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) => 29,
        2 => 28,
        _ => 31,
    }
}

fn weekdays(part: &Part) -> u64 {
    match part.get("weekdays").zip(part.number("weekdays")) {
        Some((option, days)) if option.negated => ALL_DAYS & !days,
        Some((_, days)) => days,
        None => ALL_DAYS,
    }
}

/// Each day's next one.
const fn next(days: u64) -> u64 {
    (days << 1 | days >> 6) & ALL_DAYS
}

/// These seconds of these days. The field counts days from Sunday, which is 0.
fn of_days(seconds: std::ops::RangeInclusive<u64>, days: u64, reading: &mut Reading<'_>) -> Bounded<Dd> {
    let (first, last) = (*seconds.start(), *seconds.end());
    let seconds = if first <= last { IntervalSet::range(first.into(), last.into()) } else { IntervalSet::empty() };
    let seconds = if seconds == IntervalSet::range(0, u128::from(SECONDS_OF_DAY) - 1) {
        Dd::TRUE
    } else {
        reading.space.within(Field::Hour, &seconds)?
    };
    let numbers = (1..=7u32).filter(|day| days >> day & 1 == 1).map(|day| Interval::point(u128::from(day % 7)));
    let days = if days == ALL_DAYS { Dd::TRUE } else { reading.space.within(Field::Day, &numbers.collect())? };
    reading.space.dd.and(seconds, days)
}
