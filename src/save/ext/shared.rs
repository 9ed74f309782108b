//! Small pieces that several extensions use.

use bstr::{BString, ByteSlice};

use super::CheckCx;
use super::lowering::{Cond, Cx, Fact, Refusal, within};
use crate::diag::{is_invisible, printable, quote};
use crate::nft::version::Feature;
use crate::packet::{Family, Field, Hook, IntervalSet};
use crate::save::ast::{Opt, Part, TableKind};
use crate::save::option::Value;
use crate::save::value;

/// For extensions whose options need nothing of each other.
pub fn no_check(_: &Part, _: &CheckCx) -> Result<(), String> {
    Ok(())
}

/// For matches and targets that exist for one protocol only.
pub fn needs_protocol(cx: &CheckCx, protocol: u8, name: &str) -> Result<(), String> {
    match cx.protocol {
        Some((p, false)) if p == protocol => Ok(()),
        _ => Err(format!("it needs `-p {name}` before it")),
    }
}

/// An option that must be there.
pub fn needs(part: &Part, option: &str) -> Result<(), String> {
    if part.has(option) { Ok(()) } else { Err(format!("`--{option}` must be given")) }
}

/// At least one of these options.
pub fn some_of(part: &Part, options: &[&str]) -> Result<(), String> {
    if options.iter().any(|o| part.has(o)) {
        return Ok(());
    }
    Err(format!("one of --{} must be given", options.join(", --")))
}

/// A target that exists in some tables only (`.table` of the kernel's `xt_target`).
pub fn in_tables(cx: &CheckCx, tables: &[TableKind]) -> Result<(), String> {
    if tables.contains(&cx.table) {
        return Ok(());
    }
    let names: Vec<&str> = tables.iter().map(|t| t.name()).collect();
    Err(format!("it works in the table {} only", names.join(" or ")))
}

/// A target that works at some hooks only (`.hooks` of the kernel's `xt_target`). A user-defined chain is
/// judged by the kernel, from where it is called.
pub fn at_hooks(cx: &CheckCx, hooks: &[Hook]) -> Result<(), String> {
    match cx.table.hook(cx.chain) {
        Some(hook) if !hooks.contains(&hook) => {
            let names: Vec<String> = hooks.iter().map(|h| h.name().to_ascii_uppercase()).collect();
            Err(format!("it works in the chains {} only", names.join(", ")))
        }
        _ => Ok(()),
    }
}

/// At most one of these options, and with `required` exactly one.
pub fn one_of(part: &Part, options: &[&str], required: bool) -> Result<(), String> {
    let given: Vec<&&str> = options.iter().filter(|o| part.has(o)).collect();
    match given.as_slice() {
        [] if required => Err(format!("one of --{} must be given", options.join(", --"))),
        [] | [_] => Ok(()),
        [a, b, ..] => Err(format!("`--{a}` and `--{b}` cannot be given together")),
    }
}

/// Text of which the kernel's field holds `MAX` bytes: the rest is cut off, as the legacy tool does.
pub fn read_cut<const MAX: usize>(words: &[&[u8]], _: Family) -> Result<Value, String> {
    let word = words.first().copied().unwrap_or_default();
    Ok(Value::Text(word.get(..MAX).unwrap_or(word).into()))
}

/// The same, where the text cannot be empty.
pub fn read_cut_some<const MAX: usize>(words: &[&[u8]], family: Family) -> Result<Value, String> {
    if words.first().is_none_or(|w| w.is_empty()) {
        return Err("the text cannot be empty".into());
    }
    read_cut::<MAX>(words, family)
}

/// Shows what `read_cut` read.
pub fn show_text(value: &Value, _: Family) -> Vec<BString> {
    match value {
        Value::Text(text) => vec![text.clone()],
        _ => Vec::new(),
    }
}

/// What the coverage table says of log prefixes.
pub const PREFIX_NOTE: &str = "a prefix with `$` or `\"` cannot be written in nft and is refused";

/// A log prefix. nft takes `$` for the start of a variable and knows no escape in strings.
pub fn log_prefix(part: &Part, option: &'static str, cx: &mut Cx) -> Result<Option<BString>, Refusal> {
    let Some(text) = part.text(option).filter(|p| !p.is_empty()) else { return Ok(None) };
    let speaks = |b: &u8| matches!(b, b'$' | b'"');
    let obeyed = text.chars().any(|c| (c.is_control() && c != '\t') || is_invisible(c));
    if !text.iter().any(speaks) && !obeyed {
        return Ok(Some(text.to_owned()));
    }
    let refuse = |reason, help| Err(Refusal::new("log-prefix", reason, help).at(option));
    if obeyed && !cx.approximate {
        return refuse(
            "the log prefix is no text that a terminal shows as it is",
            "change the prefix in the dump, or let --approximate replace what a terminal would obey",
        );
    }
    if !cx.approximate {
        return refuse(
            "nft has no way to write `$` or `\"` in a log prefix",
            "change the prefix in the dump, or let --approximate replace `$` by `S` and `\"` by `'`",
        );
    }
    cx.notes.push("characters of the log prefix were replaced".into());
    let replaced = |b: &u8| {
        if *b == b'$' {
            b'S'
        } else if *b == b'"' {
            b'\''
        } else {
            *b
        }
    };
    let shown = printable(text).replace('\u{fffd}', "?");
    Ok(Some(shown.as_bytes().iter().map(replaced).collect::<Vec<u8>>().into()))
}

