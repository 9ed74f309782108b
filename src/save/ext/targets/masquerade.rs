//! `-j MASQUERADE`: source address of the interface it leaves by (iptables-extensions(8), *MASQUERADE*;
//! net/netfilter/xt_MASQUERADE.c).

use crate::nft::ast::NatKind;
use crate::packet::{Family, Hook};
use crate::save::ext::{Coverage, Extension, Families, Grade, Lower, nat};
use crate::save::option::{Arg, OptionSpec};

pub static EXTENSION: Extension = Extension {
    name: "MASQUERADE",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("to-ports", Arg::Custom { words: 1, read: nat::read_ports_only, show: nat::show }),
        OptionSpec::new("random", Arg::Flag),
        OptionSpec::new("random-fully", Arg::Flag),
    ],
    check: |part, cx| nat::check(part, cx, &[Hook::Postrouting]),
    lower: Lower::Target(|part, cx| nat::lower(part, cx, NatKind::Masquerade, "to-ports")),
    coverage: &[
        row("--to-ports", "-p tcp -j MASQUERADE --to-ports 1024-65535"),
        row("--random", "-j MASQUERADE --random"),
        row("--random-fully", "-j MASQUERADE --random-fully"),
    ],
};

const fn row(option: &'static str, example: &'static str) -> Coverage {
    Coverage { option, grade: Grade::Exact, example, family: Family::Ip, note: "" }
}
