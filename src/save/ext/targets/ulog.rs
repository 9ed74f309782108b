//! `-j ULOG`: the predecessor of NFLOG (iptables-extensions(8), *ULOG*; net/ipv4/netfilter/ipt_ULOG.c,
//! removed in Linux 3.17). Known in order to be refused well.

use crate::packet::Family;
use crate::save::ext::lowering::Refusal;
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
    lower: Lower::Target(|_, _| {
        Err(Refusal::new(
            "ulog",
            "the kernel dropped ULOG in 3.17, and programs that read it do not read what nft sends",
            "use NFLOG in the dump (`-j NFLOG --nflog-group N`) and let ulogd2 listen to that group",
        ))
    }),
    coverage: &[row("--ulog-nlgroup"), row("--ulog-prefix"), row("--ulog-cprange"), row("--ulog-qthreshold")],
};

const fn row(option: &'static str) -> Coverage {
    Coverage {
        option,
        grade: Grade::Refused,
        example: "-j ULOG --ulog-nlgroup 1 --ulog-prefix dropped --ulog-cprange 100 --ulog-qthreshold 10",
        family: Family::Ip,
        note: "the kernel dropped it in 3.17; use NFLOG",
    }
}
