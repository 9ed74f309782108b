//! `-m sctp` (iptables-extensions(8), *sctp*; net/netfilter/xt_sctp.c).

use bstr::BString;

use crate::diag::quote;
use crate::ir::{Step, Test};
use crate::nft::version::Feature;
use crate::packet::{Family, Field, IntervalSet, L4, SctpChunkPart};
use crate::save::ast::{Opt, Part};
use crate::save::ext::lowering::{Cond, Cx, Refusal, in_range};
use crate::save::ext::{Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec, Value};

pub static EXTENSION: Extension = Extension {
    name: "sctp",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("source-port", Arg::Ports).alias(&["sport"]).not(),
        OptionSpec::new("destination-port", Arg::Ports).alias(&["dport"]).not(),
        OptionSpec::new("chunk-types", Arg::Custom { words: 2, read, show }).not(),
    ],
    check: |_, cx| shared::needs_protocol(cx, 132, "sctp"),
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--source-port", "-p sctp --sport 1024:65535 -j ACCEPT"),
        Coverage::exact("! --source-port", "-p sctp ! --sport 5 -j DROP"),
        Coverage::exact("--destination-port", "-p sctp --dport 36412 -j ACCEPT"),
        Coverage::exact("! --destination-port", "-p sctp ! --dport 5 -j DROP"),
        Coverage::exact("--chunk-types", "-p sctp --chunk-types any INIT,ABORT -j ACCEPT").note(CHUNKS),
        Coverage::exact("! --chunk-types", "-p sctp ! --chunk-types all DATA,SACK -j DROP").note(CHUNKS),
    ],
};

const CHUNKS: &str = "any and all, without flags, of the chunks that nft names; needs nft 0.9.9 and Linux 5.14";

/// Chunks by name with their numbers, whether nft has a name for them, and the flags that can be asked for.
const TYPES: [(&str, u8, bool, &[u8]); 21] = [
    ("DATA", 0, true, b"IUBE"),
    ("INIT", 1, true, b""),
    ("INIT_ACK", 2, true, b""),
    ("SACK", 3, true, b""),
    ("HEARTBEAT", 4, true, b""),
    ("HEARTBEAT_ACK", 5, true, b""),
    ("ABORT", 6, true, b"T"),
    ("SHUTDOWN", 7, true, b""),
    ("SHUTDOWN_ACK", 8, true, b""),
    ("ERROR", 9, true, b""),
    ("COOKIE_ECHO", 10, true, b""),
    ("COOKIE_ACK", 11, true, b""),
    ("ECN_ECNE", 12, true, b""),
    ("ECN_CWR", 13, true, b""),
    ("SHUTDOWN_COMPLETE", 14, true, b"T"),
    ("I_DATA", 64, false, b"IUBE"),
    ("ASCONF_ACK", 128, true, b""),
    ("RE_CONFIG", 130, false, b""),
    ("PAD", 132, false, b""),
    ("FORWARD_TSN", 192, true, b""),
    ("ASCONF", 193, true, b""),
];

/// How the listed chunks and those of the packet must agree.
const MODES: [(&str, u64); 3] = [("all", 1), ("any", 2), ("only", 4)];

fn number(name: &[u8]) -> Option<(u8, &'static [u8])> {
    TYPES.iter().find(|(n, ..)| n.as_bytes().eq_ignore_ascii_case(name)).map(|&(_, n, _, flags)| (n, flags))
}

fn name(number: u8) -> &'static str {
    TYPES.iter().find(|(_, n, ..)| *n == number).map_or("DATA", |(name, ..)| name)
}

fn is_named_by_nft(number: u8) -> bool {
    TYPES.iter().any(|&(_, n, named, _)| n == number && named)
}

/// `all|any|only chunk[:flags],...` -> mode, then chunks each with its flags as written.
fn read(words: &[&[u8]], _: Family) -> Result<Value, String> {
    let [mode, list] = words else { return Err("a mode and a list of chunks are needed".into()) };
    let mode = MODES.iter().find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(mode));
    let mode = mode.map(|&(_, n)| n).ok_or("the mode is all, any or only")?;
    let mut out = vec![Value::Number(mode)];
    match *list {
        list if list.eq_ignore_ascii_case(b"ALL") => out.extend((0..=255).map(|n| chunk(n, b""))),
        list if list.eq_ignore_ascii_case(b"NONE") => {}
        list => {
            for item in list.split(|&b| b == b',').filter(|w| !w.is_empty()) {
                out.push(read_chunk(item)?);
            }
        }
    }
    Ok(Value::List(out))
}

fn chunk(number: u8, flags: &[u8]) -> Value {
    Value::List(vec![Value::Number(number.into()), Value::Text(flags.into())])
}