/// The first word of the table that starts like this, in any case; nothing starts like nothing.
pub fn beginning(word: &[u8], table: &[(&'static str, u64)]) -> Result<u64, String> {
    let starts = |name: &str| {
        !word.is_empty() && name.as_bytes().get(..word.len()).is_some_and(|n| n.eq_ignore_ascii_case(word))
    };
    table.iter().find(|(name, _)| starts(name)).map(|&(_, n)| n).ok_or_else(|| {
        let names: Vec<&str> = table.iter().map(|(name, _)| *name).collect();
        format!("{} is not one of {}", quote(word), names.join(", "))
    })
}

/// Comma-separated words, each perhaps cut short, or'ed together.
pub fn beginnings(word: &[u8], table: &[(&'static str, u64)]) -> Result<u64, String> {
    word.split(|&b| b == b',').try_fold(0, |bits, w| beginning(w, table).map(|b| bits | b))
}

/// The words of the bits, in the table's order; the word of 0 for no bits.
pub fn words_of(bits: u64, table: &[(&'static str, u64)]) -> String {
    let has = |n: u64| if bits == 0 { n == 0 } else { n != 0 && bits & n == n };
    table.iter().filter(|&&(_, n)| has(n)).map(|(name, _)| *name).collect::<Vec<_>>().join(",")
}

/// `--ttl-eq`, `--ttl-lt`, `--ttl-gt` and those of `hl`.
pub fn hops(field: Field, opt: &Opt) -> Option<Cond> {
    compared(field, opt)?.cond()
}

/// The field against the option's number: less or greater as its name says, else equal.
pub fn compared(field: Field, opt: &Opt) -> Option<Fact> {
    let Value::Number(n) = opt.value else { return None };
    let n = u128::from(n);
    let all = IntervalSet::full(field.width());
    let set = match opt.spec.name.rsplit('-').next() {
        Some("lt") => all.intersection(&if n == 0 { IntervalSet::empty() } else { IntervalSet::range(0, n - 1) }),
        Some("gt") => all.difference(&IntervalSet::range(0, n)),
        _ => IntervalSet::point(n),
    };
    Some(within(field, set, opt.negated))
}

/// One address of the family, in any spelling that `inet_aton` or `inet_pton` takes.
pub fn read_address(words: &[&[u8]], family: Family) -> Result<Value, String> {
    let address = value::read_address(words.first().copied().unwrap_or_default(), family)?;
    Ok(Value::Addresses(Box::new((address, address))))
}

/// Shows what `read_address` read.
pub fn show_address(shown: &Value, family: Family) -> Vec<BString> {
    match shown {
        Value::Addresses(address) => vec![value::show_address(address.0, family).into()],
        _ => Vec::new(),
    }
}

/// One port, in decimal or by name.
pub fn read_port(words: &[&[u8]], _: Family) -> Result<Value, String> {
    match value::decimal_port(words.first().copied().unwrap_or_default())? {
        port if port <= 65535 => Ok(Value::Number(port)),
        port => Err(format!("{port} is no port: 0 to 65535")),
    }
}

/// Shows what `read_port` read.
pub fn show_port(value: &Value, _: Family) -> Vec<BString> {
    match value {
        Value::Number(port) => vec![port.to_string().into()],
        _ => Vec::new(),
    }
}

/// The address given to an option that `read_address` reads.
pub fn address(part: &Part, option: &str) -> Option<u128> {
    match &part.get(option)?.value {
        Value::Addresses(address) => Some(address.0),
        _ => None,
    }
}

/// Classes of DiffServ (extensions/dscp_helper.c).
pub const DSCP_CLASSES: &[(&str, u64)] = &[
    ("CS0", 0x00),
    ("CS1", 0x08),
    ("CS2", 0x10),
    ("CS3", 0x18),
    ("CS4", 0x20),
    ("CS5", 0x28),
    ("CS6", 0x30),
    ("CS7", 0x38),
    ("BE", 0x00),
    ("AF11", 0x0a),
    ("AF12", 0x0c),
    ("AF13", 0x0e),
    ("AF21", 0x12),
    ("AF22", 0x14),
    ("AF23", 0x16),
    ("AF31", 0x1a),
    ("AF32", 0x1c),
    ("AF33", 0x1e),
    ("AF41", 0x22),
    ("AF42", 0x24),
    ("AF43", 0x26),
    ("EF", 0x2e),
];

/// The number at the beginning of a word, as `atoi` reads it: blanks and a `+` may stand before it; 0 when there is none.
pub fn leading_number(word: &[u8]) -> u64 {
    let digits = value::unsigned(word).iter().take_while(|b| b.is_ascii_digit());
    digits.fold(0u64, |n, b| n.saturating_mul(10).saturating_add(u64::from(b - b'0')))
}

/// For what the target of the output cannot do.
pub fn too_old(feature: Feature, cx: &Cx) -> Refusal {
    let need = feature.need();
    let kernel = need.kernel.map(|k| format!(" and Linux {}.{}", k.major, k.minor)).unwrap_or_default();
    Refusal::new(
        "target-too-old",
        format!("it needs nft {}{kernel}, and the output is for {}", need.nft, cx.target),
        "name a newer target with --target, if what loads the output is newer",
    )
}
