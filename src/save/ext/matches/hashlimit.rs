//! `-m hashlimit`: a token bucket per address or port (iptables-extensions(8), *hashlimit*;
//! net/netfilter/xt_hashlimit.c).
//!
//! Rules with one name share their buckets. An entry that is not used for the expiry time is
//! forgotten, and the next packet finds a full bucket.

use bstr::{BString, ByteSlice};

use crate::diag::quote;
use crate::ir::{Fields, KeyPart, Statement};
use crate::nft::ast::{Limit, SetOp, TimeUnit};
use crate::packet::{Family, Field, L4};
use crate::save::ast::Part;
use crate::save::ext::lowering::{Cond, Cx, Refusal};
use crate::save::ext::{CheckCx, Coverage, Extension, Families, Lower, dynamic, shared};
use crate::save::option::{Arg, OptionSpec, Value};
use crate::save::value::number;

const COUNT: Arg = Arg::Number { min: 0, max: u32::MAX as u64 };
/// Milliseconds; the kernel takes no zero (`hashlimit_mt_check_common`).
const TIME: Arg = Arg::Number { min: 1, max: u32::MAX as u64 };

pub static EXTENSION: Extension = Extension {
    name: "hashlimit",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("hashlimit-upto", Arg::Custom { words: 1, read: read_rate, show: show_rate })
            .alias(&["hashlimit"])
            .not(),
        OptionSpec::new("hashlimit-above", Arg::Custom { words: 1, read: read_rate, show: show_rate }).not(),
        OptionSpec::new("hashlimit-burst", Arg::Custom { words: 1, read: read_burst, show: show_burst }),
        OptionSpec::new("hashlimit-mode", Arg::Custom { words: 1, read: read_mode, show: show_mode }),
        OptionSpec::new("hashlimit-srcmask", Arg::Number { min: 0, max: 128 }),
        OptionSpec::new("hashlimit-dstmask", Arg::Number { min: 0, max: 128 }),
        OptionSpec::new("hashlimit-name", Arg::Text { max: 255 }),
        OptionSpec::new("hashlimit-htable-size", COUNT),
        OptionSpec::new("hashlimit-htable-max", COUNT),
        OptionSpec::new("hashlimit-htable-expire", TIME),
        OptionSpec::new("hashlimit-htable-gcinterval", TIME),
        OptionSpec::new("hashlimit-rate-match", Arg::Flag),
        OptionSpec::new("hashlimit-rate-interval", Arg::Custom { words: 1, read: read_interval, show: show_burst }),
    ],
    check,
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact(
            "--hashlimit-upto",
            "-m hashlimit --hashlimit-upto 5/min --hashlimit-mode srcip --hashlimit-name a -j ACCEPT",
        )
        .note(BYTES),
        Coverage::exact(
            "! --hashlimit-upto",
            "-m hashlimit ! --hashlimit-upto 5/min --hashlimit-mode srcip --hashlimit-name a -j DROP",
        )
        .note(BYTES),
        Coverage::exact(
            "--hashlimit-above",
            "-m hashlimit --hashlimit-above 5/min --hashlimit-mode srcip --hashlimit-name a -j DROP",
        )
        .note(BYTES),
        Coverage::exact(
            "! --hashlimit-above",
            "-m hashlimit ! --hashlimit-above 5/min --hashlimit-mode srcip --hashlimit-name a -j ACCEPT",
        )
        .note(BYTES),
        Coverage::exact(
            "--hashlimit-burst",
            "-m hashlimit --hashlimit-upto 5/min --hashlimit-burst 9 --hashlimit-mode dstip --hashlimit-name a -j ACCEPT",
        ),
        Coverage::exact(
            "--hashlimit-mode",
            "-p tcp -m hashlimit --hashlimit-upto 5/min --hashlimit-mode srcip,dstport --hashlimit-name a -j ACCEPT",
        )
        .note("ports need a rule for one protocol that has ports"),
        Coverage::exact(
            "--hashlimit-srcmask",
            "-m hashlimit --hashlimit-upto 5/min --hashlimit-mode srcip --hashlimit-srcmask 24 --hashlimit-name a -j ACCEPT",
        ),
        Coverage::exact(
            "--hashlimit-dstmask",
            "-m hashlimit --hashlimit-upto 5/min --hashlimit-mode dstip --hashlimit-dstmask 24 --hashlimit-name a -j ACCEPT",
        ),
        Coverage::exact(
            "--hashlimit-name",
            "-m hashlimit --hashlimit-upto 5/min --hashlimit-mode srcip --hashlimit-name web -j ACCEPT",
        )
        .note("rules with one name must say the same, and stand in one table"),
        Coverage::exact(
            "--hashlimit-htable-size",
            "-m hashlimit --hashlimit-upto 5/min --hashlimit-mode srcip --hashlimit-htable-size 512 --hashlimit-name a -j ACCEPT",
        )
        .note("8 entries for each, which is the size of the set"),
        Coverage::exact(
            "--hashlimit-htable-max",
            "-m hashlimit --hashlimit-upto 5/min --hashlimit-mode srcip --hashlimit-htable-max 999 --hashlimit-name a -j ACCEPT",
        )
        .note("when it is full, iptables drops packets of new keys, and with nft the rule does not match them"),
        Coverage::exact(
            "--hashlimit-htable-expire",
            "-m hashlimit --hashlimit-upto 5/min --hashlimit-mode srcip --hashlimit-htable-expire 9000 --hashlimit-name a -j ACCEPT",
        ),
        Coverage::exact(
            "--hashlimit-htable-gcinterval",
            "-m hashlimit --hashlimit-upto 5/min --hashlimit-mode srcip --hashlimit-htable-gcinterval 500 --hashlimit-name a -j ACCEPT",
        )
        .note("nft forgets entries at once"),
        Coverage::refused(
            "--hashlimit-rate-match",
            "-m hashlimit --hashlimit-upto 5/min --hashlimit-mode srcip --hashlimit-rate-match --hashlimit-name a -j ACCEPT",
            "nft has token buckets only",
        ),
        Coverage::refused(
            "--hashlimit-rate-interval",
            "-m hashlimit --hashlimit-upto 5/min --hashlimit-mode srcip --hashlimit-rate-match --hashlimit-rate-interval 5 --hashlimit-name a -j ACCEPT",
            "nft has token buckets only",
        ),
    ],
};

