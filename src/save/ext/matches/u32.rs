//! `-m u32`: four bytes anywhere, shifted and masked, in ranges (iptables-extensions(8), *u32*;
//! net/netfilter/xt_u32.c).
//!
//! nft reads at fixed places only. A jump by `@` is refused; with `--approximate`, `0>>22&0x3C@` of
//! IPv4 is where the transport header starts.

use bstr::BString;

use crate::diag::quote;
use crate::ir::{Step, Test};
use crate::packet::{Family, Field, Interval, IntervalSet, PayloadBase};
use crate::save::ast::Part;
use crate::save::ext::lowering::{Cond, Cx, Refusal};
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

const NOTE: &str = "at fixed places; `@` is refused, but for `0>>22&0x3C@` with --approximate";

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
    let mut steps = Vec::new();
    for (location, values) in tests.iter().filter_map(parts) {
        steps.push(Step::Test(test(location, values, cx)?));
    }
    Ok(if opt.negated { vec![Cond::Not(steps)] } else { steps.into_iter().map(Cond::Step).collect() })
}

/// Where the transport header of IPv4 starts: `0>>22&0x3C@`.
const TRANSPORT: [(u64, u64); 3] = [(AND, 0), (RIGHT, 22), (AND, 0x3c)];

fn test(location: &Pairs, values: &Pairs, cx: &mut Cx) -> Result<Test, Refusal> {
    let (base, location) = match location {
        [a, b, c, (AT, offset), rest @ ..]
            if [*a, *b, *c] == TRANSPORT && cx.family != Family::Ip6 && cx.approximate =>
        {
            cx.differs("the data of later fragments is not looked at");
            let mut moved = vec![(AND, *offset)];
            moved.extend(rest);
            (PayloadBase::Transport, moved)
        }
        other => (PayloadBase::Network, other.to_vec()),
    };
    let jump = || {
        let reason = "it jumps to a place that the packet says, and nft reads at fixed places only";
        Refusal::new(
            "u32-jump",
            reason,
            "write the header's field by its name in nft; `0>>22&0x3C@` is taken with --approximate",
        )
        .at("u32")
    };
    let Some(((_, offset), operators)) = location.split_first() else { return Err(jump()) };
    if operators.iter().any(|(operator, _)| *operator == AT) {
        return Err(jump());
    }
    let shape = shape(operators).ok_or_else(|| {
        let reason = "its shifts and masks have no single form in nft";
        Refusal::new("u32-shape", reason, "write one shift and one mask per test").at("u32")
    })?;
    let offset = offset.checked_mul(8).and_then(|bits| u16::try_from(bits).ok()).ok_or_else(|| {
        Refusal::new("u32-far", "the place lies beyond what nft can read", "look at the first 8 kB only").at("u32")
    })?;
    let field = Field::Payload { base, offset, len: 32 };
    compare(field, shape, values).ok_or_else(|| {
        let reason = "a range behind a mask has no single form in nft";
        Refusal::new("u32-range", reason, "write single values instead of ranges").at("u32")
    })
}

/// `(word & mask)` moved right by `right` bits and left by `left`.
struct Shape {
    mask: u64,
    right: u32,
    left: u32,
}

/// Operators in their order as one mask and one shift.
fn shape(operators: &Pairs) -> Option<Shape> {
    let mut shape = Shape { mask: u32::MAX.into(), right: 0, left: 0 };
    for &(operator, n) in operators {
        let shift = u32::try_from(n).ok().filter(|&n| n < 32);
        match operator {
            AND => shape.mask &= n << shape.right >> shape.left,
            RIGHT if shape.left == 0 => {
                shape.right += shift?;
                shape.mask = shape.mask >> shape.right.min(32) << shape.right.min(32);
            }
            LEFT if shape.right == 0 => {
                shape.left += shift?;
                shape.mask &= (u64::from(u32::MAX)) >> shape.left.min(32);
            }
            _ => return None,
        }
    }
    (shape.right < 32 && shape.left < 32).then_some(shape)
}

fn compare(field: Field, shape: Shape, values: &Pairs) -> Option<Test> {
    let mask = u128::from(shape.mask);
    // Values back to where they stand in the word; those that cannot come out of the mask go.
    let back = |n: u128| (n << shape.right) >> shape.left;
    let forth = |n: u128| (n << shape.left) >> shape.right;
    let contiguous = mask == u128::from(u32::MAX);
    if contiguous && shape.right == 0 && shape.left == 0 {
        let set: IntervalSet =
            values.iter().filter(|(lo, hi)| lo <= hi).map(|&(lo, hi)| Interval::new(lo.into(), hi.into())).collect();
        return Some(Test::In { field, set });
    }
    let reachable = |n: u128| forth(back(n)) == n && back(n) & !mask == 0;
    match values {
        [(lo, hi)] if lo == hi => {
            let value = u128::from(*lo);
            if reachable(value) {
                return Some(Test::Bits { field, mask, value: back(value), negated: false });
            }
            Some(Test::In { field, set: IntervalSet::empty() })
        }
        _ => masked_values(field, mask, &shape, values),
    }
}

/// Bytes that each packet has.
const FIXED_HEADER: u16 = 20;

/// Several values behind a mask that is one run of bits at the end or start of the word: the run is
/// a field of its own.
fn masked_values(field: Field, mask: u128, shape: &Shape, values: &Pairs) -> Option<Test> {
    let Field::Payload { base, offset, .. } = field else { return None };
    // A part of the word may be there where the whole is not, unless all packets have it.
    if base != PayloadBase::Network || offset > FIXED_HEADER * 8 - 32 {
        return None;
    }
    let low = mask.trailing_zeros();
    let run = mask >> low;
    let width = run.count_ones();
    if shape.left != 0 || low != shape.right || run & (run + 1) != 0 || width == 0 {
        return None;
    }
    let start = offset.checked_add(u16::try_from(32 - low - width).ok()?)?;
    let field = Field::Payload { base, offset: start, len: u8::try_from(width).ok()? };
    let most = (1u128 << width) - 1;
    let inside = values.iter().filter(|&&(lo, hi)| lo <= hi && u128::from(lo) <= most);
    let set = inside.map(|&(lo, hi)| Interval::new(lo.into(), u128::from(hi).min(most))).collect();
    Some(Test::In { field, set })
}
