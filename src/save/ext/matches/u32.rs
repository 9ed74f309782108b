//! `-m u32`: four bytes anywhere, shifted and masked, in ranges (iptables-extensions(8), *u32*;
//! net/netfilter/xt_u32.c).
//!
//! nft reads at fixed places only. A jump by `@` goes to the transport header or to TCP's data, which nft has
//! words for, or becomes one rule for each value of the number that says how far.

use bstr::BString;

use crate::diag::quote;
use crate::nft::version::Feature;
use crate::packet::{Family, Interval, IntervalSet, PayloadBase};
use crate::save::ast::Part;
use crate::save::ext::lowering::{Cond, Cx, Refusal};
use crate::save::ext::word::{self, Way, Word};
use crate::save::ext::{Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec, Value};
use crate::save::value::number;

pub static EXTENSION: Extension = Extension {
    name: "u32",
    aliases: &[],
    families: Families::Both,
    options: &[OptionSpec::new("u32", Arg::Custom { words: 1, read, show }).not()],
    check: |part, _| shared::needs(part, "u32"),
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--u32", "-m u32 --u32 \"6&0xFF=1\" -j ACCEPT").note(NOTE),
        Coverage::exact("! --u32", "-m u32 ! --u32 \"6&0xFF=1,6\" -j DROP").note(NOTE),
    ],
};

const NOTE: &str = "`@` where the number before it has at most four bits (lengths of headers); `0>>22&0x3C@` is `@th` where \
    fragments are put together, and `12>>26&0x3C@` behind it `@ih`";

/// Sizes of the kernel's arrays (include/uapi/linux/netfilter/xt_u32.h, `XT_U32_MAXSIZE`).
const MOST: usize = 10;

const AND: u64 = 0;
const LEFT: u64 = 1;
const RIGHT: u64 = 2;
const AT: u64 = 3;

/// `test&&test...`, a test being `location=values`: a list of [locations, values] of ranges.
/// A location is an operator and its number.
fn read(words: &[&[u8]], _: Family) -> Result<Value, String> {
    let mut input = Input { rest: words.first().copied().unwrap_or_default() };
    let mut tests = Vec::new();
    loop {
        tests.push(input.test()?);
        if input.rest.is_empty() {
            break;
        }
        if !input.take(b"&&") {
            return Err(format!("`&&` is expected before {}", quote(input.rest)));
        }
    }
    if tests.len() > MOST { Err(format!("more than {MOST} tests")) } else { Ok(Value::List(tests)) }
}

struct Input<'a> {
    rest: &'a [u8],
}

impl Input<'_> {
    fn skip(&mut self) {
        self.rest = self.rest.trim_ascii_start();
    }

    fn take(&mut self, token: &[u8]) -> bool {
        self.skip();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                self.skip();
                true
            }
            None => false,
        }
    }

    fn number(&mut self) -> Result<u64, String> {
        self.skip();
        let end = self.rest.iter().position(|b| !b.is_ascii_alphanumeric()).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        let found = number(word).ok().filter(|&n| n <= u32::MAX.into());
        self.rest = rest;
        self.skip();
        found.ok_or_else(|| format!("{} is no number of 32 bits", quote(word)))
    }

    fn test(&mut self) -> Result<Value, String> {
        let mut location = vec![(AND, self.number()?)];
        let mut values = Vec::new();
        while !self.take(b"=") {
            let operator = [(&b"<<"[..], LEFT), (b">>", RIGHT), (b"&", AND), (b"@", AT)];
            let found = operator.into_iter().find(|(token, _)| self.take(token));
            let (_, operator) = found.ok_or_else(|| format!("an operator is expected before {}", quote(self.rest)))?;
            location.push((operator, self.number()?));
        }
        loop {
            let lo = self.number()?;
            let hi = if self.take(b":") { self.number()? } else { lo };
            values.push((lo, hi));
            if !self.take(b",") {
                break;
            }
        }
        if location.len() > MOST || values.len() > MOST {
            return Err(format!("more than {MOST} operators or values in one test"));
        }
        Ok(Value::List(vec![Value::Ranges(location), Value::Ranges(values)]))
    }
}

fn show(value: &Value, _: Family) -> Vec<BString> {
    let Value::List(tests) = value else { return Vec::new() };
    let text: Vec<String> = tests.iter().filter_map(parts).map(|(l, v)| show_test(l, v)).collect();
    vec![text.join("&&").into()]
}

type Pairs = [(u64, u64)];

fn parts(test: &Value) -> Option<(&Pairs, &Pairs)> {
    let Value::List(parts) = test else { return None };
    match parts.as_slice() {
        [Value::Ranges(location), Value::Ranges(values)] => Some((location, values)),
        _ => None,
    }
}

fn show_test(location: &Pairs, values: &Pairs) -> String {
    let mut out = String::new();
    for (at, (operator, n)) in location.iter().enumerate() {
        let token = match *operator {
            _ if at == 0 => "",
            LEFT => "<<",
            RIGHT => ">>",
            AT => "@",
            _ => "&",
        };
        out.push_str(&format!("{token}{n:#x}"));
    }
    let range = |&(lo, hi): &(u64, u64)| if lo == hi { format!("{lo:#x}") } else { format!("{lo:#x}:{hi:#x}") };
    out + "=" + &values.iter().map(range).collect::<Vec<_>>().join(",")
}

