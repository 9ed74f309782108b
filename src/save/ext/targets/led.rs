//! `-j LED`: lights a lamp (iptables-extensions(8), *LED*; net/netfilter/xt_LED.c).

use bstr::BString;

use crate::packet::Family;
use crate::save::ext::lowering::Refusal;
use crate::save::ext::{Coverage, Extension, Families, Grade, Lower, shared};
use crate::save::option::{Arg, OptionSpec, Value};
use crate::save::value;

/// Bytes of a trigger's name, beside `netfilter-`, that the kernel holds.
const NAME: usize = 16;

pub static EXTENSION: Extension = Extension {
    name: "LED",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("led-trigger-id", Arg::Text { max: NAME }),
        OptionSpec::new("led-delay", Arg::Custom { words: 1, read: read_delay, show: show_delay }),
        OptionSpec::new("led-always-blink", Arg::Flag),
    ],
    check: |part, _| shared::needs(part, "led-trigger-id"),
    lower: Lower::Target(|_, _| {
        Err(Refusal::new(
            "led",
            "nft cannot light lamps",
            "use the kernel's netdev trigger for the lamp, or drop the rule",
        ))
    }),
    coverage: &[row("--led-trigger-id"), row("--led-delay"), row("--led-always-blink")],
};

const fn row(option: &'static str) -> Coverage {
    Coverage {
        option,
        grade: Grade::Refused,
        example: "-j LED --led-trigger-id ssh --led-delay 1000 --led-always-blink",
        family: Family::Ip,
        note: "nft cannot light lamps",
    }
}

/// Milliseconds, or `inf` for ever.
fn read_delay(words: &[&[u8]], _: Family) -> Result<Value, String> {
    let word = words.first().copied().unwrap_or_default();
    if word == b"inf" {
        return Ok(Value::None);
    }
    value::number(word).map(Value::Number)
}

fn show_delay(value: &Value, _: Family) -> Vec<BString> {
    match value {
        Value::Number(n) => vec![n.to_string().into()],
        _ => vec!["inf".into()],
    }
}
