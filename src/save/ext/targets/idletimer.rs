//! `-j IDLETIMER`: tells when nothing has come for a while (iptables-extensions(8), *IDLETIMER*;
//! net/netfilter/xt_IDLETIMER.c).

use crate::packet::Family;
use crate::save::ext::lowering::Refusal;
use crate::save::ext::{Coverage, Extension, Families, Grade, Lower, shared};
use crate::save::option::{Arg, OptionSpec};

/// Bytes of a label that the kernel holds.
const LABEL: usize = 27;

pub static EXTENSION: Extension = Extension {
    name: "IDLETIMER",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("timeout", Arg::Number { min: 1, max: 2_147_482 }),
        OptionSpec::new(
            "label",
            Arg::Custom { words: 1, read: shared::read_cut_some::<LABEL>, show: shared::show_text },
        ),
        OptionSpec::new("alarm", Arg::Flag),
    ],
    check: |part, _| {
        shared::needs(part, "timeout")?;
        shared::needs(part, "label")
    },
    lower: Lower::Target(|_, _| {
        Err(Refusal::new(
            "idletimer",
            "nft has no timers that tell user space about idle interfaces",
            "watch a counter (`counter name`) from a program, or keep this rule in iptables beside nft",
        ))
    }),
    coverage: &[row("--timeout", ""), row("--label", ""), row("--alarm", " --alarm")],
};

const fn row(option: &'static str, alarm: &'static str) -> Coverage {
    let example = if alarm.is_empty() {
        "-j IDLETIMER --timeout 60 --label wan"
    } else {
        "-j IDLETIMER --timeout 60 --label wan --alarm"
    };
    Coverage { option, grade: Grade::Refused, example, family: Family::Ip, note: "nft has no timers for user space" }
}
