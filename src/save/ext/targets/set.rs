//! `-j SET`: adds the packet's addresses and ports to an ipset, or takes them out
//! (iptables-extensions(8), *SET*; net/netfilter/xt_set.c).
//!
//! A set of ipset is one for all tables, and what a rule adds is there for each of them; sets of nft
//! are a table's own. So no use is translated, also where `ipset save` says how the set is keyed.

use crate::packet::{Family, Hook};
use crate::save::ast::{Part, TableKind};
use crate::save::ext::lowering::Refusal;
use crate::save::ext::{CheckCx, Coverage, Extension, Families, Grade, Lower, set_name, shared};
use crate::save::option::{Arg, OptionSpec};

const SET: Arg = Arg::Custom { words: 2, read: set_name::read, show: set_name::show };

pub static EXTENSION: Extension = Extension {
    name: "SET",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("add-set", SET),
        OptionSpec::new("del-set", SET),
        OptionSpec::new("map-set", SET),
        OptionSpec::new("exist", Arg::Flag),
        OptionSpec::new("timeout", Arg::Number { min: 0, max: 4_294_967_294 }),
        OptionSpec::new("map-mark", Arg::Flag),
        OptionSpec::new("map-prio", Arg::Flag),
        OptionSpec::new("map-queue", Arg::Flag),
    ],
    check,
    lower: Lower::Target(|_, _| {
        Err(Refusal::new(
            "ipset",
            "what rules add to a set of ipset is there for all tables and programs; a set of nft is its table's own",
            "declare a set of the same name in nft and write `add @name { ip saddr }` (`update` for --exist, `delete` \
             for --del-set) with the same tests, where one table alone asks it; `ipset save` shows its type",
        ))
    }),
    coverage: &[
        row("--add-set", "-j SET --add-set banned src"),
        row("--del-set", "-j SET --del-set banned src"),
        row("--map-set", "-j SET --map-set marks src --map-mark"),
        row("--exist", "-j SET --add-set banned src --exist"),
        row("--timeout", "-j SET --add-set banned src --timeout 600"),
        row("--map-mark", "-j SET --map-set marks src --map-mark"),
        row("--map-prio", "-j SET --map-set marks src --map-prio"),
        row("--map-queue", "-j SET --map-set marks src --map-queue"),
    ],
};

const fn row(option: &'static str, example: &'static str) -> Coverage {
    let note = "what is added is there for all tables and programs; a set of nft is its table's own";
    Coverage { option, grade: Grade::Refused, example, family: Family::Ip, note }
}

fn check(part: &Part, cx: &CheckCx) -> Result<(), String> {
    if !["add-set", "del-set", "map-set"].iter().any(|o| part.has(o)) {
        return Err("one of --add-set, --del-set, --map-set must be given".into());
    }
    let belongs = |option: &str, to: &str| {
        if part.has(option) && !part.has(to) { Err(format!("`--{option}` needs `--{to}`")) } else { Ok(()) }
    };
    belongs("exist", "add-set")?;
    belongs("timeout", "add-set")?;
    let flags = ["map-mark", "map-prio", "map-queue"];
    flags.iter().try_for_each(|flag| belongs(flag, "map-set"))?;
    if !part.has("map-set") {
        return Ok(());
    }
    if !flags.iter().any(|flag| part.has(flag)) {
        return Err("`--map-set` needs --map-mark, --map-prio or --map-queue".into());
    }
    shared::in_tables(cx, &[TableKind::Mangle])?;
    if part.has("map-prio") || part.has("map-queue") {
        return shared::at_hooks(cx, &[Hook::Forward, Hook::Output, Hook::Postrouting]);
    }
    Ok(())
}
