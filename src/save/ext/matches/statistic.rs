//! `-m statistic`: by chance, or every so many packets (iptables-extensions(8), *statistic*;
//! net/netfilter/xt_statistic.c).
//!
//! The kernel compares 31 random bits with the probability, and nft can do the same.

use bstr::{BString, ByteSlice};

use crate::diag::quote;
use crate::ir::Test;
use crate::packet::{Family, IntervalSet};
use crate::save::ast::Part;
use crate::save::ext::lowering::{Cond, Cx, Refusal};
use crate::save::ext::{CheckCx, Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec, Value};

pub static EXTENSION: Extension = Extension {
    name: "statistic",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("mode", Arg::Word(&[("random", 0), ("nth", 1)])),
        OptionSpec::new("probability", Arg::Custom { words: 1, read, show }).not(),
        OptionSpec::new("every", Arg::Number { min: 1, max: u32::MAX as u64 }).not(),
        OptionSpec::new("packet", Arg::Number { min: 0, max: u32::MAX as u64 }),
    ],
    check,
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--mode", "-m statistic --mode random --probability 0.25 -j ACCEPT"),
        Coverage::exact("--probability", "-m statistic --mode random --probability 0.33333333349 -j ACCEPT"),
        Coverage::exact("! --probability", "-m statistic --mode random ! --probability 0.25 -j ACCEPT"),
        Coverage::exact("--every", "-m statistic --mode nth --every 3 --packet 0 -j ACCEPT"),
        Coverage::exact("! --every", "-m statistic --mode nth ! --every 3 --packet 0 -j ACCEPT"),
        Coverage::exact("--packet", "-m statistic --mode nth --every 3 --packet 2 -j ACCEPT"),
    ],
};

/// A probability of one, in the kernel's units.
const ONE: u64 = 1 << 31;

fn check(part: &Part, _: &CheckCx) -> Result<(), String> {
    shared::one_of(part, &["probability", "every"], false)?;
    shared::one_of(part, &["probability", "packet"], false)?;
    shared::needs(part, "mode")?;
    let nth = part.number("mode") == Some(1);
    match (nth, part.number("every"), part.number("packet")) {
        (false, ..) => shared::needs(part, "probability"),
        (true, Some(every), Some(packet)) if packet < every => Ok(()),
        (true, Some(_), Some(_)) => Err("`--packet` counts from 0 to one less than `--every`".into()),
        (true, ..) => Err("`--mode nth` needs `--every` and `--packet`".into()),
    }
}

/// A number from 0 to 1, in units of 2^-31.
fn read(words: &[&[u8]], _: Family) -> Result<Value, String> {
    let word = words.first().copied().unwrap_or_default();
    let number =
        word.trim_ascii_start().to_str().ok().and_then(|w| w.parse::<f64>().ok()).filter(|p| (0.0..=1.0).contains(p));
    let number = number.ok_or_else(|| format!("{} is no probability: 0 to 1", quote(word)))?;
    Ok(Value::Number((number * ONE as f64).round() as u64))
}

fn show(value: &Value, _: Family) -> Vec<BString> {
    match value {
        Value::Number(n) => vec![format!("{:.11}", *n as f64 / ONE as f64).into()],
        _ => Vec::new(),
    }
}

fn lower(part: &Part, _: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    if let (Some(opt), Some(every), Some(packet)) = (part.get("every"), part.number("every"), part.number("packet")) {
        return Ok(match (every, opt.negated) {
            (1, true) => vec![Cond::Never],
            (1, false) => Vec::new(),
            _ => vec![numgen(false, every, IntervalSet::point(packet.into()), opt.negated)],
        });
    }
    let Some((opt, chance)) = part.get("probability").zip(part.number("probability")) else { return Ok(Vec::new()) };
    let chance = if opt.negated { ONE - chance.min(ONE) } else { chance.min(ONE) };
    Ok(match chance {
        0 => vec![Cond::Never],
        ONE => Vec::new(),
        _ => {
            // The fewest random bits that are exact.
            let shift = chance.trailing_zeros();
            let below = IntervalSet::range(0, u128::from((chance >> shift) - 1));
            vec![numgen(true, ONE >> shift, below, false)]
        }
    })
}

fn numgen(random: bool, modulus: u64, set: IntervalSet, negated: bool) -> Cond {
    let all = IntervalSet::range(0, u128::from(modulus - 1));
    let set = if negated { all.difference(&set) } else { set };
    Test::Numgen { random, modulus: modulus as u32, set }.into()
}
