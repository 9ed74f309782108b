//! `-m string`: bytes inside the packet (iptables-extensions(8), *string*; net/netfilter/xt_string.c).
//!
//! nft compares bytes at a fixed place only, so the window between `--from` and `--to` must leave the pattern few
//! places. Offsets count from the network header.

use bstr::{BStr, BString};

use crate::ir::{Bits, Step, Test};
use crate::packet::{Family, Field, PayloadBase};
use crate::save::ast::Part;
use crate::save::ext::lowering::{Cond, Cx, Refusal};
use crate::save::ext::{CheckCx, Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec, Value};

pub static EXTENSION: Extension = Extension {
    name: "string",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("from", Arg::Number { min: 0, max: 0xffff }),
        OptionSpec::new("to", Arg::Number { min: 0, max: 0xffff }),
        OptionSpec::new("algo", Arg::Text { max: 15 }),
        OptionSpec::new("string", Arg::Text { max: LONGEST }).not(),
        OptionSpec::new("hex-string", Arg::Custom { words: 1, read: read_hex, show: show_hex }).not(),
        OptionSpec::new("icase", Arg::Flag),
    ],
    check,
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--from", "-m string --algo bm --from 28 --to 31 --string abc -j DROP").note(NOTE),
        Coverage::exact("--to", "-m string --algo bm --from 28 --to 40 --string abc -j DROP").note(NOTE),
        Coverage::exact("--algo", "-m string --algo kmp --from 28 --to 31 --string abc -j DROP").note(NOTE),
        Coverage::exact("--string", "-m string --algo bm --from 28 --to 31 --string abc -j DROP").note(NOTE),
        Coverage::exact("! --string", "-m string --algo bm --from 28 --to 31 ! --string abc -j ACCEPT").note(NOTE),
        Coverage::exact("--hex-string", "-m string --algo bm --from 28 --to 30 --hex-string \"|0a0b|\" -j DROP")
            .note(NOTE),
        Coverage::exact("! --hex-string", "-m string --algo bm --from 28 --to 30 ! --hex-string \"|0a0b|\" -j ACCEPT")
            .note(NOTE),
        Coverage::exact("--icase", "-m string --algo bm --icase --from 28 --to 31 --string abc -j DROP").note(NOTE),
    ],
};

const NOTE: &str = "where --from and --to leave the pattern up to 64 places, each of which is a rule; else refused: nft does \
    not search";

/// Most places of a pattern.
const MOST_PLACES: u64 = 64;

/// Longest pattern (include/uapi/linux/netfilter/xt_string.h).
const LONGEST: usize = 128;

/// Bytes that one test of nft compares at most.
const CHUNK: usize = 16;

fn check(part: &Part, _: &CheckCx) -> Result<(), String> {
    shared::needs(part, "algo")?;
    shared::one_of(part, &["string", "hex-string"], true)?;
    if !matches!(part.text("algo"), Some(algo) if algo == "bm" || algo == "kmp") {
        return Err("`--algo` is bm or kmp".into());
    }
    if pattern(part).is_none_or(|p| p.is_empty()) {
        return Err("the pattern is empty".into());
    }
    match window(part) {
        (from, to) if from > to => Err("`--to` comes before `--from`".into()),
        _ => Ok(()),
    }
}

fn window(part: &Part) -> (u64, u64) {
    (part.number("from").unwrap_or(0), part.number("to").unwrap_or(0xffff))
}

fn pattern(part: &Part) -> Option<&BStr> {
    part.text("string").or_else(|| part.text("hex-string"))
}

/// Text with bytes in hexadecimal between bars: `|0a 0b|text`. A backslash takes the next byte as it is.
fn read_hex(words: &[&[u8]], _: Family) -> Result<Value, String> {
    let mut rest = words.first().copied().unwrap_or_default();
    let mut out = Vec::new();
    while let Some((&first, tail)) = rest.split_first() {
        rest = match first {
            b'\\' => {
                let (&taken, tail) = tail.split_first().ok_or("a backslash ends the pattern")?;
                out.push(taken);
                tail
            }
            b'|' => {
                let end = tail.iter().position(|&b| b == b'|').ok_or("a block of bytes is not closed by `|`")?;
                block(&tail[..end], &mut out)?;
                &tail[end + 1..]
            }
            _ => {
                out.push(first);
                tail
            }
        };
    }
    if out.len() > LONGEST {
        return Err(format!("the pattern has {} bytes, at most {LONGEST} fit", out.len()));
    }
    Ok(Value::Text(out.into()))
}

