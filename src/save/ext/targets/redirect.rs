//! `-j REDIRECT`: to this machine (iptables-extensions(8), *REDIRECT*; net/netfilter/xt_REDIRECT.c).

use crate::nft::ast::NatKind;
use crate::packet::{Family, Hook};
use crate::save::ext::{Coverage, Extension, Families, Grade, Lower, nat};
use crate::save::option::{Arg, OptionSpec, Value};

pub static EXTENSION: Extension = Extension {
    name: "REDIRECT",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("to-ports", Arg::Custom { words: 1, read: nat::read_ports_only, show: nat::show }),
        OptionSpec::new("random", Arg::Flag),
    ],
    check: |part, cx| {
        if part.options.iter().any(|o| matches!(&o.value, Value::NatRange(r) if r.base.is_some())) {
            return Err("the kernel has no shifted port ranges here".into());
        }
        nat::check(part, cx, &[Hook::Prerouting, Hook::Output])
    },
    lower: Lower::Target(|part, cx| nat::lower(part, cx, NatKind::Redirect, "to-ports")),
    coverage: &[
        row("--to-ports", "-p tcp --dport 80 -j REDIRECT --to-ports 8080"),
        row("--random", "-p tcp -j REDIRECT --to-ports 8080-8090 --random"),
    ],
};

const fn row(option: &'static str, example: &'static str) -> Coverage {
    Coverage { option, grade: Grade::Exact, example, family: Family::Ip, note: "" }
}
