//! `-j NFQUEUE`: to a program in user space, which decides (iptables-extensions(8), *NFQUEUE*;
//! net/netfilter/xt_NFQUEUE.c).

use crate::ir::Verdict;
use crate::packet::Family;
use crate::save::ast::Part;
use crate::save::ext::lowering::{Action, Cx, Refusal};
use crate::save::ext::{CheckCx, Coverage, Extension, Families, Grade, Lower, shared};
use crate::save::option::{Arg, OptionSpec, Value};

pub static EXTENSION: Extension = Extension {
    name: "NFQUEUE",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("queue-num", Arg::Number { min: 0, max: 65535 }),
        OptionSpec::new("queue-balance", Arg::Range { max: 65535, separator: b':', open: true }),
        OptionSpec::new("queue-bypass", Arg::Flag),
        OptionSpec::new("queue-cpu-fanout", Arg::Flag),
    ],
    check,
    lower: Lower::Target(lower),
    coverage: &[
        row("--queue-num", "-j NFQUEUE --queue-num 3"),
        row("--queue-balance", "-j NFQUEUE --queue-balance 0:3"),
        row("--queue-bypass", "-j NFQUEUE --queue-num 3 --queue-bypass"),
        row("--queue-cpu-fanout", "-j NFQUEUE --queue-balance 0:3 --queue-cpu-fanout"),
    ],
};

const fn row(option: &'static str, example: &'static str) -> Coverage {
    Coverage { option, grade: Grade::Exact, example, family: Family::Ip, note: "" }
}

fn balance(part: &Part) -> Option<(u64, u64)> {
    match part.get("queue-balance")?.value {
        Value::Range(from, to) => Some((from, to)),
        _ => None,
    }
}

fn check(part: &Part, _: &CheckCx) -> Result<(), String> {
    shared::one_of(part, &["queue-num", "queue-balance"], false)?;
    match balance(part) {
        Some((from, to)) if from >= to => Err("`--queue-balance` needs two numbers, the lower one first".into()),
        Some((0, 65535)) => Err("the kernel balances over at most 65535 queues".into()),
        None if part.has("queue-cpu-fanout") => Err("`--queue-cpu-fanout` needs `--queue-balance`".into()),
        _ => Ok(()),
    }
}

fn lower(part: &Part, _: &mut Cx) -> Result<Action, Refusal> {
    let one = part.number("queue-num").unwrap_or(0);
    let (from, to) = balance(part).unwrap_or((one, one));
    Ok(Action::Verdict(Verdict::Queue {
        from: from as u16,
        to: to as u16,
        bypass: part.has("queue-bypass"),
        fanout: part.has("queue-cpu-fanout"),
    }))
}
