//! What the prover takes for granted about packets, seen in the running kernel.
//!
//! `src/prove/space/constraints.rs` states which packets can exist at a hook. Each line here is a pair of rulesets
//! that do the same only because of one such statement, or that differ because it is not made: the prover's answer
//! and what the kernel does with packets must agree.
#![cfg(target_os = "linux")]

mod support;

use ipt2nft::kernel::{self, Kind, Loader, Options as Replay, Ruleset};
use ipt2nft::nft::read::{read, resolve};
use ipt2nft::packet::Family;
use ipt2nft::prove::compare::{Answer, Options, Report, compare};
use ipt2nft::prove::nft_meaning::NftRules;

/// What is stated, the hook, the rules of either side, and whether they do the same.
const STATED: &[(&str, &str, &str, &str, bool)] = &[
    ("a packet for this host has no output interface", "input", "oifname \"e*\" drop", "", true),
    ("and its name is none that a rule can ask for", "input", "oifname != \"e*\" drop", "drop", true),
    ("nor has one that has not been routed", "prerouting", "oifname \"e*\" drop", "", true),
    ("a packet of this host has no input interface", "output", "iifname \"e*\" drop", "", true),
    ("and its name is none that a rule can ask for", "output", "iifname != \"e*\" drop", "drop", true),
    ("a packet may keep its input interface to the end", "postrouting", "iifname \"e*\" drop", "", false),
    ("later fragments of IPv4 are not delivered", "input", "ip frag-off & 0x1fff != 0 drop", "", true),
    ("later fragments are forwarded", "forward", "ip frag-off & 0x1fff != 0 drop", "", false),
    (
        "but not where connections are tracked",
        "forward",
        "ct mark 7 accept\nip frag-off & 0x1fff != 0 drop",
        "ct mark 7 accept",
        true,
    ),
    (
        "a packet has one state",
        "forward",
        "ct state new,established ct state established,related ct state new,related drop",
        "ct mark 1 ct mark 2 drop",
        true,
    ),
    (
        "and always one of five",
        "forward",
        "ct state != { invalid, new, established, related, untracked } drop",
        "ct mark 1 ct mark 2 drop",
        true,
    ),
    (
        "a packet that is invalid or untracked has no connection, and so no mark of one",
        "input",
        "ct state invalid,untracked ct mark 0 drop",
        "ct mark 1 ct mark 2 drop",
        true,
    ),
    (
        "any other has a connection",
        "input",
        "ct state new,established,related ct mark != 7 drop",
        "ct state != { invalid, untracked } ct mark 0-6 drop\nct mark >= 8 drop",
        true,
    ),
    (
        "TCP flags are those of TCP packets",
        "forward",
        "tcp flags syn drop",
        "meta l4proto tcp tcp flags syn drop",
        true,
    ),
    ("ICMP types are those of ICMP packets", "forward", "icmp type 8 drop", "meta l4proto icmp icmp type 8 drop", true),
    ("the version of an IPv4 packet is 4", "input", "ip version 4 drop", "drop", true),
    ("the protocol of an IPv4 packet is its header's", "input", "ip protocol 6 drop", "meta l4proto 6 drop", true),
    ("a day has 86,400 seconds", "input", "meta hour >= 0 meta hour <= 86399 drop", "drop", true),
    ("a week has seven days", "input", "meta day 0-6 drop", "drop", true),
];

fn ruleset(hook: &str, rules: &str) -> String {
    format!("table ip t {{\nchain c {{\ntype filter hook {hook} priority 0\n{rules}\n}}\n}}\n")
}

fn proved(left: &str, right: &str) -> Report {
    let tables = |text: &str| resolve(read("test", text.as_bytes()).unwrap()).unwrap();
    let (left, right) = (tables(left), tables(right));
    let rules = |side: &'_ ipt2nft::nft::read::Resolved| side.tables.clone();
    let (left, right) = (rules(&left), rules(&right));
    let options = Options { families: vec![Family::Ip], ..Options::default() };
    let side = |tables| NftRules { tables, unknown: &[] };
    compare(&side(&left), &side(&right), &options)
}

#[test]
fn what_is_stated_holds_in_the_kernel() {
    let nft = |text: String| Ruleset { text, kind: Kind::Nft, ipset: None };
    let any = nft(String::new());
    let missing = kernel::lacking([(&any, Loader::Legacy), (&any, Loader::Legacy)], "nft".as_ref());
    if !missing.is_empty() {
        support::skip(&missing.join("; "));
    }
    let mut wrong = Vec::new();
    for &(stated, hook, left, right, same) in STATED {
        let (left, right) = (ruleset(hook, left), ruleset(hook, right));
        let wanted = if same { Answer::Equivalent } else { Answer::Different };
        let report = proved(&left, &right);
        let answer = report.answer();
        if answer != wanted {
            wrong.push(format!("{stated}: the prover says {answer:?}"));
        }
        if !missing.is_empty() {
            continue;
        }
        let witnesses = support::proof::examples(&report);
        let options = Replay { packets: 700, witnesses, enough: 1, ..Replay::default() };
        match kernel::replay(&nft(left), &nft(right), &options, &mut |_| {}) {
            Ok(report) if report.is_equal() == same => {}
            Ok(report) => wrong.push(format!("{stated}: in the kernel it is otherwise\n{report}")),
            Err(why) => wrong.push(format!("{stated}: {why}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
