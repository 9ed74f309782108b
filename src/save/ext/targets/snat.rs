//! `-j SNAT`: other source addresses and ports (iptables-extensions(8), *SNAT*; net/netfilter/xt_nat.c).

use crate::nft::ast::NatKind;
use crate::packet::{Family, Hook};
use crate::save::ext::{Coverage, Extension, Families, Grade, Lower, nat, shared};
use crate::save::option::{Arg, OptionSpec};

pub static EXTENSION: Extension = Extension {
    name: "SNAT",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new(
            "to-source",
            Arg::Custom { words: 1, read: nat::read_destination, show: nat::show_destination },
        ),
        OptionSpec::new("random", Arg::Flag),
        OptionSpec::new("random-fully", Arg::Flag),
        OptionSpec::new("persistent", Arg::Flag),
    ],
    check: |part, cx| {
        shared::needs(part, "to-source")?;
        nat::check(part, cx, &[Hook::Postrouting, Hook::Input])
    },
    lower: Lower::Target(|part, cx| nat::lower(part, cx, NatKind::Snat, "to-source")),
    coverage: &[
        row("--to-source", "-j SNAT --to-source 192.0.2.1"),
        row("--random", "-j SNAT --to-source 192.0.2.1-192.0.2.9 --random"),
        row("--random-fully", "-j SNAT --to-source 192.0.2.1 --random-fully"),
        row("--persistent", "-j SNAT --to-source 192.0.2.1-192.0.2.9 --persistent"),
    ],
};

const fn row(option: &'static str, example: &'static str) -> Coverage {
    Coverage { option, grade: Grade::Exact, example, family: Family::Ip, note: "" }
}
