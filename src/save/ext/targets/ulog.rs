//! `-j ULOG`: the predecessor of NFLOG (iptables-extensions(8), *ULOG*; net/ipv4/netfilter/ipt_ULOG.c,
//! removed in Linux 3.17). It spoke over a netlink of its own; NFLOG has groups of the same kind.

use crate::ir::Statement;
use crate::nft::ast::Log;
use crate::packet::Family;
use crate::save::ast::Part;
use crate::save::ext::lowering::{Action, Cx, Refusal};
use crate::save::ext::{Coverage, Extension, Families, Grade, Lower, shared};
use crate::save::option::{Arg, OptionSpec};

pub static EXTENSION: Extension = Extension {
    name: "ULOG",
    aliases: &[],
    families: Families::Ip,
    options: &[
        OptionSpec::new("ulog-nlgroup", Arg::Number { min: 1, max: 32 }),
        OptionSpec::new("ulog-prefix", Arg::Text { max: 32 }),
        OptionSpec::new("ulog-cprange", Arg::Number { min: 0, max: 0xffff_ffff }),
        OptionSpec::new("ulog-qthreshold", Arg::Number { min: 1, max: 50 }),
    ],
    check: shared::no_check,
    lower: Lower::Target(lower),
    coverage: &[row("--ulog-nlgroup"), row("--ulog-prefix"), row("--ulog-cprange"), row("--ulog-qthreshold")],
};

const fn row(option: &'static str) -> Coverage {
    let example = "-j ULOG --ulog-nlgroup 1 --ulog-prefix dropped --ulog-cprange 100 --ulog-qthreshold 10";
    Coverage { option, grade: Grade::Approximate, example, family: Family::Ip, note: NOTE }
}

const NOTE: &str =
    "the same group of NFLOG: what listens must be told to read that (`NFLOG` instead of `ULOG` in ulogd)";

fn lower(part: &Part, cx: &mut Cx) -> Result<Action, Refusal> {
    if !cx.approximate {
        return Err(Refusal::new(
            "ulog",
            "the kernel dropped ULOG in 3.17, and programs that read it do not read what nft sends",
            "let ulogd2 listen to the NFLOG group of the same number and give --approximate, or use NFLOG in the dump",
        ));
    }
    cx.differs(NOTE);
    let log = Log {
        prefix: shared::log_prefix(part, "ulog-prefix", cx)?,
        group: Some(part.number("ulog-nlgroup").unwrap_or(1) as u16),
        snaplen: part.number("ulog-cprange").filter(|&n| n != 0).map(|n| n as u32),
        queue_threshold: part.number("ulog-qthreshold").map(|n| n as u16),
        ..Log::default()
    };
    Ok(Action::Statements(vec![Statement::Log(log)]))
}
