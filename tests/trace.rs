//! `ipt2nft trace` as people meet it. `fixtures/trace/NAME.txt` is what a trace prints; `SNAPSHOTS=overwrite`
//! refreshes it.

use std::path::Path;
use std::process::{Command, Output};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");

#[track_caller]
fn trace(args: &[&str], code: i32) -> Output {
    let output =
        Command::new(env!("CARGO_BIN_EXE_ipt2nft")).arg("trace").args(args).current_dir(FIXTURES).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
    output
}

#[track_caller]
fn golden(name: &str, args: &[&str], code: i32) {
    let got = trace(args, code).stdout;
    let file = Path::new(FIXTURES).join("trace").join(name);
    if std::env::var_os("SNAPSHOTS").is_some_and(|v| v == "overwrite") {
        std::fs::write(&file, &got).unwrap();
    }
    let want = std::fs::read(&file).unwrap_or_default();
    assert_eq!(String::from_utf8_lossy(&got), String::from_utf8_lossy(&want), "{name} differs");
}

const PORT_FORWARD: &str = "iif ppp0 oif eth1 ip saddr 198.51.100.7 tcp dport 8080 ct state new";

#[test]
fn a_translated_packet_is_seen_as_such_by_the_chains_behind() {
    golden("port-forward.txt", &["translate/gateway.v4", PORT_FORWARD], 0);
    golden("port-forward.json", &["--json", "translate/gateway.v4", PORT_FORWARD], 0);
}

#[test]
fn two_rulesets_are_compared() {
    let packet = "iif eth0 ip saddr 198.51.100.200 tcp dport 22";
    golden("two.txt", &["diff/old.v4", "diff/new.nft", packet], 1);
    trace(&["diff/old.v4", "diff/new.nft", "iif lo"], 0);
    trace(&["translate/gateway.v4", "translate/gateway.v4.nft", PORT_FORWARD], 0);
}

#[test]
fn what_is_assumed_is_told() {
    let said = trace(&["diff/old.v4", "iif eth0 ip saddr 203.0.113.5 tcp dport 22"], 0).stdout;
    let said = String::from_utf8(said).unwrap();
    assert!(said.starts_with("assumed: no later fragment, [limit 1/20s burst 5] says yes\n"), "{said}");
    let said = trace(&["diff/new.nft", "iif eth0 oif eth1"], 0).stdout;
    let said = String::from_utf8(said).unwrap();
    assert!(said.starts_with("assumed: IPv4\n"), "{said}");
    // Of the other bits, nobody said anything.
    assert!(said.contains("meta mark & 0xff becomes 0x2"), "{said}");
    // No rule asks for anything that this packet leaves open.
    let said = trace(&["diff/new.nft", "iif lo ip saddr 127.0.0.1"], 0).stdout;
    assert!(!String::from_utf8(said).unwrap().contains("assumed"));
}

#[test]
fn mistakes_are_pointed_at() {
    for (packet, shown, said) in [
        ("iif eth0 tcp dport 22 udp dport 5", "udp dport 5", "contradicts what was said before"),
        ("iif eth0 tcp dprt 22", "tcp", "not understood"),
        ("iif eth0 log", "log", "not understood"),
        ("iif eth0 tcp dport ssssh", "tcp dport ssssh", "no value"),
        ("iif eth0 tcp dport @ports", "tcp dport @ports", "says nothing about a packet"),
    ] {
        let errors = String::from_utf8(trace(&["diff/old.v4", packet], 2).stderr).unwrap();
        let lines: Vec<&str> = errors.lines().collect();
        let caret = lines.iter().find(|line| line.contains('^')).unwrap_or(&"");
        let source = lines.iter().find(|line| line.contains(packet)).unwrap_or(&"");
        let (from, to) = (caret.find('^').unwrap_or(0), caret.rfind('^').map_or(0, |at| at + 1));
        let pointed = source.get(from..to).unwrap_or_default();
        assert!(shown.starts_with(pointed) && !pointed.is_empty(), "{packet}: points at `{pointed}`");
        assert!(errors.contains(said), "{packet}: {errors}");
    }
    trace(&["diff/old.v4", "tcp dport 22"], 2);
    trace(&["--hook", "input", "diff/old.v4", "tcp dport 22"], 0);
}
