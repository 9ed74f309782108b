//! The same packets through legacy iptables with ipset, and through the translation: the sets must hold the same then,
//! each element for as long.

use std::collections::BTreeMap;
use std::process::Command;

use ipt2nft::diag::Source;
use ipt2nft::kernel::{Kind, Options, Ruleset, replay};
use ipt2nft::nft::ast::{Element, Entry, Expr, Item};
use ipt2nft::nft::read::read;
use ipt2nft::packet::Family;
use ipt2nft::save::ipset::{self, Part};

use super::support::nft::{self, Nft};
use super::{IPSETS, printed, sets, support};

/// Rules of OUTPUT; packets, as `PROTOCOL HOST PORT` to 127.0.0.HOST, or seconds to wait; the set, and how many elements
/// it holds in the end.
const CASES: &[(&str, &str, &str, usize)] = &[
    ("-d 127.0.0.0/8 -j SET --add-set banned dst", "udp 2 9; udp 3 9; udp 2 9", "banned", 4),
    // Without --exist what is there keeps its time, with it gets a new one.
    (
        "-p udp --dport 7 -j SET --add-set banned dst --timeout 30; -p udp --dport 8 -j SET --add-set banned dst --exist \
         --timeout 90; -p udp --dport 9 -j SET --add-set banned dst --timeout 500",
        "udp 2 7; udp 2 8; udp 3 7; udp 3 9; udp 4 8; udp 4 9; udp 5 9; udp 5 8",
        "banned",
        5,
    ),
    ("-p udp -j SET --add-set banned dst --timeout 1", "udp 2 9; wait 2", "banned", 1),
    ("-p udp -j SET --add-set banned dst --timeout 1", "udp 2 9; wait 2; udp 2 9", "banned", 2),
    ("-p udp -j SET --add-set banned dst --timeout 0; -p udp -j SET --add-set banned src", "udp 2 9", "banned", 3),
    (
        "-p udp --dport 7 -j SET --add-set lasting dst; -p udp --dport 8 -j SET --add-set lasting dst --timeout 9",
        "udp 2 7; udp 2 8; udp 3 8; udp 3 7",
        "lasting",
        2,
    ),
    (
        "-p udp --dport 7 -j SET --add-set plain dst --timeout 9; -p udp --dport 8 -j SET --del-set plain dst",
        "udp 2 7; udp 3 7; udp 3 8; udp 4 8",
        "plain",
        1,
    ),
    // In one rule, first added, then deleted.
    ("-p udp -j SET --del-set plain src --add-set plain dst", "udp 2 9; udp 1 9", "plain", 1),
    ("-p udp -j SET --add-set small dst", "udp 2 9; udp 3 9; udp 4 9", "small", 2),
    ("-p udp -j SET --add-set small dst --exist --timeout 99", "udp 2 9; udp 3 9; udp 4 9; udp 2 9", "small", 2),
    ("-p udp -j SET --add-set blocks dst", "udp 2 9; udp 3 9", "blocks", 2),
    ("-p udp -j SET --add-set odd dst", "udp 2 9; udp 2 8; udp 3 9", "odd", 1),
    ("-p udp -j SET --add-set hosts dst", "udp 2 9; udp 3 9", "hosts", 3),
    ("-p udp -j SET --add-set room dst", "udp 2 9; udp 17 9; udp 18 9; udp 64 9", "room", 2),
    ("-p tcp --syn -j SET --add-set services dst,dst", "tcp 2 9; udp 2 9; tcp 2 10; tcp 2 9", "services", 3),
    ("-p udp -j SET --add-set services src,dst", "udp 2 9; udp 3 9; udp 3 10", "services", 3),
    // Errors come back from where nobody listens.
    ("-p icmp -j SET --add-set types src,src", "udp 2 9; udp 3 9", "types", 3),
    ("-p udp -j SET --add-set pairs src,dst,dst", "udp 2 9; udp 3 9; udp 3 10", "pairs", 3),
];

const MORE: &str = "create room bitmap:ip range 127.0.0.0-127.0.0.63 netmask 28\n";

/// Seconds left by key; `None` for ever.
type Held = BTreeMap<Vec<u128>, Option<u64>>;

#[test]
fn sets_hold_the_same() {
    if !support::can_run(&["iptables-legacy-restore", "ipset", "unshare", "bash"]) {
        return;
    }
    let mut wrong = Vec::new();
    for nft in nft::programs() {
        for (rules, packets, set, count) in CASES {
            if let Err(why) = try_case(&nft, rules, packets, set, *count) {
                wrong.push(format!("nft {}: {rules}: {why}", nft.version));
            }
        }
    }
    assert!(wrong.is_empty(), "{} cases differ:\n{}", wrong.len(), wrong.join("\n"));
}

fn try_case(nft: &Nft, rules: &str, packets: &str, set: &str, count: usize) -> Result<(), String> {
    let all = format!("{IPSETS}{MORE}");
    // Only what is asked for, since kernels know not all kinds.
    let own: String =
        all.lines().filter(|line| line.split(' ').nth(1) == Some(set)).map(|l| format!("{l}\n")).collect();
    let lines: String = rules.split(';').map(|rule| format!("-A OUTPUT {}\n", rule.trim())).collect();
    let dump = format!("*filter\n{lines}COMMIT\n");
    let text = printed(&Source::new(0, "dump", dump.clone().into()).unwrap(), Family::Ip, &sets(&own), false);
    let load = format!("ipset restore <<'END'\n{own}END\niptables-legacy-restore -w <<'END'\n{dump}END\n");
    let old = run(&format!("{load}{}ipset save {set}\n", send(packets)))?;
    let program = nft.path().display();
    let new = run(&format!("'{program}' -f - <<'END'\n{text}END\n{}'{program}' -n list ruleset\n", send(packets)))?;
    let (old, new) = (of_ipset(&old, set)?, of_nft(&new)?);
    let alike = |(a, b): (&Option<u64>, &Option<u64>)| match (a, b) {
        (Some(a), Some(b)) => a.abs_diff(*b) <= 2,
        (a, b) => a == b,
    };
    match old.keys().eq(new.keys()) && old.values().zip(new.values()).all(alike) && old.len() == count {
        true => Ok(()),
        false => Err(format!("{old:x?} in ipset, {new:x?} in nft, {count} are wanted\n{text}")),
    }
}

