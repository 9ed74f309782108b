//! `-j SYNPROXY`: answers SYNs in the place of the server until the client proves itself
//! (iptables-extensions(8), *SYNPROXY*; net/ipv4/netfilter/ipt_SYNPROXY.c).
//!
//! xtables takes a SYN, or an ACK, and lets everything else go on; nft's statement looks at fewer
//! flags (net/netfilter/nft_synproxy.c), so the flags are tested before it.

use crate::ir::{Bits, Origin, Rule, Statement, Step, Test, Verdict};
use crate::nft::version::Feature;
use crate::packet::{Family, Field, Hook};
use crate::save::ast::{Part, TableKind};
use crate::save::ext::lowering::{Action, Cx, Refusal};
use crate::save::ext::{CheckCx, Coverage, Extension, Families, Grade, Lower, shared};
use crate::save::option::{Arg, OptionSpec};

pub static EXTENSION: Extension = Extension {
    name: "SYNPROXY",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("sack-perm", Arg::Flag),
        OptionSpec::new("timestamp", Arg::Flag),
        OptionSpec::new("wscale", Arg::Number { min: 0, max: 255 }),
        OptionSpec::new("mss", Arg::Number { min: 0, max: 65535 }),
        OptionSpec::new("ecn", Arg::Flag),
    ],
    check,
    lower: Lower::Target(lower),
    coverage: &[
        row("--sack-perm", Grade::Exact, IPV4),
        row("--timestamp", Grade::Exact, ""),
        row("--wscale", Grade::Exact, "only together with --mss: nft writes both or none"),
        row("--mss", Grade::Exact, "with --timestamp only together with --wscale: nft writes both or none"),
        Coverage {
            option: "--ecn",
            grade: Grade::Approximate,
            example: "-p tcp --syn -j SYNPROXY --mss 1460 --ecn",
            family: Family::Ip,
            note: ECN,
        },
    ],
};

/// The kernel compares their checksum with that of an IPv4 packet (`nft_synproxy_do_eval`, seen on 6.18).
const UNCHECKED: &str = "whose checksum the network card has not verified";
const IPV4: &str = "IPv6 with --approximate only: nft drops packets whose checksum the network card has not verified";

const ECN: &str = "nft's synproxy has no word for ECN: connections are set up without it";

const fn row(option: &'static str, grade: Grade, note: &'static str) -> Coverage {
    let example = "-p tcp --dport 80 -j SYNPROXY --sack-perm --timestamp --wscale 7 --mss 1460";
    Coverage { option, grade, example, family: Family::Ip, note }
}

fn check(_: &Part, cx: &CheckCx) -> Result<(), String> {
    shared::needs_protocol(cx, 6, "tcp")?;
    if cx.table == TableKind::Nat {
        return Err("connections are set up before the nat table is asked".into());
    }
    shared::at_hooks(cx, &[Hook::Input, Hook::Forward])
}

/// FIN, SYN, RST and ACK.
const MASK: u128 = 0x17;
const SYN: u128 = 0x02;
const ACK: u128 = 0x10;

fn lower(part: &Part, cx: &mut Cx) -> Result<Action, Refusal> {
    refuse(part)?;
    if part.has("ecn") {
        if !cx.approximate {
            let help = "remove --ecn, or give --approximate: connections work without it";
            return Err(Refusal::new("synproxy-ecn", ECN, help).at("ecn"));
        }
        cx.differs(ECN);
    }
    if cx.family == Family::Ip6 {
        let reason = format!("nft's synproxy drops IPv6 packets {UNCHECKED}");
        if !cx.approximate {
            let help = "give --approximate where all packets come from network cards that do, and try it out there";
            return Err(Refusal::new("synproxy-ipv6", reason, help));
        }
        cx.differs(&reason);
    }
    if !cx.target.supports(Feature::Synproxy) {
        return Err(shared::too_old(Feature::Synproxy, cx));
    }
    let proxy = Statement::Synproxy {
        mss: part.number("mss").map(|n| n as u16),
        wscale: part.number("wscale").map(|n| n as u8),
        timestamp: part.has("timestamp"),
        sack_perm: part.has("sack-perm"),
    };
    let rule = |value| {
        let flags = Test::from(Bits { field: Field::TcpFlags, mask: MASK, value, negated: false });
        Rule::new([Step::Test(flags), proxy.clone().into()], Verdict::Continue, Origin::default())
    };
    Ok(Action::Block(vec![rule(SYN), rule(ACK)]))
}

/// Without time stamps the kernel leaves out the window scale whatever the rule says.
fn refuse(part: &Part) -> Result<(), Refusal> {
    let (mss, wscale) = (part.has("mss"), part.has("wscale"));
    if wscale && !mss || mss && !wscale && part.has("timestamp") {
        let option = if mss { "mss" } else { "wscale" };
        return Err(Refusal::new(
            "synproxy-halves",
            "nft announces an MSS and a window scale together or none of them",
            "give both --mss and --wscale, with the values that the server uses",
        )
        .at(option));
    }
    Ok(())
}
