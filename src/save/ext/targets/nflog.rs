//! `-j NFLOG`: a message for a program that listens to a netlink group (iptables-extensions(8),
//! *NFLOG*; net/netfilter/xt_NFLOG.c).

use crate::ir::Statement;
use crate::nft::ast::Log;
use crate::packet::Family;
use crate::save::ast::Part;
use crate::save::ext::lowering::{Action, Cx, Refusal};
use crate::save::ext::{CheckCx, Coverage, Extension, Families, Grade, Lower, shared};
use crate::save::option::{Arg, OptionSpec};

/// Bytes of a prefix that the kernel's `struct xt_nflog_info` holds.
const PREFIX: usize = 63;

pub static EXTENSION: Extension = Extension {
    name: "NFLOG",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("nflog-group", Arg::Number { min: 0, max: 65535 }),
        OptionSpec::new(
            "nflog-prefix",
            Arg::Custom { words: 1, read: shared::read_cut_some::<PREFIX>, show: shared::show_text },
        ),
        OptionSpec::new("nflog-range", Arg::Number { min: 0, max: 0xffff_ffff }),
        OptionSpec::new("nflog-size", Arg::Number { min: 0, max: 0xffff_ffff }),
        OptionSpec::new("nflog-threshold", Arg::Number { min: 0, max: 65535 }),
    ],
    check,
    lower: Lower::Target(lower),
    coverage: &[
        row("--nflog-group", "-j NFLOG --nflog-group 5", ""),
        row("--nflog-prefix", "-j NFLOG --nflog-prefix \"dropped: \"", shared::PREFIX_NOTE),
        row("--nflog-range", "-j NFLOG --nflog-range 64", "never had an effect in the kernel, so nothing is printed"),
        row("--nflog-size", "-j NFLOG --nflog-size 64", ""),
        row("--nflog-threshold", "-j NFLOG --nflog-threshold 5", ""),
    ],
};

const fn row(option: &'static str, example: &'static str, note: &'static str) -> Coverage {
    Coverage { option, grade: Grade::Exact, example, family: Family::Ip, note }
}

fn check(part: &Part, _: &CheckCx) -> Result<(), String> {
    shared::one_of(part, &["nflog-range", "nflog-size"], false)
}

fn lower(part: &Part, cx: &mut Cx) -> Result<Action, Refusal> {
    let log = Log {
        prefix: shared::log_prefix(part, "nflog-prefix", cx)?,
        group: Some(part.number("nflog-group").unwrap_or(0) as u16),
        snaplen: part.number("nflog-size").map(|n| n as u32),
        queue_threshold: part.number("nflog-threshold").map(|n| n as u16).filter(|&n| n != 0),
        ..Log::default()
    };
    Ok(Action::Statements(vec![Statement::Log(log)]))
}
