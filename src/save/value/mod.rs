//! Arguments of options: from words to typed values and back.
//!
//! Number syntax is that of `strtoul` with base 0, as libxtables reads numbers. Messages say
//! what was expected; the caller knows where. Invariant: `read(show(v))` is `v`.

mod address;
pub mod protocols;
pub mod services;

use bstr::{BString, ByteSlice};
use nom::branch::alt;
use nom::bytes::complete::tag_no_case;
use nom::character::complete::{digit1, hex_digit1, oct_digit0};
use nom::combinator::{all_consuming, map_opt};
use nom::sequence::preceded;
use nom::{IResult, Parser};

pub use address::{read_address, read_net, show_address, show_net};
use address::{read_loose_address, read_loose_net};

use super::option::{Arg, Interface, Net, Value};
use crate::diag::quote;
use crate::packet::Family;

/// What reading an argument may depend on.
#[derive(Clone, Copy, Debug)]
pub struct ReadCx {
    pub family: Family,
    /// Protocol of the rule's head, for service names.
    pub protocol: Option<u8>,
}

impl Arg {
    /// How many words the option takes.
    pub const fn words(&self) -> usize {
        match self {
            Arg::Flag | Arg::Optional { .. } => 0,
            Arg::Custom { words, .. } => *words,
            _ => 1,
        }
    }

    /// Whether the option takes this word although it needs none.
    pub fn may_take(&self, word: &[u8]) -> bool {
        matches!(self, Arg::Optional { .. }) && !word.starts_with(b"-") && !word.starts_with(b"!")
    }
}

/// Reads an argument; `words` has as many words as `arg` takes.
pub fn read(arg: &Arg, words: &[&[u8]], cx: ReadCx) -> Result<Value, String> {
    let word = words.first().copied().unwrap_or_default();
    match arg {
        Arg::Flag => Ok(Value::None),
        Arg::Number { min, max } => within(number(word)?, *min, *max).map(Value::Number),
        Arg::Range { max, separator, open } => {
            let (lo, hi) = bounds(word, *separator, *open, *max, &number)?;
            Ok(Value::Range(lo, hi))
        }
        Arg::Ranges { max, most } => ranges(word, *most, *max, number),
        Arg::Masked { bits } => masked(word, *bits),
        Arg::Ports => {
            let (lo, hi) = range(word, b':', true, 65535, |w| port(w, cx.protocol))?;
            Ok(Value::Range(lo, hi))
        }
        Arg::PortRange => {
            let (lo, hi) = bounds(word, b':', true, 65535, &decimal_port)?;
            Ok(Value::Range(lo, hi))
        }
        Arg::PortList => ranges(word, 15, 65535, |w| port(w, cx.protocol)),
        Arg::Nets => nets(word, cx),
        Arg::Net => Ok(Value::Nets(vec![net(word, cx)?])),
        Arg::AddressRange => address_range(word, cx.family),
        Arg::Mac => mac(word).map(Value::Mac).ok_or_else(|| format!("{} is no MAC address", quote(word))),
        Arg::Interface => interface(word).map(|i| Value::Interface(Box::new(i))),
        Arg::Protocol => protocol(word).map(|n| Value::Number(n.into())),
        Arg::Word(table) => one_of(word, table).map(Value::Number),
        Arg::Words(table) => {
            word.split(|&b| b == b',').try_fold(0, |bits, w| one_of(w, table).map(|b| bits | b)).map(Value::Number)
        }
        Arg::Text { max } if word.len() > *max => {
            Err(format!("the text is {} bytes long, at most {max} fit", word.len()))
        }
        Arg::Text { .. } => Ok(Value::Text(word.into())),
        Arg::Optional { .. } if words.is_empty() => Ok(Value::None),
        Arg::Custom { read, .. } | Arg::Optional { read, .. } => read(words, cx.family),
    }
}