fn read_chunk(item: &[u8]) -> Result<Value, String> {
    let (word, flags) = match item.iter().position(|&b| b == b':') {
        Some(at) => (&item[..at], &item[at + 1..]),
        None => (item, &b""[..]),
    };
    let (number, known) = number(word).ok_or_else(|| format!("{} is no SCTP chunk", quote(word)))?;
    match flags.iter().find(|f| !known.contains(&f.to_ascii_uppercase())) {
        Some(flag) => Err(format!("chunk {} has no flag {}", name(number), quote(&[*flag]))),
        None => Ok(chunk(number, flags)),
    }
}

/// Chunks with their flags, as `read` made them.
fn chunks(value: &Value) -> Option<(u64, Vec<(u8, &BString)>)> {
    let Value::List(parts) = value else { return None };
    let (Value::Number(mode), rest) = parts.split_first()? else { return None };
    Some((*mode, rest.iter().map(kind_and_flags).collect::<Option<_>>()?))
}

fn kind_and_flags(chunk: &Value) -> Option<(u8, &BString)> {
    let Value::List(pair) = chunk else { return None };
    match pair.as_slice() {
        [Value::Number(n), Value::Text(flags)] => Some((*n as u8, flags)),
        _ => None,
    }
}

fn show(value: &Value, _: Family) -> Vec<BString> {
    let Some((mode, chunks)) = chunks(value) else { return Vec::new() };
    let mode = MODES.iter().find(|(_, n)| *n == mode).map_or("any", |(name, _)| name);
    let mut list = BString::default();
    match chunks.len() {
        0 => list.extend_from_slice(b"NONE"),
        256 => list.extend_from_slice(b"ALL"),
        _ => {
            for (at, (number, flags)) in chunks.iter().enumerate() {
                if at > 0 {
                    list.push(b',');
                }
                list.extend_from_slice(name(*number).as_bytes());
                if !flags.is_empty() {
                    list.push(b':');
                    list.extend_from_slice(flags);
                }
            }
        }
    }
    vec![mode.into(), list]
}

fn lower(part: &Part, cx: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    let mut out = vec![Cond::NotLaterFragment];
    for opt in &part.options {
        match opt.spec.name {
            "source-port" => out.extend(in_range(Field::Sport(L4::Sctp), &opt.value, opt.negated)),
            "destination-port" => out.extend(in_range(Field::Dport(L4::Sctp), &opt.value, opt.negated)),
            _ => out.extend(lower_chunks(opt, cx)?),
        }
    }
    if out.len() == 1 {
        // `-m sctp` alone asks for a header, and any header will do.
        out.push(Test::within(Field::Dport(L4::Sctp), IntervalSet::full(16), false).into());
    }
    Ok(out)
}

fn lower_chunks(opt: &Opt, cx: &Cx) -> Result<Vec<Cond>, Refusal> {
    let refuse = |reason: &str, help: &str| Err(Refusal::new("sctp-chunks", reason, help).at("chunk-types"));
    if !cx.target.supports(Feature::SctpChunk) {
        return refuse("chunks of SCTP can be read by nft 0.9.9 on Linux 5.14 and newer", "name a newer --target");
    }
    let Some((mode, chunks)) = chunks(&opt.value) else { return Ok(Vec::new()) };
    if mode == 4 {
        return refuse("nft cannot ask that there are no other chunks", "list the chunks that must not be there");
    }
    if chunks.iter().any(|(_, flags)| !flags.is_empty()) {
        return refuse("nft looks at the flags of the first chunk of a kind only", "leave the flags out");
    }
    if chunks.iter().any(|&(n, _)| !is_named_by_nft(n)) {
        return refuse("nft has no name for one of the chunks", "leave I_DATA, RE_CONFIG, PAD and ALL out");
    }
    let has = |kind: u8, there: bool| {
        Step::Test(Test::is(Field::SctpChunk { kind, part: SctpChunkPart::Exists }, there.into()))
    };
    let kinds: Vec<u8> = chunks.iter().map(|&(n, _)| n).collect();
    let each = |there| kinds.iter().map(|&k| Cond::Step(has(k, there))).collect();
    Ok(match (mode, opt.negated) {
        _ if kinds.is_empty() => {
            return refuse("an empty list asks for packets without a chunk", "leave the list out");
        }
        (1, false) => each(true),
        (1, true) => vec![Cond::Not(kinds.iter().map(|&k| has(k, true)).collect())],
        (_, true) => each(false),
        (_, false) => {
            let way = |at: usize| {
                let before = kinds.iter().take(at).map(|&k| has(k, false));
                before.chain(kinds.get(at).map(|&k| has(k, true))).collect()
            };
            vec![Cond::OneOf((0..kinds.len()).map(way).collect())]
        }
    })
}