fn block(text: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
    let digits: Vec<u8> = text.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
    let value = |b: u8| char::from(b).to_digit(16).map(|d| d as u8);
    if !digits.len().is_multiple_of(2) {
        return Err("a block of bytes has an odd number of digits".into());
    }
    for pair in digits.chunks_exact(2) {
        match [value(pair[0]), value(pair[1])] {
            [Some(high), Some(low)] => out.push(high << 4 | low),
            _ => return Err("a block of bytes holds something else than hexadecimal digits".into()),
        }
    }
    Ok(())
}

fn show_hex(value: &Value, _: Family) -> Vec<BString> {
    match value {
        Value::Text(bytes) => {
            let digits: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
            vec![format!("|{digits}|").into()]
        }
        _ => Vec::new(),
    }
}

fn lower(part: &Part, _: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    let Some(pattern) = pattern(part) else { return Ok(Vec::new()) };
    let (from, to) = window(part);
    let negated = part.options.iter().any(|o| o.negated);
    let Some(last) = to.checked_sub(pattern.len() as u64).filter(|&last| last >= from) else {
        return Ok(if negated { Vec::new() } else { vec![Cond::Never] });
    };
    if last - from >= MOST_PLACES {
        let reason = format!(
            "it searches the packet, and nft compares bytes at a fixed place only, of which more than {MOST_PLACES} would do"
        );
        let help =
            "narrow the place by --from and --to, or leave such filtering to a proxy or an intrusion detection system";
        return Err(Refusal::new("string-search", reason, help));
    }
    let icase = part.has("icase");
    if icase && !pattern.is_ascii() {
        let reason = "what the case of bytes outside ASCII is depends on the kernel";
        return Err(Refusal::new("string-case", reason, "leave --icase out").at("icase"));
    }
    let places: Option<Vec<Vec<Step>>> = (from..=last).map(|place| at(place, pattern, icase)).collect();
    let places = places.ok_or_else(|| {
        let reason = "the place lies beyond what nft can read at a fixed offset";
        Refusal::new("string-far", reason, "look at the first 8 kB of packets only").at("from")
    })?;
    Ok(match (negated, places.as_slice()) {
        (true, _) => places.into_iter().map(Cond::Not).collect(),
        (false, [only]) => only.iter().cloned().map(Cond::Step).collect(),
        (false, _) => vec![Cond::AnyOf(places)],
    })
}

/// The pattern at a place, in tests of as many bytes as nft compares at once.
fn at(place: u64, pattern: &BStr, icase: bool) -> Option<Vec<Step>> {
    let chunks = pattern.chunks(CHUNK).enumerate();
    chunks.map(|(at, bytes)| Some(Step::Test(chunk(place + (at * CHUNK) as u64, bytes, icase)?))).collect()
}

/// Bytes at an offset from the network header; letters of either case through a mask.
fn chunk(offset: u64, bytes: &[u8], icase: bool) -> Option<Test> {
    let field = Field::Payload {
        base: PayloadBase::Network,
        offset: u16::try_from(offset.checked_mul(8)?).ok()?,
        len: u8::try_from(bytes.len() * 8).ok()?,
    };
    let mask = |b: u8| if icase && b.is_ascii_alphabetic() { 0xdf } else { 0xff };
    let number = |byte: fn(u8, u8) -> u8| bytes.iter().fold(0u128, |n, &b| n << 8 | u128::from(byte(b, mask(b))));
    let (value, mask) = (number(|b, mask| b & mask), number(|_, mask| mask));
    Some(Test::from(Bits { field, mask, value, negated: false }))
}
