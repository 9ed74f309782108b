//! `-m time`: when the packet arrives (iptables-extensions(8), *time*; net/netfilter/xt_time.c, `time_mt`).
//!
//! All in UTC. `--datestop 2038-01-19T03:14:07`, which the tool writes for no end, is no end here.

use bstr::{BString, ByteSlice};

use crate::diag::quote;
use crate::ir::{Step, Test};
use crate::nft::version::Feature;
use crate::packet::{Family, Field, Interval, IntervalSet};
use crate::save::ast::Part;
use crate::save::ext::lowering::{Cond, Cx, Fact, Refusal, within};
use crate::save::ext::{CheckCx, Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec, Value};

pub static EXTENSION: Extension = Extension {
    name: "time",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("datestart", Arg::Custom { words: 1, read: read_date, show: show_date }),
        OptionSpec::new("datestop", Arg::Custom { words: 1, read: read_date, show: show_date }),
        OptionSpec::new("timestart", Arg::Custom { words: 1, read: read_time, show: show_time }),
        OptionSpec::new("timestop", Arg::Custom { words: 1, read: read_time, show: show_time }),
        OptionSpec::new("monthdays", Arg::Custom { words: 1, read: read_monthdays, show: show_days }).not(),
        OptionSpec::new("weekdays", Arg::Custom { words: 1, read: read_weekdays, show: show_days }).not(),
        OptionSpec::new("contiguous", Arg::Flag),
        OptionSpec::new("kerneltz", Arg::Flag).alias(&["localtz"]),
        OptionSpec::new("utc", Arg::Flag),
    ],
    check,
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--datestart", "-m time --datestart 2026-01-01 -j ACCEPT"),
        Coverage::exact("--datestop", "-m time --datestop 2036-12-31T23:59:59 -j ACCEPT"),
        Coverage::exact("--timestart", "-m time --timestart 08:00 -j ACCEPT"),
        Coverage::exact("--timestop", "-m time --timestart 22:00 --timestop 06:00 -j ACCEPT"),
        Coverage::exact("--monthdays", "-m time --monthdays 1,15 -j ACCEPT").note(MONTHDAYS),
        Coverage::exact("! --monthdays", "-m time ! --monthdays 31 -j ACCEPT").note(MONTHDAYS),
        Coverage::exact("--weekdays", "-m time --weekdays Mon,Tue -j ACCEPT"),
        Coverage::exact("! --weekdays", "-m time ! --weekdays Sat,Sun -j ACCEPT"),
        Coverage::exact(
            "--contiguous",
            "-m time --timestart 22:00 --timestop 06:00 --weekdays Fri --contiguous -j ACCEPT",
        ),
        Coverage::approximate("--kerneltz", "-m time --timestart 08:00 --kerneltz -j ACCEPT", ZONE),
        Coverage::exact("--utc", "-m time --timestart 08:00 --utc -j ACCEPT").note("the default"),
    ],
};

const MONTHDAYS: &str = "as the dates that these days have between --datestart and --datestop, or from 1970 to 2038";
const ZONE: &str = "the rules of nft count in UTC, whatever the kernel's time zone";

const DAY: u64 = 86400;
/// What the kernel takes for no end.
const NO_END: u64 = i32::MAX as u64;
const NANOSECONDS: u128 = 1_000_000_000;

/// Bit 1 is Monday, bit 7 Sunday.
const WEEKDAYS: [(&str, u64); 7] = [("Mon", 1), ("Tue", 2), ("Wed", 3), ("Thu", 4), ("Fri", 5), ("Sat", 6), ("Sun", 7)];
const EVERY_WEEKDAY: u64 = 0xfe;

fn check(part: &Part, _: &CheckCx) -> Result<(), String> {
    shared::one_of(part, &["utc", "kerneltz"], false)?;
    let clock = Clock::of(part);
    if part.has("contiguous") && clock.start <= clock.stop {
        return Err("`--contiguous` needs a time that ends before it starts".into());
    }
    Ok(())
}

/// `hh:mm[:ss]` in seconds of the day.
fn read_time(words: &[&[u8]], _: Family) -> Result<Value, String> {
    let word = words.first().copied().unwrap_or_default();
    let read = || {
        let parts: Vec<u64> = word.split(|&b| b == b':').map(digits::<2>).collect::<Option<_>>()?;
        let (hours, minutes, seconds) = match *parts.as_slice() {
            [hours, minutes] => (hours, minutes, 0),
            [hours, minutes, seconds] => (hours, minutes, seconds),
            _ => return None,
        };
        (hours < 24 && minutes < 60 && seconds < 60).then_some(hours * 3600 + minutes * 60 + seconds)
    };
    read().map(Value::Number).ok_or_else(|| format!("{} is no time: hh:mm[:ss]", quote(word)))
}

