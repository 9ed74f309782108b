//! `-m socket`: a local socket would take the packet (iptables-extensions(8), *socket*; net/netfilter/xt_socket.c).
//!
//! Without `--nowildcard`, sockets that listen on any address do not count. nft cannot say that of
//! a half-closed connection, whose address is not wild.

use crate::ir::{Assigned, Statement, Step, Test};
use crate::nft::version::Feature;
use crate::packet::{Field, Hook, IntervalSet, SocketKey};
use crate::save::ast::Part;
use crate::save::ext::lowering::{Cond, Cx, Refusal};
use crate::save::ext::{Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec};

pub static EXTENSION: Extension = Extension {
    name: "socket",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("transparent", Arg::Flag),
        OptionSpec::new("nowildcard", Arg::Flag),
        OptionSpec::new("restore-skmark", Arg::Flag),
    ],
    check: |_, cx| shared::at_hooks(cx, &[Hook::Prerouting, Hook::Input]),
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--transparent", "-m socket --transparent -m conntrack --ctstate NEW -j ACCEPT").note(WILDCARD),
        Coverage::exact("--nowildcard", "-m socket --nowildcard -m conntrack --ctstate NEW -j ACCEPT").note(FRAGMENTS),
        Coverage::exact(
            "--restore-skmark",
            "-m socket --nowildcard --restore-skmark -m conntrack --ctstate NEW -j ACCEPT",
        )
        .note(FRAGMENTS),
    ],
};

const FRAGMENTS: &str = "where something else in the dump puts fragments together";
const WILDCARD: &str = "without --nowildcard it needs nft and a kernel that know `socket wildcard`";

fn lower(part: &Part, cx: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    if !cx.reassembled {
        let reason = "its test makes the kernel put fragments together, which the one of nft does not";
        let help = "say --assume reassembled if no fragments come, or use any test of the connection besides";
        return Err(Refusal::new("socket-fragments", reason, help));
    }
    if !part.has("nowildcard") && !cx.target.supports(Feature::SocketWildcard) {
        let reason = "sockets that listen on any address are told apart by newer versions of nft and Linux only";
        return Err(Refusal::new("socket-wildcard", reason, "name a newer --target, or add --nowildcard"));
    }
    let is = |key, value| Step::Test(Test::is(Field::Socket(key), value));
    let transparent = |value| is(SocketKey::Transparent, value);
    let mut out = vec![if part.has("transparent") {
        Cond::Step(transparent(1))
    } else {
        // Whatever the answer, there is a socket to give it.
        Test::within(Field::Socket(SocketKey::Transparent), IntervalSet::full(1), false).into()
    }];
    if !part.has("nowildcard") {
        out.push(Cond::Not(vec![is(SocketKey::Wildcard, 1)]));
    }
    if part.has("restore-skmark") {
        // A socket that waits for its end has no mark.
        let mark = Assigned::Mix { keep: 0, from: Field::Socket(SocketKey::Mark), take: u32::MAX.into() };
        out.push(Cond::Also(vec![Statement::Assign { field: Field::Mark, value: mark }.into()]));
    }
    Ok(out)
}