/// Writes a value as the words that `read` takes.
pub fn show(arg: &Arg, value: &Value, family: Family) -> Vec<BString> {
    let one = |text: String| vec![BString::from(text)];
    match (arg, value) {
        (Arg::Custom { show, .. } | Arg::Optional { show, .. }, value) => show(value, family),
        (_, Value::None) => Vec::new(),
        (Arg::Word(table), Value::Number(n)) => one(word_of(*n, table)),
        (Arg::Words(table), Value::Number(bits)) => one(words_of(*bits, table)),
        (_, Value::Number(n)) => one(n.to_string()),
        (Arg::Range { separator, .. }, Value::Range(lo, hi)) => one(show_range(*lo, *hi, *separator)),
        (_, Value::Range(lo, hi)) => one(show_range(*lo, *hi, b':')),
        (_, Value::Ranges(list)) => one(join(list.iter().map(|&(lo, hi)| show_range(lo, hi, b':')))),
        (Arg::Masked { bits }, Value::Masked { value, mask }) => one(show_masked(*value, *mask, *bits)),
        (_, Value::Masked { value, mask }) => one(show_masked(*value, *mask, 32)),
        (_, Value::Nets(nets)) => one(join(nets.iter().map(|n| show_net(*n, family)))),
        (_, Value::Addresses(ends)) => {
            one(format!("{}-{}", show_address(ends.0, family), show_address(ends.1, family)))
        }
        (_, Value::Mac(m)) => one(m.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(":")),
        (_, Value::Interface(i)) => {
            let mut name = i.name.clone();
            name.extend(i.wildcard.then_some(b'+'));
            vec![name]
        }
        (_, Value::Text(text)) => vec![text.clone()],
        // Values with parts belong to `Custom` arguments.
        (_, Value::NatRange(_) | Value::List(_)) => Vec::new(),
    }
}

/// A number as `strtoul(s, &end, 0)` reads it, the whole word: blanks and a `+` may stand before it.
pub fn number(word: &[u8]) -> Result<u64, String> {
    plain_number(word).map_or_else(|| any_number(word), Ok)
}

/// Decimal digits that surely fit, as nearly all numbers are.
fn plain_number(word: &[u8]) -> Option<u64> {
    const FIT: usize = 19;
    let digit = |sum: u64, &byte: &u8| byte.is_ascii_digit().then(|| sum * 10 + u64::from(byte - b'0'));
    let plain = matches!(word, [b'0'] | [b'1'..=b'9', ..]) && word.len() <= FIT;
    if plain { word.iter().try_fold(0, digit) } else { None }
}

/// What is left of a word behind the blanks and the `+` that may stand before a number.
pub fn unsigned(word: &[u8]) -> &[u8] {
    let word = word.trim_ascii_start();
    word.strip_prefix(b"+").unwrap_or(word)
}

fn any_number(word: &[u8]) -> Result<u64, String> {
    let digits = unsigned(word);
    let read: IResult<&[u8], u64> = all_consuming(alt((
        map_opt(preceded(tag_no_case(&b"0x"[..]), hex_digit1), |d: &[u8]| radix(d, 16)),
        map_opt(preceded(tag_no_case(&b"0"[..]), oct_digit0), |d: &[u8]| radix(d, 8)),
        map_opt(digit1, |d: &[u8]| radix(d, 10)),
    )))
    .parse(digits);
    read.map(|(_, n)| n).map_err(|_| format!("{} is no number", quote(word)))
}

fn radix(digits: &[u8], base: u32) -> Option<u64> {
    let text = digits.to_str().ok()?;
    if text.is_empty() { Some(0) } else { u64::from_str_radix(text, base).ok() }
}

fn within(n: u64, min: u64, max: u64) -> Result<u64, String> {
    if (min..=max).contains(&n) { Ok(n) } else { Err(format!("{n} is out of range: {min} to {max}")) }
}

type ReadNumber<'a> = &'a dyn Fn(&[u8]) -> Result<u64, String>;

/// `n`, `a:b`, and with `open` also `a:`, `:b` and `:`.
pub fn range(
    word: &[u8],
    separator: u8,
    open: bool,
    max: u64,
    read: impl Fn(&[u8]) -> Result<u64, String>,
) -> Result<(u64, u64), String> {
    range_with(word, separator, open, max, &read)
}

fn range_with(word: &[u8], separator: u8, open: bool, max: u64, read: ReadNumber) -> Result<(u64, u64), String> {
    let (lo, hi) = bounds(word, separator, open, max, read)?;
    if lo > hi { Err(format!("the range {} is backwards", quote(word))) } else { Ok((lo, hi)) }
}

/// The ends of a range, in the order written.
fn bounds(word: &[u8], separator: u8, open: bool, max: u64, read: ReadNumber) -> Result<(u64, u64), String> {
    let Some(at) = word.iter().position(|&b| b == separator) else {
        let n = within(read(word)?, 0, max)?;
        return Ok((n, n));
    };
    let end = |w: &[u8], missing: u64| if w.is_empty() && open { Ok(missing) } else { within(read(w)?, 0, max) };
    Ok((end(&word[..at], 0)?, end(&word[at + 1..], max)?))
}

fn ranges(word: &[u8], most: usize, max: u64, read: impl Fn(&[u8]) -> Result<u64, String>) -> Result<Value, String> {
    let one = |w: &[u8]| {
        let (lo, hi) = range_with(w, b':', false, max, &read)?;
        let wide = lo < hi || !w.contains(&b':');
        wide.then_some((lo, hi)).ok_or_else(|| format!("the range {} holds a single value", quote(w)))
    };
    let list = word.split(|&b| b == b',').map(one).collect::<Result<Vec<_>, _>>()?;
    let slots: usize = list.iter().map(|(lo, hi)| if lo == hi { 1 } else { 2 }).sum();
    if slots > most {
        return Err(format!("{slots} values are too many: at most {most}, a range counts as two"));
    }
    Ok(Value::Ranges(list))
}