const BYTES: &str = "byte rates only with --approximate: iptables charges units of 16 bytes";

/// The kernel counts in millionths of a second.
const SCALE: u64 = 1_000_000;

const UNITS: [(&str, u64, TimeUnit); 4] = [
    ("second", 1, TimeUnit::Second),
    ("minute", 60, TimeUnit::Minute),
    ("hour", 3600, TimeUnit::Hour),
    ("day", 86400, TimeUnit::Day),
];

const SUFFIXES: [(&[u8], u64); 4] = [(b"gb", 1 << 30), (b"mb", 1 << 20), (b"kb", 1 << 10), (b"b", 1)];

const MODES: [(&str, u64); 4] = [("srcip", 1), ("srcport", 2), ("dstip", 4), ("dstport", 8)];
const PORTS: u64 = 2 | 8;

fn check(part: &Part, cx: &CheckCx) -> Result<(), String> {
    shared::one_of(part, &["hashlimit-upto", "hashlimit-above"], true)?;
    shared::needs(part, "hashlimit-name")?;
    let name = part.text("hashlimit-name").unwrap_or_default();
    if name.is_empty() || name.contains_str("/") {
        return Err("the name must be one for a file: not empty, without `/`".into());
    }
    let width = u64::from(dynamic::address_width(cx.family));
    if ["hashlimit-srcmask", "hashlimit-dstmask"].iter().filter_map(|o| part.number(o)).any(|n| n > width) {
        return Err(format!("a mask is longer than /{width}"));
    }
    let Some(rate) = Rate::of(part) else { return Ok(()) };
    match burst(part) {
        Some(burst) if rate.bytes && burst < rate.rate => {
            Err(format!("the burst cannot be smaller than the rate, {} bytes", rate.rate))
        }
        Some(burst) if !rate.bytes && burst > 1_000_000 => Err("the burst is out of range: 1 to 1000000".into()),
        _ if !rate.bytes && rate.wraps(burst(part).unwrap_or(5)) => {
            Err("rate and burst together are too large for the kernel, which refuses them".into())
        }
        _ => Ok(()),
    }
}

