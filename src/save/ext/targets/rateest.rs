//! `-j RATEEST`: measures a rate that `-m rateest` compares (iptables-extensions(8), *RATEEST*;
//! net/netfilter/xt_RATEEST.c).

use bstr::BString;
use bstr::ByteSlice;

use crate::diag::quote;
use crate::packet::Family;
use crate::save::ext::lowering::Refusal;
use crate::save::ext::{Coverage, Extension, Families, Grade, Lower, shared};
use crate::save::option::{Arg, OptionSpec, Value};

/// Bytes of a name that the kernel holds.
const NAME: usize = 15;
const TIME: Arg = Arg::Custom { words: 1, read: read_time, show: show_time };

pub static EXTENSION: Extension = Extension {
    name: "RATEEST",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new(
            "rateest-name",
            Arg::Custom { words: 1, read: shared::read_cut_some::<NAME>, show: shared::show_text },
        ),
        OptionSpec::new("rateest-interval", TIME),
        OptionSpec::new("rateest-ewmalog", TIME),
    ],
    check: |part, _| {
        let needed = ["rateest-name", "rateest-interval", "rateest-ewmalog"];
        needed.iter().try_for_each(|option| shared::needs(part, option))
    },
    lower: Lower::Target(|_, _| {
        Err(Refusal::new(
            "rateest",
            "nft measures no rates that other rules could compare",
            "use `limit rate over` where the rule acts on the rate, or traffic control for shaping",
        ))
    }),
    coverage: &[row("--rateest-name"), row("--rateest-interval"), row("--rateest-ewmalog")],
};

const fn row(option: &'static str) -> Coverage {
    Coverage {
        option,
        grade: Grade::Refused,
        example: "-j RATEEST --rateest-name wan --rateest-interval 250ms --rateest-ewmalog 500ms",
        family: Family::Ip,
        note: "nft measures no rates that other rules could compare",
    }
}

/// A number with a unit of time -> microseconds; without a unit it has them already. More than zero.
fn read_time(words: &[&[u8]], _: Family) -> Result<Value, String> {
    let word = words.first().copied().unwrap_or_default();
    let bad = || format!("{} is no time: a number and s, ms or us", quote(word));
    let text = word.trim_ascii_start().to_str().map_err(|_| bad())?;
    let (digits, unit) = text.split_at(text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len()));
    let scale = match unit {
        "" | "us" | "usec" | "usecs" => 1.0,
        "ms" | "msec" | "msecs" => 1e3,
        "s" | "sec" | "secs" => 1e6,
        _ => return Err(bad()),
    };
    let micros = digits.parse::<f64>().map_err(|_| bad())? * scale;
    if (1.0..4_294_967_296.0).contains(&micros) { Ok(Value::Number(micros as u64)) } else { Err(bad()) }
}

fn show_time(value: &Value, _: Family) -> Vec<BString> {
    match value {
        Value::Number(micros) => vec![format!("{micros}us").into()],
        _ => Vec::new(),
    }
}
