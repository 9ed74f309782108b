//! `-m rateest`: compares rates that `-j RATEEST` measures (iptables-extensions(8), *rateest*;
//! net/netfilter/xt_rateest.c). Refused: nft measures no rates.

use bstr::{BString, ByteSlice};

use crate::diag::quote;
use crate::packet::Family;
use crate::save::ast::Part;
use crate::save::ext::lowering::{Cond, Cx, Refusal};
use crate::save::ext::{Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec, Value};
use crate::save::value::number;

/// Bytes of a name that the kernel holds.
const NAME: usize = 15;
const ESTIMATOR: Arg = Arg::Custom { words: 1, read: shared::read_cut::<NAME>, show: shared::show_text };
/// Rates are left out where two estimators are compared.
const BYTES: Arg = Arg::Optional { read: read_bytes, show: shared::show_text };
const PACKETS: Arg = Arg::Optional { read: read_packets, show: shared::show_text };

pub static EXTENSION: Extension = Extension {
    name: "rateest",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("rateest1", ESTIMATOR).alias(&["rateest"]),
        OptionSpec::new("rateest2", ESTIMATOR),
        OptionSpec::new("rateest-delta", Arg::Flag),
        OptionSpec::new("rateest-bps1", BYTES),
        OptionSpec::new("rateest-bps2", BYTES).alias(&["rateest-bps"]),
        OptionSpec::new("rateest-pps1", PACKETS),
        OptionSpec::new("rateest-pps2", PACKETS).alias(&["rateest-pps"]),
        OptionSpec::new("rateest-lt", Arg::Flag).not(),
        OptionSpec::new("rateest-gt", Arg::Flag).not(),
        OptionSpec::new("rateest-eq", Arg::Flag).not(),
    ],
    check: |_, _| Ok(()),
    lower: Lower::Match(lower),
    coverage: &[
        row("--rateest1"),
        row("--rateest2"),
        row("--rateest-delta"),
        row("--rateest-bps1"),
        row("--rateest-bps2"),
        row("--rateest-lt"),
        Coverage::refused(
            "--rateest-pps1",
            "-m rateest --rateest1 a --rateest-pps1 --rateest-gt --rateest2 b -j DROP",
            NOTE,
        ),
        Coverage::refused("--rateest-pps2", "-m rateest --rateest a --rateest-gt --rateest-pps2 100 -j DROP", NOTE),
        Coverage::refused("--rateest-gt", "-m rateest --rateest a --rateest-gt --rateest-pps2 100 -j DROP", NOTE),
        Coverage::refused("--rateest-eq", "-m rateest --rateest a --rateest-eq --rateest-bps2 0 -j DROP", NOTE),
        Coverage::refused("! --rateest-lt", "-m rateest --rateest a ! --rateest-lt --rateest-bps2 1mbit -j DROP", NOTE),
        Coverage::refused("! --rateest-gt", "-m rateest --rateest a ! --rateest-gt --rateest-pps2 100 -j DROP", NOTE),
        Coverage::refused("! --rateest-eq", "-m rateest --rateest a ! --rateest-eq --rateest-bps2 0 -j DROP", NOTE),
    ],
};

const NOTE: &str = "nft measures no rates that rules could compare";

const fn row(option: &'static str) -> Coverage {
    const EXAMPLE: &str = "-m rateest --rateest1 a --rateest-delta --rateest-bps1 1mbit --rateest-lt --rateest2 b \
        --rateest-bps2 2mbit -j DROP";
    Coverage::refused(option, EXAMPLE, NOTE)
}

fn lower(_: &Part, _: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    Err(Refusal::new("rateest", NOTE, "limit by `limit rate` or a quota, or shape by tc"))
}

/// Units of a rate, whatever the case of their letters.
const UNITS: [&str; 18] = [
    "bit", "kibit", "kbit", "mibit", "mbit", "gibit", "gbit", "tibit", "tbit", "bps", "kibps", "kbps", "mibps", "mbps",
    "gibps", "gbps", "tibps", "tbps",
];

/// A number, perhaps with a unit; kept as it is written.
fn read_bytes(words: &[&[u8]], _: Family) -> Result<Value, String> {
    let word = words.first().copied().unwrap_or_default();
    let text = word.to_str().unwrap_or_default();
    let (digits, unit) = text.split_at(text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len()));
    let known = unit.is_empty() || UNITS.iter().any(|known| known.eq_ignore_ascii_case(unit));
    match digits.parse::<f64>() {
        Ok(rate) if known && rate >= 0.0 => Ok(Value::Text(word.into())),
        _ => Err(format!("{} is no rate: a number, and bit, kbit, mbit, Bps, KBps ...", quote(word))),
    }
}

/// A number of packets a second.
fn read_packets(words: &[&[u8]], _: Family) -> Result<Value, String> {
    let word = words.first().copied().unwrap_or_default();
    let packets = number(word)?;
    let text = BString::from(packets.to_string());
    if packets > u32::MAX.into() { Err(format!("{packets} is out of range")) } else { Ok(Value::Text(text)) }
}