/// Credits per millionth of a second of the kernel's counter where it ticks 250 or 1000 times a
/// second (`user2credits`).
const CREDITS: u64 = 137_438_953;

/// A rate: `rate` per `seconds`; `None` for seconds means bytes a second.
struct Rate {
    rate: u64,
    seconds: u64,
    bytes: bool,
    above: bool,
}

impl Rate {
    fn of(part: &Part) -> Option<Rate> {
        let opt = part.get("hashlimit-upto").or_else(|| part.get("hashlimit-above"))?;
        let above = (opt.spec.name == "hashlimit-above") != opt.negated;
        match opt.value {
            Value::Range(rate, seconds) => Some(Rate { rate, seconds, bytes: false, above }),
            Value::Number(rate) => Some(Rate { rate, seconds: 1, bytes: true, above }),
            _ => None,
        }
    }

    /// What a packet costs, in millionths of a second.
    const fn cost(&self) -> u64 {
        SCALE * self.seconds / if self.rate == 0 { 1 } else { self.rate }
    }

    /// Whether the full bucket overflows in the kernel and then does not hold one packet.
    const fn wraps(&self, burst: u64) -> bool {
        self.cost().wrapping_mul(burst).wrapping_mul(CREDITS) < self.cost().wrapping_mul(CREDITS)
    }

    /// Whether the full bucket overflows in the kernel.
    fn overflows(&self, burst: u64) -> bool {
        self.cost().checked_mul(burst).and_then(|time| time.checked_mul(CREDITS)).is_none()
    }

    fn limit(&self, burst: Option<u64>) -> Limit {
        let unit = UNITS.iter().find(|(_, s, _)| *s == self.seconds).map_or(TimeUnit::Second, |&(_, _, unit)| unit);
        let burst = if self.bytes { burst } else { Some(burst.unwrap_or(5)) };
        Limit { over: self.above, rate: self.rate, bytes: self.bytes, unit, burst }
    }
}

/// `n[/unit]` packets -> `Range(n, seconds)`, or `n[kmg]b/s` -> `Number(bytes)`.
fn read_rate(words: &[&[u8]], _: Family) -> Result<Value, String> {
    let word = words.first().copied().unwrap_or_default();
    let wrong = || format!("{} is no rate: packets per second, minute, hour or day, or bytes as 512kb/s", quote(word));
    if let Some(bytes) = word.strip_suffix(b"/s").and_then(bytes) {
        return Ok(Value::Number(bytes));
    }
    let (digits, unit) = match word.iter().position(|&b| b == b'/') {
        Some(at) => (&word[..at], &word[at + 1..]),
        None => (word, &b"second"[..]),
    };
    let seconds = shared::beginning(unit, &UNITS.map(|(name, seconds, _)| (name, seconds))).map_err(|_| wrong())?;
    match shared::leading_number(digits) {
        0 => Err(wrong()),
        rate if SCALE * seconds / rate == 0 => Err(format!("{} is too fast: at most {SCALE} a second", quote(word))),
        rate => Ok(Value::Range(rate, seconds)),
    }
}

/// `512kb` and the like in bytes.
fn bytes(word: &[u8]) -> Option<u64> {
    let (digits, unit) = SUFFIXES.iter().find_map(|(suffix, unit)| Some((word.strip_suffix(*suffix)?, unit)))?;
    let digits = digits.iter().all(u8::is_ascii_digit).then_some(digits)?;
    number(digits).ok().filter(|&n| n > 0)?.checked_mul(*unit).filter(|&n| n <= u32::MAX.into())
}

fn show_rate(rate: &Value, _: Family) -> Vec<BString> {
    match rate {
        Value::Range(rate, seconds) => {
            let name = UNITS.iter().find(|(_, s, _)| s == seconds).map_or("second", |(name, ..)| name);
            vec![format!("{rate}/{name}").into()]
        }
        Value::Number(bytes) => vec![format!("{bytes}b/s").into()],
        _ => Vec::new(),
    }
}