/// `value[/mask]`; the mask is all ones when left out.
fn masked(word: &[u8], bits: u32) -> Result<Value, String> {
    let most = if bits >= 64 { u64::MAX } else { (1 << bits) - 1 };
    let (value, mask) = match word.iter().position(|&b| b == b'/') {
        Some(at) => (number(&word[..at])?, number(&word[at + 1..])?),
        None => (number(word)?, most),
    };
    Ok(Value::Masked { value: within(value, 0, most)?, mask: within(mask, 0, most)? })
}

/// A port by number or service name.
pub fn port(word: &[u8], protocol: Option<u8>) -> Result<u64, String> {
    match unless_name(word) {
        Some(number) => Ok(number),
        None => named_port(word, protocol),
    }
}

/// The same where a number is decimal whatever it starts with, and a name may be any protocol's.
pub fn decimal_port(word: &[u8]) -> Result<u64, String> {
    let number = unsigned(word);
    let digits = !number.is_empty() && number.iter().all(u8::is_ascii_digit);
    match radix(number, 10).filter(|_| digits) {
        Some(n) => Ok(n),
        None => named_port(word, None),
    }
}

/// A number where a name may stand too: most names tell themselves by their first letter.
fn unless_name(word: &[u8]) -> Option<u64> {
    let is_name = word.first().is_some_and(u8::is_ascii_alphabetic);
    if is_name { None } else { number(word).ok() }
}

fn named_port(word: &[u8], protocol: Option<u8>) -> Result<u64, String> {
    let named = |protocol| word.to_str().ok().and_then(|name| services::port(name, protocol));
    named(protocol).map(u64::from).ok_or_else(|| match named(None) {
        Some(port) => format!(
            "/etc/services usually has {} for another protocol only; if its port {port} is meant, write the number",
            quote(word)
        ),
        None => format!(
            "{} is neither a port number nor a service that /etc/services usually names; write the number",
            quote(word)
        ),
    })
}

/// A protocol by name or number.
pub fn protocol(word: &[u8]) -> Result<u8, String> {
    if let Some(n) = unless_name(word) {
        return within(n, 0, 255).map(|n| n as u8);
    }
    let named = |word: &[u8]| word.to_str().ok().and_then(protocols::number);
    named(word)
        .or_else(|| named(&word.to_ascii_lowercase()))
        .ok_or_else(|| format!("{} is no protocol that /etc/protocols usually names", quote(word)))
}

fn nets(word: &[u8], cx: ReadCx) -> Result<Value, String> {
    if !word.contains(&b',') {
        return Ok(Value::Nets(vec![read_loose_net(word, cx.family)?]));
    }
    let nets = word.split(|&b| b == b',').map(|word| read_loose_net(word, cx.family));
    Ok(Value::Nets(nets.collect::<Result<_, _>>()?))
}

fn net(word: &[u8], cx: ReadCx) -> Result<Net, String> {
    read_net(word, cx.family)
}

fn address_range(word: &[u8], family: Family) -> Result<Value, String> {
    let (lo, hi) = match word.iter().position(|&b| b == b'-') {
        Some(at) => (read_loose_address(&word[..at], family)?, read_loose_address(&word[at + 1..], family)?),
        None => {
            let only = read_loose_address(word, family)?;
            (only, only)
        }
    };
    Ok(Value::Addresses(Box::new((lo, hi))))
}

fn mac(word: &[u8]) -> Option<[u8; 6]> {
    let mut out = [0; 6];
    let mut parts = word.split(|&b| b == b':');
    for byte in &mut out {
        let part = parts.next().filter(|p| (1..=2).contains(&p.len()))?;
        *byte = radix(part, 16)? as u8;
    }
    parts.next().is_none().then_some(out)
}

/// An interface name: at most 15 bytes, a trailing `+` stands for any ending.
pub fn interface(word: &[u8]) -> Result<Interface, String> {
    let (name, wildcard) = word.strip_suffix(b"+").map_or((word, false), |name| (name, true));
    if word.is_empty() {
        return Err("an interface name cannot be empty".into());
    }
    if word.len() > 15 {
        return Err(format!("interface name {} is longer than 15 bytes", quote(word)));
    }
    Ok(Interface { name: name.into(), wildcard })
}

