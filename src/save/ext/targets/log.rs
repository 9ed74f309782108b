//! `-j LOG`: a line in the kernel log (iptables-extensions(8), *LOG*; net/netfilter/xt_LOG.c).

use bstr::BString;

use crate::diag::quote;
use crate::ir::Statement;
use crate::nft::ast::{Log, LogFlags};
use crate::packet::Family;
use crate::save::ast::Part;
use crate::save::ext::lowering::{Action, Cx, Refusal};
use crate::save::ext::{Coverage, Extension, Families, Grade, Lower, shared};
use crate::save::option::{Arg, OptionSpec, Value};

/// Bytes of a prefix that the kernel's `struct xt_log_info` holds.
const PREFIX: usize = 29;

pub static EXTENSION: Extension = Extension {
    name: "LOG",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("log-level", Arg::Custom { words: 1, read: read_level, show: show_level }),
        OptionSpec::new(
            "log-prefix",
            Arg::Custom { words: 1, read: shared::read_cut_some::<PREFIX>, show: shared::show_text },
        ),
        OptionSpec::new("log-tcp-sequence", Arg::Flag),
        OptionSpec::new("log-tcp-options", Arg::Flag),
        OptionSpec::new("log-ip-options", Arg::Flag),
        OptionSpec::new("log-uid", Arg::Flag),
        OptionSpec::new("log-macdecode", Arg::Flag),
    ],
    check: shared::no_check,
    lower: Lower::Target(lower),
    coverage: &[
        row("--log-level", "-j LOG --log-level debug"),
        row("--log-prefix", "-j LOG --log-prefix \"dropped: \""),
        row("--log-tcp-sequence", "-p tcp -j LOG --log-tcp-sequence"),
        row("--log-tcp-options", "-p tcp -j LOG --log-tcp-options"),
        row("--log-ip-options", "-j LOG --log-ip-options"),
        row("--log-uid", "-j LOG --log-uid"),
        row("--log-macdecode", "-j LOG --log-macdecode"),
    ],
};

const fn row(option: &'static str, example: &'static str) -> Coverage {
    Coverage { option, grade: Grade::Exact, example, family: Family::Ip, note: "" }
}

/// syslog(3) levels by the names that the tool takes, letter by letter.
const LEVELS: [(&str, u64); 9] = [
    ("alert", 1),
    ("crit", 2),
    ("debug", 7),
    ("emerg", 0),
    ("error", 3),
    ("info", 6),
    ("notice", 5),
    ("panic", 0),
    ("warning", 4),
];

fn lower(part: &Part, cx: &mut Cx) -> Result<Action, Refusal> {
    let log = Log {
        prefix: shared::log_prefix(part, "log-prefix", cx)?,
        level: part.number("log-level").map(|n| n as u8).filter(|&n| n != 4),
        flags: LogFlags {
            tcp_sequence: part.has("log-tcp-sequence"),
            tcp_options: part.has("log-tcp-options"),
            ip_options: part.has("log-ip-options"),
            skuid: part.has("log-uid"),
            ether: part.has("log-macdecode"),
        },
        ..Log::default()
    };
    Ok(Action::Statements(vec![Statement::Log(log)]))
}

fn read_level(words: &[&[u8]], _: Family) -> Result<Value, String> {
    let word = words.first().copied().unwrap_or_default();
    let level = match crate::save::value::number(word) {
        Ok(n) => Some(n).filter(|&n| n <= 7),
        Err(_) => LEVELS.iter().find(|(name, _)| name.as_bytes() == word).map(|&(_, n)| n),
    };
    level
        .map(Value::Number)
        .ok_or_else(|| format!("{} is no log level: 0 to 7, or a name such as warning", quote(word)))
}

fn show_level(value: &Value, _: Family) -> Vec<BString> {
    match value {
        Value::Number(n) => vec![n.to_string().into()],
        _ => Vec::new(),
    }
}