/// A number of packets -> `Number`, or of bytes with a suffix -> `Range` of one.
fn read_burst(words: &[&[u8]], _: Family) -> Result<Value, String> {
    let word = words.first().copied().unwrap_or_default();
    if let Some(bytes) = bytes(word) {
        return Ok(Value::Range(bytes, bytes));
    }
    match number(word)? {
        0 => Err("a burst of 0 never lets anything pass".into()),
        n => Ok(Value::Number(n)),
    }
}

/// Seconds, decimal whatever stands before them (`atoi`).
fn read_interval(words: &[&[u8]], _: Family) -> Result<Value, String> {
    const LONGEST: u64 = i32::MAX as u64;
    let word = words.first().copied().unwrap_or_default();
    let digits = word.to_str().ok().filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
    let seconds = digits.and_then(|text| text.parse().ok()).filter(|seconds| (1..=LONGEST).contains(seconds));
    seconds.map(Value::Number).ok_or_else(|| format!("{} is no number of seconds: 1 to {LONGEST}", quote(word)))
}

fn show_burst(burst: &Value, _: Family) -> Vec<BString> {
    match burst {
        Value::Number(n) => vec![n.to_string().into()],
        Value::Range(bytes, _) => vec![format!("{bytes}b").into()],
        _ => Vec::new(),
    }
}

fn burst(part: &Part) -> Option<u64> {
    match part.get("hashlimit-burst")?.value {
        Value::Number(n) | Value::Range(n, _) => Some(n),
        _ => None,
    }
}

fn read_mode(words: &[&[u8]], _: Family) -> Result<Value, String> {
    let word = words.first().copied().unwrap_or_default();
    let one = |w: &[u8]| MODES.iter().find(|(name, _)| name.as_bytes() == w).map(|&(_, bit)| bit);
    let modes = word.split(|&b| b == b',').filter(|w| !w.is_empty());
    modes
        .map(|w| one(w).ok_or_else(|| format!("{} is not one of srcip, srcport, dstip, dstport", quote(w))))
        .try_fold(0, |bits, bit| bit.map(|b| bits | b))
        .map(Value::Number)
}

fn show_mode(mode: &Value, _: Family) -> Vec<BString> {
    match mode {
        Value::Number(bits) => {
            let names = MODES.iter().filter(|(_, bit)| bits & bit != 0).map(|(name, _)| *name);
            vec![names.collect::<Vec<_>>().join(",").into()]
        }
        _ => Vec::new(),
    }
}

fn lower(part: &Part, cx: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    if part.has("hashlimit-rate-match") {
        let reason = "it compares measured rates, where nft has token buckets only";
        let help = "leave --hashlimit-rate-match out to limit by a token bucket";
        return Err(Refusal::new("hashlimit-rate-match", reason, help).at("hashlimit-rate-match"));
    }
    let Some(rate) = Rate::of(part) else { return Ok(Vec::new()) };
    if rate.bytes {
        approximate_bytes(cx)?;
    }
    if !rate.bytes && rate.overflows(burst(part).unwrap_or(5)) {
        let reason = "a bucket that takes over 37 hours to fill overflows in the kernel, which then uses a smaller one";
        let help = "write a burst that the kernel can hold";
        return Err(Refusal::new("hashlimit-overflow", reason, help).at("hashlimit-burst"));
    }
    let limit = rate.limit(burst(part));
    let key = key(part, cx)?;
    let milliseconds = part.number("hashlimit-htable-expire").unwrap_or(rate.seconds * 1000);
    let timeout = milliseconds.div_ceil(1000).max(1);
    let fields: Fields = key.iter().map(|k| k.field).collect();
    if part.text("hashlimit-name").is_some_and(|name| cx.shared_buckets.contains(name)) {
        let reason = "rules of several tables use this name, and share buckets, which nft keeps apart by table";
        return Err(Refusal::new("hashlimit-tables", reason, "give the rules of each table a name of their own")
            .at("hashlimit-name"));
    }
    let name = format!("hashlimit_{}", part.text("hashlimit-name").unwrap_or_default());
    let inner = vec![Statement::Limit(limit)];
    let set = match cx.sets.find(name.as_bytes()) {
        Some(set) => set,
        None => dynamic::add_set(cx, &name, fields.clone(), Some(timeout), room(part)),
    };
    // A rule that never matches leaves its set behind, and nothing that adds to it.
    let alike = cx.table.sets.get(set.0 as usize).is_some_and(|s| s.key == fields.to_vec());
    let update = Statement::SetUpdate { op: SetOp::Update, set, key, timeout: Some(timeout), inner };
    if !alike || !cx.sets.agree(set, &update) {
        let reason = "another rule uses this name with other settings, and both would share one set of buckets";
        let help = "give the rules names of their own, or the same rate, burst, mode and direction";
        return Err(Refusal::new("hashlimit-shared", reason, help).at("hashlimit-name"));
    }
    Ok(vec![update.into()])
}