/// The shell commands that send packets.
fn send(packets: &str) -> String {
    let line = |packet: &str| match packet.split_whitespace().collect::<Vec<_>>().as_slice() {
        ["wait", seconds] => format!("sleep {seconds}\n"),
        [protocol, host, port] => format!("(echo > /dev/{protocol}/127.0.0.{host}/{port}) 2> /dev/null || true\n"),
        other => panic!("{other:?}"),
    };
    packets.split(';').map(line).collect()
}

fn run(script: &str) -> Result<String, String> {
    let script = format!("set -e\nip link set lo up\n{script}");
    let mut command = Command::new("unshare");
    let output = command.args(["-n", "bash", "-c", &script]).env("XTABLES_LOCKFILE", "/dev/null").output();
    let output = output.map_err(|why| why.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn of_ipset(text: &str, set: &str) -> Result<Held, String> {
    let (ipsets, problems) = ipset::parse(text.as_bytes());
    let Some(set) = ipsets.get(set.into()).filter(|_| problems.is_empty()) else { return Err(format!("{problems:?}")) };
    let part = |part: &Part| match part {
        Part::Addresses(lo, _) => vec![*lo],
        Part::Net(net) => vec![net.address],
        Part::Port(1, both, _) => vec![u128::from(both >> 8), u128::from(both & 0xff)],
        Part::Port(0, port, _) => vec![(*port).into()],
        Part::Port(protocol, port, _) => vec![(*protocol).into(), (*port).into()],
        other => panic!("{other:?}"),
    };
    let key = |element: &ipset::Element| element.parts.iter().flat_map(part).collect();
    Ok(set.elements.iter().map(|element| (key(element), element.timeout.filter(|&left| left > 0))).collect())
}

fn of_nft(text: &str) -> Result<Held, String> {
    let ruleset = read("listing", text.as_bytes()).map_err(|why| format!("{why:?}"))?;
    let tables = ruleset.items.iter().filter_map(|item| match item {
        Item::Table(table) => Some(table),
        _ => None,
    });
    let sets = tables.flat_map(|table| &table.entries).filter_map(|entry| match entry {
        Entry::Set(set) => Some(set),
        _ => None,
    });
    let left = |element: &Element| element.expires.or(element.timeout);
    let held = |element: &Element| (key(element.key.as_ref().unwrap()), left(element));
    Ok(sets.flat_map(|set| &set.elements).map(held).collect())
}

fn key(expr: &Expr) -> Vec<u128> {
    match expr {
        Expr::Number(number) => vec![*number],
        Expr::Concat(parts) => parts.iter().flat_map(key).collect(),
        other => panic!("{other:?}"),
    }
}

/// A dump, a ruleset for its table, and whether they do the same with a run of packets.
const REPLAYED: &[(&str, &str, bool)] = &[
    (
        "-A INPUT -m set --match-set plain src -j DROP\n-A INPUT -j SET --add-set plain src\n",
        "ip saddr @plain drop; add @plain { ip saddr }",
        true,
    ),
    (
        "-A INPUT -m set --match-set plain src -j DROP\n-A INPUT -j SET --add-set plain src\n",
        "add @plain { ip saddr }; ip saddr @plain drop",
        false,
    ),
    (
        "-A INPUT -m set --match-set plain src -j DROP\n-A INPUT -j SET --add-set plain src\n",
        "ip saddr @plain drop; add @plain { ip daddr }",
        false,
    ),
    (
        "-A INPUT -j SET --add-set plain src\n-A INPUT -m set --match-set plain src -j DROP\n",
        "add @plain { ip saddr }; delete @plain { ip saddr }; ip saddr @plain drop",
        false,
    ),
    (
        "-A INPUT -j SET --add-set plain src\n-A INPUT -j SET --del-set plain src\n-A INPUT -m set --match-set plain src \
         -j DROP\n",
        "add @plain { ip saddr }; delete @plain { ip saddr }; ip saddr @plain drop",
        true,
    ),
];

/// A replay sees what an earlier packet has written.
#[test]
fn replay_tells_what_was_written_before() {
    let Some(nft) = nft::programs().pop() else { return };
    if !support::can_run(&["iptables-legacy-restore", "ipset"]) {
        return;
    }
    for (rules, statements, same) in REPLAYED {
        let old = Ruleset {
            text: format!("*filter\n{rules}COMMIT\n"),
            kind: Kind::Save(Family::Ip),
            ipset: Some("create plain hash:ip\n".into()),
        };
        let set = "set plain { type ipv4_addr; flags dynamic; }";
        let lines = statements.replace("; ", "\n");
        let chain = format!("chain INPUT {{\ntype filter hook input priority 0\n{lines}\n}}");
        let new = Ruleset { text: format!("table ip filter {{\n{set}\n{chain}\n}}\n"), kind: Kind::Nft, ipset: None };
        let options = Options { packets: 60, bursting: 6, enough: 1, nft: nft.path().to_owned(), ..Options::default() };
        let report = replay(&old, &new, &options, &mut |_| {}).unwrap();
        assert_eq!(report.is_equal(), *same, "{rules}{statements}\n{report}");
    }
}