fn show_time(time: &Value, _: Family) -> Vec<BString> {
    match time {
        Value::Number(n) => vec![clock_text(*n).into()],
        _ => Vec::new(),
    }
}

fn clock_text(seconds: u64) -> String {
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// At most `MOST` decimal digits, the whole of the text.
fn digits<const MOST: usize>(text: &[u8]) -> Option<u64> {
    let fits = !text.is_empty() && text.len() <= MOST && text.iter().all(u8::is_ascii_digit);
    fits.then(|| text.to_str().ok()?.parse().ok()).flatten()
}

/// `YYYY[-MM[-DD[Thh[:mm[:ss]]]]]` in seconds since 1970, UTC. Days beyond a month's end count on.
fn read_date(words: &[&[u8]], _: Family) -> Result<Value, String> {
    let word = words.first().copied().unwrap_or_default();
    let wrong = || format!("{} is no date from 1970 to 2038: YYYY[-MM[-DD[Thh[:mm[:ss]]]]]", quote(word));
    let seconds = date(word).ok_or_else(wrong)?;
    if seconds <= NO_END { Ok(Value::Number(seconds)) } else { Err(wrong()) }
}

fn date(word: &[u8]) -> Option<u64> {
    let (day, time) = match word.iter().position(|&b| b == b'T') {
        Some(at) => (&word[..at], &word[at + 1..]),
        None => (word, &b""[..]),
    };
    let parts: Vec<u64> = day.split(|&b| b == b'-').map(digits::<4>).collect::<Option<_>>()?;
    let (year, month, day) = match *parts.as_slice() {
        [year] if time.is_empty() => (year, 1, 1),
        [year, month] if time.is_empty() => (year, month, 1),
        [year, month, day] => (year, month, day),
        _ => return None,
    };
    let known = (1970..=2038).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    let times: Vec<u64> = match time {
        b"" => Vec::new(),
        time => time.split(|&b| b == b':').map(digits::<2>).collect::<Option<_>>()?,
    };
    let at = |index: usize, below: u64| match times.get(index) {
        Some(&n) => (n < below).then_some(n),
        None => Some(0),
    };
    let clock = at(0, 24)? * 3600 + at(1, 60)? * 60 + at(2, 60)?;
    (known && times.len() <= 3).then(|| days_before(year, month, day) * DAY + clock)
}

/// Days from 1970-01-01 to a date of the Gregorian calendar.
fn days_before(year: u64, month: u64, day: u64) -> u64 {
    // Years that start in March, so that the odd day of a leap year is their last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap = year / 4 - year / 100 + year / 400;
    let before_1970 = 719_468;
    (365 * year + leap + (153 * month + 2) / 5 + day).saturating_sub(before_1970 + 1)
}

fn show_date(date: &Value, _: Family) -> Vec<BString> {
    let Value::Number(seconds) = date else { return Vec::new() };
    let (year, month, day) = date_of(seconds / DAY);
    vec![format!("{year:04}-{month:02}-{day:02}T{}", clock_text(seconds % DAY)).into()]
}

/// Year, month and day of the month, so many days behind 1970-01-01.
fn date_of(days: u64) -> (u64, u64, u64) {
    let year = (1970..=2038).rev().find(|&y| days_before(y, 1, 1) <= days).unwrap_or(1970);
    let month = (1..=12).rev().find(|&m| days_before(year, m, 1) <= days).unwrap_or(1);
    (year, month, days - days_before(year, month, 1) + 1)
}

fn read_weekdays(words: &[&[u8]], _: Family) -> Result<Value, String> {
    let word = words.first().copied().unwrap_or_default();
    let day = |w: &[u8]| {
        // The tool looks at two letters.
        let named = WEEKDAYS.iter().find(|(name, _)| w.len() > 1 && w.get(..2) == name.as_bytes().get(..2));
        let number = digits::<1>(w).filter(|n| (1..=7).contains(n));
        named.map(|&(_, n)| n).or(number).map(|n| 1u64 << n)
    };
    let one = |w: &[u8]| day(w).ok_or_else(|| format!("{} is no day of the week", quote(w)));
    word.split(|&b| b == b',').try_fold(0, |bits, w| one(w).map(|b| bits | b)).map(Value::Number)
}

fn read_monthdays(words: &[&[u8]], _: Family) -> Result<Value, String> {
    let word = words.first().copied().unwrap_or_default();
    // The tool reads a number that begins with 0 as octal.
    let read = |w: &[u8]| if matches!(w, [b'0', b'8' | b'9']) { None } else { digits::<2>(w) };
    let day = |w: &[u8]| read(w).filter(|n| (1..=31).contains(n)).map(|n| 1u64 << n);
    let one = |w: &[u8]| day(w).ok_or_else(|| format!("{} is no day of the month", quote(w)));
    word.split(|&b| b == b',').try_fold(0, |bits, w| one(w).map(|b| bits | b)).map(Value::Number)
}

/// Days as numbers, of the week or of the month.
fn show_days(days: &Value, _: Family) -> Vec<BString> {
    let Value::Number(bits) = days else { return Vec::new() };
    let numbers = (1..32u64).filter(|n| bits & 1 << n != 0).map(|n| n.to_string());
    vec![numbers.collect::<Vec<_>>().join(",").into()]
}

/// The dates that days of the month have: runs of days since 1970, from the first to the one behind the last.
struct Dates(Vec<(u64, u64)>);

impl Dates {
    /// `None` where every day of the month will do.
    fn of(part: &Part) -> Option<Dates> {
        const EVERY: u64 = 0xffff_fffe;
        let (option, bits) = part.get("monthdays").zip(part.number("monthdays"))?;
        let wanted = if option.negated { EVERY & !bits } else { bits };
        if wanted == EVERY {
            return None;
        }
        let last = part.number("datestop").unwrap_or(NO_END).min(NO_END) / DAY;
        // One day earlier, for the hours behind midnight that belong to it.
        let first = (part.number("datestart").unwrap_or(0) / DAY).saturating_sub(1);
        let mut runs: Vec<(u64, u64)> = Vec::new();
        for day in (first..=last).filter(|&day| wanted >> date_of(day).2 & 1 == 1) {
            match runs.last_mut() {
                Some((_, end)) if *end == day => *end += 1,
                _ => runs.push((day, day + 1)),
            }
        }
        Some(Dates(runs))
    }

    /// On these days, or so many days later. nft writes whole seconds, and a range holds its last one's first
    /// nanosecond only: so it ends with the first one of the day behind, which is then left out.
    fn tests(&self, later: u64) -> Vec<Test> {
        let field = Field::Time;
        let instant = |day: u64| u128::from((day + later) * DAY) * NANOSECONDS;
        let within = self.0.iter().map(|&(start, end)| Interval::new(instant(start), instant(end))).collect();
        let behind: IntervalSet = self.0.iter().map(|&(_, end)| Interval::point(instant(end))).collect();
        let behind = Test::within(field, behind, true);
        if self.0.is_empty() {
            vec![Test::In { field, set: within }]
        } else {
            vec![Test::In { field, set: within }, behind]
        }
    }
}

/// The time of day, both ends included.
struct Clock {
    start: u64,
    stop: u64,
}

impl Clock {
    fn of(part: &Part) -> Clock {
        Clock { start: part.number("timestart").unwrap_or(0), stop: part.number("timestop").unwrap_or(DAY - 1) }
    }

    fn hours(&self) -> IntervalSet {
        let (start, stop) = (u128::from(self.start), u128::from(self.stop));
        let inside = |lo, hi| IntervalSet::range(lo, hi);
        if start < stop {
            return inside(start, stop);
        }
        inside(start, u128::from(DAY - 1)).union(&inside(0, stop))
    }
}

fn lower(part: &Part, cx: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    if part.has("kerneltz") {
        if !cx.approximate {
            let help =
                "write the times in UTC and leave --kerneltz out, or give --approximate where the kernel's zone is UTC";
            return Err(Refusal::new("time-zone", ZONE, help).at("kerneltz"));
        }
        cx.differs(ZONE);
    }
    if !cx.target.supports(Feature::MetaTime) {
        let reason = "tests of the time need nft 0.9.3";
        return Err(Refusal::new("time", reason, "name a newer --target"));
    }
    let mut out = dates(part);
    let days = part.get("weekdays").zip(part.number("weekdays"));
    let days = days.map_or(EVERY_WEEKDAY, |(o, bits)| if o.negated { EVERY_WEEKDAY & !bits } else { bits });
    let dates = Dates::of(part);
    let clock = Clock::of(part);
    if part.has("contiguous") && (days != EVERY_WEEKDAY || dates.is_some()) {
        out.push(over_midnight(&clock, days, dates.as_ref()));
        return Ok(out);
    }
    out.extend(dates.iter().flat_map(|dates| dates.tests(0)).map(Cond::from));
    let hours = clock.hours();
    let every_hour = hours == IntervalSet::range(0, u128::from(DAY - 1));
    out.extend((!every_hour).then(|| Cond::from(Test::In { field: Field::Hour, set: hours })));
    out.extend(on(days).cond());
    Ok(out)
}

/// Both ends by themselves: nft writes whole seconds, and the last second counts to its end.
fn dates(part: &Part) -> Vec<Cond> {
    let field = Field::Time;
    let last = u128::from(u64::MAX);
    let start = part.number("datestart").filter(|&n| n > 0);
    let stop = part.number("datestop").filter(|&n| n < NO_END);
    let from = start.map(|n| Test::In { field, set: IntervalSet::range(u128::from(n) * NANOSECONDS, last) });
    let until = stop.map(|n| Test::In { field, set: IntervalSet::range(0, (u128::from(n) + 1) * NANOSECONDS - 1) });
    from.into_iter().chain(until).map(Cond::from).collect()
}

/// On these days of the week, given as bits.
fn on(days: u64) -> Fact {
    // nft counts from Sunday, which is 0.
    let numbers = (1..=7u32).filter(|n| days & 1 << n != 0).map(|n| Interval::point(u128::from(n % 7)));
    let set: IntervalSet = numbers.collect();
    if days & EVERY_WEEKDAY == EVERY_WEEKDAY { Fact::Always } else { within(Field::Day, set, false) }
}

/// The hours behind midnight belong to the day before.
fn over_midnight(clock: &Clock, days: u64, dates: Option<&Dates>) -> Cond {
    let hours = |lo: u64, hi: u64| Test::In { field: Field::Hour, set: IntervalSet::range(lo.into(), hi.into()) };
    let next_days = (days << 1 | days >> 6) & EVERY_WEEKDAY;
    let way = |hours: Test, days: u64, later: u64| {
        let dates = dates.map(|dates| dates.tests(later)).into_iter().flatten();
        let day = match on(days) {
            Fact::Test(day) => Some(day),
            Fact::Always => None,
            Fact::Never => return None,
        };
        Some(std::iter::once(hours).chain(day).chain(dates).map(Step::Test).collect::<Vec<Step>>())
    };
    let ways = [way(hours(clock.start, DAY - 1), days, 0), way(hours(0, clock.stop), next_days, 1)];
    let ways: Vec<Vec<Step>> = ways.into_iter().flatten().collect();
    if ways.is_empty() { Cond::Never } else { Cond::OneOf(ways) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_counted_as_the_calendar_does() {
        for (text, seconds) in [
            ("1970", 0),
            ("1970-01-02", 86400),
            ("2000-03-01", 951_868_800),
            ("2024-02-29T12:30:15", 1_709_209_815),
            ("2026-02-30", 1_772_409_600),
            ("2038-01-19T03:14:07", NO_END),
        ] {
            let value = read_date(&[text.as_bytes()], Family::Ip).unwrap();
            assert_eq!(value, Value::Number(seconds), "{text}");
            let shown = show_date(&value, Family::Ip);
            assert_eq!(read_date(&[shown[0].as_slice()], Family::Ip).unwrap(), value, "{text}");
        }
        for text in ["", "1969", "2039", "2026-13", "2026-01-32", "2026-01-01T24", "2026-01-01 10:00", "2026T10"] {
            assert!(read_date(&[text.as_bytes()], Family::Ip).is_err(), "{text}");
        }
    }

    #[test]
    fn hours_behind_midnight_belong_to_the_day_before() {
        let friday = 1 << 5;
        let Cond::OneOf(ways) = over_midnight(&Clock { start: 79200, stop: 21600 }, friday, None) else { panic!() };
        let day = |n| Step::Test(Test::is(Field::Day, n));
        assert_eq!(ways.iter().map(|w| w[1].clone()).collect::<Vec<_>>(), [day(5), day(6)]);
        let Cond::OneOf(ways) = over_midnight(&Clock { start: 79200, stop: 21600 }, 1 << 7, None) else { panic!() };
        assert_eq!(ways.iter().map(|w| w[1].clone()).collect::<Vec<_>>(), [day(0), day(1)]);
    }
}