/// How many entries the kernel keeps (net/netfilter/xt_hashlimit.c, `htable_create`): what is asked for, or eight for
/// each bucket, and never less than one. By default, that is 8 times 8,192.
fn room(part: &Part) -> Option<u32> {
    const BUCKETS: u64 = 8192;
    const MOST: u64 = 1 << 20;
    let buckets = part.number("hashlimit-htable-size").filter(|&n| n > 0).map(|n| n.min(MOST));
    let most = part.number("hashlimit-htable-max").filter(|&n| n > 0).map(|n| n.min(MOST));
    let entries = match (most, buckets) {
        (Some(most), buckets) => most.max(buckets.unwrap_or(BUCKETS)),
        (None, Some(buckets)) => 8 * buckets,
        (None, None) => return None,
    };
    u32::try_from(entries).ok()
}

fn approximate_bytes(cx: &mut Cx) -> Result<(), Refusal> {
    if !cx.approximate {
        let reason = "byte rates differ: iptables charges units of 16 bytes, nft each byte";
        return Err(Refusal::new("hashlimit-bytes", reason, "give --approximate to take nft's way of counting"));
    }
    cx.differs("iptables charges units of 16 bytes, nft each byte");
    Ok(())
}

/// What a bucket is for. Without a mode there is one for all, and a key that all packets share.
fn key(part: &Part, cx: &Cx) -> Result<Vec<KeyPart>, Refusal> {
    let mode = part.number("hashlimit-mode").unwrap_or_default();
    let l4 = match cx.protocol {
        Some((number, false)) => {
            [L4::Tcp, L4::Udp, L4::Udplite, L4::Dccp, L4::Sctp].into_iter().find(|l4| l4.protocol() == Some(number))
        }
        _ => None,
    };
    if mode & PORTS != 0 && l4.is_none() {
        let reason = "ports are asked of packets that may have none, for which iptables takes 0";
        return Err(Refusal::new("hashlimit-ports", reason, "give the rule `-p` with tcp, udp, dccp or sctp")
            .at("hashlimit-mode"));
    }
    let l4 = l4.unwrap_or(L4::Th);
    let mask = |name| {
        part.number(name).map_or(Some(None), |length| match length {
            0 => None,
            length => Some(dynamic::prefix_mask(length, cx.family)),
        })
    };
    let mut key = Vec::new();
    if mode & 1 != 0
        && let Some(mask) = mask("hashlimit-srcmask")
    {
        key.push(KeyPart { field: cx.saddr(), mask });
    }
    if mode & 2 != 0 {
        key.push(Field::Sport(l4).into());
    }
    if mode & 4 != 0
        && let Some(mask) = mask("hashlimit-dstmask")
    {
        key.push(KeyPart { field: cx.daddr(), mask });
    }
    if mode & 8 != 0 {
        key.push(Field::Dport(l4).into());
    }
    if key.is_empty() {
        // One bucket for all: a field that is the same in every packet of the table. nft takes `meta nfproto` in
        // tables of both families only.
        key.push(Field::Protocol.into());
    }
    Ok(key)
}