fn one_of(word: &[u8], table: &[(&str, u64)]) -> Result<u64, String> {
    let found = table.iter().find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(word));
    found.map(|&(_, n)| n).ok_or_else(|| {
        let names: Vec<&str> = table.iter().map(|(name, _)| *name).collect();
        format!("{} is not one of {}", quote(word), names.join(", "))
    })
}

fn word_of(n: u64, table: &[(&str, u64)]) -> String {
    table.iter().find(|&&(_, v)| v == n).map_or_else(|| n.to_string(), |(name, _)| (*name).into())
}

/// The words whose bits make up the number: a word that covers everything first, else single bits.
fn words_of(bits: u64, table: &[(&str, u64)]) -> String {
    if let Some((name, _)) = table.iter().find(|&&(_, v)| v == bits) {
        return (*name).into();
    }
    join(table.iter().filter(|&&(_, v)| v.is_power_of_two() && bits & v != 0).map(|(name, _)| (*name).into()))
}

fn show_range(lo: u64, hi: u64, separator: u8) -> String {
    if lo == hi { lo.to_string() } else { format!("{lo}{}{hi}", char::from(separator)) }
}

fn show_masked(value: u64, mask: u64, bits: u32) -> String {
    let all = if bits >= 64 { u64::MAX } else { (1 << bits) - 1 };
    if mask == all { format!("{value:#x}") } else { format!("{value:#x}/{mask:#x}") }
}

fn join(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    const CX: ReadCx = ReadCx { family: Family::Ip, protocol: Some(6) };

    #[test]
    fn unknown_services_ask_for_the_number() {
        let told = |name: &str| read(&Arg::Ports, &[name.as_bytes()], CX).unwrap_err();
        assert!(told("ntp").contains("another protocol only; if its port 123 is meant"));
        assert!(told("nosuch").ends_with("write the number"));
    }

    #[test]
    fn arguments_are_read_and_shown_back() {
        for (arg, word, shown) in [
            (Arg::Number { min: 0, max: 255 }, "0x10", "16"),
            (Arg::Number { min: 0, max: 255 }, "010", "8"),
            (Arg::Number { min: 0, max: 255 }, " +7", "7"),
            (Arg::Range { max: 65535, separator: b':', open: true }, "10:", "10:65535"),
            (Arg::Ports, "ssh:443", "22:443"),
            (Arg::Ports, ":1023", "0:1023"),
            (Arg::PortRange, "010:7", "10:7"),
            (Arg::PortRange, "domain", "53"),
            (Arg::Range { max: 9, separator: b'-', open: false }, "7-0x5", "7-5"),
            (Arg::PortList, "80,http-alt,1000:2000", "80,8080,1000:2000"),
            (Arg::Masked { bits: 32 }, "1/0xff", "0x1/0xff"),
            (Arg::Masked { bits: 32 }, "0x10", "0x10"),
            (Arg::Nets, "10.0.0.0/8,192.0.2.1", "10.0.0.0/8,192.0.2.1"),
            (Arg::AddressRange, "10.0.0.1-10.0.0.9", "10.0.0.1-10.0.0.9"),
            (Arg::Mac, "0:11:22:aa:BB:cc", "00:11:22:aa:bb:cc"),
            (Arg::Interface, "eth+", "eth+"),
            (Arg::Protocol, "UDP", "17"),
            (Arg::Words(&[("A", 1), ("B", 2)]), "b,a", "A,B"),
        ] {
            let value = read(&arg, &[word.as_bytes()], CX).unwrap();
            let again: Vec<BString> = show(&arg, &value, Family::Ip);
            assert_eq!(again, [BString::from(shown)], "{word}");
            assert_eq!(read(&arg, &[shown.as_bytes()], CX).unwrap(), value, "{word}");
        }
    }

    #[test]
    fn wrong_arguments_are_refused() {
        for (arg, word) in [
            (Arg::Number { min: 0, max: 255 }, "256"),
            (Arg::Number { min: 0, max: 255 }, "1x"),
            (Arg::Number { min: 0, max: 255 }, ""),
            (Arg::Number { min: 0, max: u64::MAX }, "18446744073709551616"),
            (Arg::Ports, "90:80"),
            (Arg::Ports, "65536"),
            (Arg::PortRange, "65536"),
            (Arg::PortRange, "0x10"),
            (Arg::PortList, "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15:16"),
            (Arg::PortList, "5:5"),
            (Arg::PortList, "5,"),
            (Arg::Net, "10.0.0.1/33"),
            (Arg::Net, "no.such.host"),
            (Arg::Mac, "00:11:22:33:44"),
            (Arg::Interface, "abcdefghijklmnop"),
            (Arg::Protocol, "256"),
        ] {
            assert!(read(&arg, &[word.as_bytes()], CX).is_err(), "{word}");
        }
    }
}