fn lower(part: &Part, cx: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    let Some(opt) = part.get("u32") else { return Ok(Vec::new()) };
    let Value::List(tests) = &opt.value else { return Ok(Vec::new()) };
    let mut ways = vec![Way::new()];
    for (location, values) in tests.iter().filter_map(parts) {
        ways = word::both(&ways, &test(location, values, cx)?).ok_or_else(many)?;
    }
    Ok(word::conditions(ways, opt.negated))
}

/// A number that was read, and what led to its place.
struct Reading {
    way: Way,
    base: PayloadBase,
    /// What the jumps added up to, in bytes from the base.
    at: u64,
    word: Word,
}

impl Reading {
    fn new(way: Way, base: PayloadBase, at: u64, offset: u64) -> Result<Reading, Refusal> {
        let word = Word::at(base, at + offset, 32).ok_or_else(|| {
            Refusal::new("u32-far", "the place lies beyond what nft can read", "look at the first 8 kB only").at("u32")
        })?;
        Ok(Reading { way, base, at, word })
    }

    fn apply(mut self, operator: u64, n: u64) -> Result<Reading, Refusal> {
        let by = u32::try_from(n).unwrap_or(u32::MAX);
        let shifted = match operator {
            LEFT => self.word.shifted_left(by),
            RIGHT => self.word.shifted_right(by),
            _ => Some(self.word.and(by)),
        };
        self.word = shifted.ok_or_else(|| {
            let reason = "what a shift by 32 bits or more gives depends on the processor";
            Refusal::new("u32-shape", reason, "shift by less").at("u32")
        })?;
        Ok(self)
    }

    /// Where the number leads: one reading for each of its values, where nft has no word for the place.
    fn jump(self, offset: u64, cx: &Cx) -> Result<Vec<Reading>, Refusal> {
        if let Some(base) = self.header_behind(cx) {
            if base == PayloadBase::Inner && !cx.target.supports(Feature::InnerPayload) {
                return Err(shared::too_old(Feature::InnerPayload, cx).at("u32"));
            }
            return Ok(vec![Reading::new(self.way, base, 0, offset)?]);
        }
        let values = self.word.few_values().ok_or_else(|| {
            let reason =
                "it jumps as far as a number of the packet says that has many values, and nft reads at fixed places";
            Refusal::new("u32-jump", reason, "write the header's field by its name in nft").at("u32")
        })?;
        let mut out = Vec::new();
        for value in values {
            let ways = self.word.within(&IntervalSet::point(value.into())).ok_or_else(many)?;
            for way in ways.iter().filter_map(|way| word::joined(&self.way, way)) {
                out.push(Reading::new(way, self.base, self.at + u64::from(value), offset)?);
            }
        }
        Ok(out)
    }

    /// The header that begins where the number leads. Later fragments have none.
    fn header_behind(&self, cx: &Cx) -> Option<PayloadBase> {
        let is = |base, byte, by| {
            let length = Word::at(base, byte, 32)?.shifted_right(by)?.and(0x3c);
            (self.base == base && self.at == 0 && self.word == length).then_some(())
        };
        let whole = cx.family != Family::Ip6 && cx.reassembled;
        if whole && is(PayloadBase::Network, 0, 22).is_some() {
            return Some(PayloadBase::Transport);
        }
        let tcp = cx.protocol == Some((TCP, false));
        (tcp && is(PayloadBase::Transport, 12, 26).is_some()).then_some(PayloadBase::Inner)
    }
}

const TCP: u8 = 6;

fn many() -> Refusal {
    let reason = format!("it has more than {} ways to match in nft", word::MOST_WAYS);
    let help = "write the header's field by its name in nft, or say --assume reassembled if no fragments come";
    Refusal::new("u32-many", reason, help).at("u32")
}

/// The ways in which one test holds.
fn test(location: &Pairs, values: &Pairs, cx: &Cx) -> Result<Vec<Way>, Refusal> {
    let Some((&(_, offset), operators)) = location.split_first() else { return Ok(Vec::new()) };
    let mut readings = vec![Reading::new(Way::new(), PayloadBase::Network, 0, offset)?];
    for &(operator, n) in operators {
        let next = readings.into_iter().map(|reading| match operator {
            AT => reading.jump(n, cx),
            _ => reading.apply(operator, n).map(|reading| vec![reading]),
        });
        readings = next.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
        if readings.len() > word::MOST_WAYS {
            return Err(many());
        }
    }
    let values: IntervalSet =
        values.iter().filter(|(lo, hi)| lo <= hi).map(|&(lo, hi)| Interval::new(lo.into(), hi.into())).collect();
    let mut out = Vec::new();
    for reading in readings {
        let ways = reading.word.within(&values).ok_or_else(|| {
            let reason = "a range behind a mask of several runs of bits has no single form in nft";
            Refusal::new("u32-range", reason, "write single values instead of ranges").at("u32")
        })?;
        out.extend(ways.iter().filter_map(|way| word::joined(&reading.way, way)));
    }
    if out.len() > word::MOST_WAYS { Err(many()) } else { Ok(out) }
}
