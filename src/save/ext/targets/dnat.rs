//! `-j DNAT`: other destination addresses and ports (iptables-extensions(8), *DNAT*; net/netfilter/xt_nat.c).

use crate::nft::ast::NatKind;
use crate::packet::{Family, Hook};
use crate::save::ext::{Coverage, Extension, Families, Grade, Lower, nat, shared};
use crate::save::option::{Arg, OptionSpec};

pub static EXTENSION: Extension = Extension {
    name: "DNAT",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new(
            "to-destination",
            Arg::Custom { words: 1, read: nat::read_destination, show: nat::show_destination },
        ),
        OptionSpec::new("random", Arg::Flag),
        OptionSpec::new("persistent", Arg::Flag),
    ],
    check: |part, cx| {
        shared::needs(part, "to-destination")?;
        nat::check(part, cx, &[Hook::Prerouting, Hook::Output])
    },
    lower: Lower::Target(|part, cx| nat::lower(part, cx, NatKind::Dnat, "to-destination")),
    coverage: &[
        row(
            "--to-destination",
            "-p tcp -j DNAT --to-destination 10.0.0.2:8080",
            "shifted ranges (`1000-2000/3000`) are refused: nft has none",
        ),
        row("--random", "-j DNAT --to-destination 10.0.0.2-10.0.0.9 --random", ""),
        row("--persistent", "-j DNAT --to-destination 10.0.0.2-10.0.0.9 --persistent", ""),
    ],
};

const fn row(option: &'static str, example: &'static str, note: &'static str) -> Coverage {
    Coverage { option, grade: Grade::Exact, example, family: Family::Ip, note }
}
