//! `-j TPROXY`: to a local socket, whatever the destination (iptables-extensions(8), *TPROXY*;
//! net/netfilter/xt_TPROXY.c).
//!
//! Without a socket that wants it xtables drops the packet, while nft's rule breaks off: a second
//! rule drops what the first let through.

use crate::ir::{Origin, Rule, Statement, Step, Test, Verdict};
use crate::packet::{Family, Field, Hook};
use crate::save::ast::{Part, TableKind};
use crate::save::ext::lowering::{Action, Cx, Refusal};
use crate::save::ext::mark::XMark;
use crate::save::ext::{CheckCx, Coverage, Extension, Families, Grade, Lower, mark, shared};
use crate::save::option::{Arg, OptionSpec, Value};

pub static EXTENSION: Extension = Extension {
    name: "TPROXY",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("on-port", Arg::Custom { words: 1, read: shared::read_port, show: shared::show_port }),
        OptionSpec::new("on-ip", Arg::Custom { words: 1, read: shared::read_address, show: shared::show_address }),
        OptionSpec::new("tproxy-mark", Arg::Masked { bits: 32 }),
    ],
    check,
    lower: Lower::Target(lower),
    coverage: &[
        row("--on-port", "-p tcp --dport 80 -j TPROXY --on-port 3128"),
        row("--on-ip", "-p tcp --dport 80 -j TPROXY --on-port 3128 --on-ip 127.0.0.1"),
        row("--tproxy-mark", "-p tcp --dport 80 -j TPROXY --on-port 3128 --tproxy-mark 0x1/0x1"),
    ],
};

const fn row(option: &'static str, example: &'static str) -> Coverage {
    let note = "two rules: the second drops where no socket wants the packet";
    Coverage { option, grade: Grade::Exact, example, family: Family::Ip, note }
}

fn check(part: &Part, cx: &CheckCx) -> Result<(), String> {
    shared::in_tables(cx, &[TableKind::Mangle])?;
    shared::at_hooks(cx, &[Hook::Prerouting])?;
    shared::needs(part, "on-port")?;
    if !matches!(cx.protocol, Some((6 | 17, false))) {
        return Err("it needs `-p tcp` or `-p udp` before it".into());
    }
    Ok(())
}

fn lower(part: &Part, cx: &mut Cx) -> Result<Action, Refusal> {
    let protocol = cx.protocol.map_or(6, |(number, _)| number);
    let transport = Step::Test(Test::is(Field::L4proto, protocol.into()));
    let address = shared::address(part, "on-ip").filter(|&a| a != 0);
    // Port 0 keeps the packet's own port; nft wants to see an address or a port.
    let port = part.number("on-port").map(|p| p as u16).filter(|&p| p != 0 || address.is_none());
    let mark = part.get("tproxy-mark").and_then(|o| match o.value {
        Value::Masked { value, mask } => mark::assign(Field::Mark, XMark { flip: value, clear: mask }),
        _ => None,
    });
    let steps = [transport.clone(), Statement::Tproxy { address, port }.into()];
    let take = Rule::new(steps.into_iter().chain(mark.map(Step::from)), Verdict::Accept, Origin::default());
    let drop = Rule::new([transport], Verdict::Drop, Origin::default());
    Ok(Action::Block(vec![take, drop]))
}
