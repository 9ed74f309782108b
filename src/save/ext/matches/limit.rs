//! `-m limit` (iptables-extensions(8), *limit*; net/netfilter/xt_limit.c).
//!
//! A token bucket of the rule's own, full at the start. The burst is always given to nft.

use bstr::BString;

use crate::diag::quote;
use crate::ir::Statement;
use crate::nft::ast::{Limit, TimeUnit};
use crate::packet::Family;
use crate::save::ast::Part;
use crate::save::ext::lowering::{Cond, Cx, Refusal};
use crate::save::ext::{CheckCx, Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec, Value};

pub static EXTENSION: Extension = Extension {
    name: "limit",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("limit", Arg::Custom { words: 1, read, show }),
        OptionSpec::new("limit-burst", Arg::Number { min: 0, max: 10000 }),
    ],
    check,
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--limit", "-m limit --limit 3/min -j ACCEPT")
            .note("over about 200 packets a second iptables earns by clock ticks and nft by nanoseconds"),
        Coverage::exact("--limit-burst", "-m limit --limit 10/sec --limit-burst 20 -j ACCEPT"),
    ],
};

/// The kernel counts in ten thousandths of a second (include/uapi/linux/netfilter/xt_limit.h).
const SCALE: u64 = 10_000;

const UNITS: [(&str, u64, TimeUnit); 4] = [
    ("second", 1, TimeUnit::Second),
    ("minute", 60, TimeUnit::Minute),
    ("hour", 3600, TimeUnit::Hour),
    ("day", 86400, TimeUnit::Day),
];

/// Rate and seconds of the unit, then the burst.
struct Bucket {
    rate: u64,
    seconds: u64,
    burst: u64,
}

fn bucket(part: &Part) -> Bucket {
    let (rate, seconds) = match part.get("limit").map(|o| &o.value) {
        Some(Value::Range(rate, seconds)) => (*rate, *seconds),
        _ => (3, 3600),
    };
    Bucket { rate, seconds, burst: part.number("limit-burst").unwrap_or(5) }
}

/// Credits per second of the kernel's counter where it ticks 250 or 1000 times a second
/// (net/netfilter/xt_limit.c, `CREDITS_PER_JIFFY`).
const CREDITS: u32 = 32_000;

/// Ten thousandths of a second as credits, in 32 bits that may overflow (`user2credits`).
const fn credits(time: u32) -> u32 {
    if time > u32::MAX / CREDITS { (time / SCALE as u32).wrapping_mul(CREDITS) } else { time * CREDITS / SCALE as u32 }
}

impl Bucket {
    /// How long a packet takes to earn, in ten thousandths of a second.
    const fn cost(&self) -> u32 {
        (SCALE * self.seconds / if self.rate == 0 { 1 } else { self.rate }) as u32
    }

    /// Whether the size of the full bucket overflows in the kernel.
    const fn overflows(&self) -> bool {
        let time = self.cost() as u64 * self.burst;
        time / SCALE * CREDITS as u64 > u32::MAX as u64
    }
}

/// The kernel refuses a bucket that does not hold one packet, be it by overflow.
fn check(part: &Part, _: &CheckCx) -> Result<(), String> {
    let bucket = bucket(part);
    if bucket.burst == 0 {
        return Err("a burst of 0 never lets anything pass, and the kernel refuses it".into());
    }
    if credits(bucket.cost().wrapping_mul(bucket.burst as u32)) < credits(bucket.cost()) {
        return Err("rate and burst together are too large for the kernel, which refuses them".into());
    }
    Ok(())
}

/// `n[/unit]`, the unit perhaps cut short.
fn read(words: &[&[u8]], _: Family) -> Result<Value, String> {
    let word = words.first().copied().unwrap_or_default().trim_ascii_start();
    let (digits, unit) = match word.iter().position(|&b| b == b'/') {
        Some(at) => (&word[..at], &word[at + 1..]),
        None => (word, &b"second"[..]),
    };
    let units = UNITS.map(|(name, seconds, _)| (name, seconds));
    let seconds = shared::beginning(unit, &units)?;
    match shared::leading_number(digits) {
        0 => Err(format!("{} is no rate: packets per second, minute, hour or day", quote(word))),
        rate if SCALE * seconds / rate == 0 => Err(format!("{} is too fast: at most {SCALE} a second", quote(word))),
        rate => Ok(Value::Range(rate, seconds)),
    }
}

fn show(value: &Value, _: Family) -> Vec<BString> {
    let Value::Range(rate, seconds) = value else { return Vec::new() };
    let name = UNITS.iter().find(|(_, s, _)| s == seconds).map_or("second", |(name, ..)| name);
    vec![format!("{rate}/{name}").into()]
}

fn lower(part: &Part, _: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    let bucket = bucket(part);
    if bucket.overflows() {
        let reason = "a bucket that takes over 37 hours to fill overflows in the kernel, which then uses a smaller one";
        return Err(Refusal::new("limit-overflow", reason, "write a burst that the kernel can hold").at("limit-burst"));
    }
    let unit = UNITS.iter().find(|(_, s, _)| *s == bucket.seconds).map_or(TimeUnit::Second, |&(_, _, unit)| unit);
    let limit = Limit { over: false, rate: bucket.rate, bytes: false, unit, burst: Some(bucket.burst) };
    Ok(vec![Statement::Limit(limit).into()])
}
