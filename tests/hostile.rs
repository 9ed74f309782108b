//! Inputs that mean harm or were never meant to be read: what the program says, how long it takes, and that nothing
//! of them reaches a terminal or nft as more than text.

mod support;

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What a run came to.
struct Ran {
    code: i32,
    stdout: Vec<u8>,
    stderr: String,
    time: Duration,
}

/// Longest run that is not called a hang, in a build without optimization on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn run(args: &[&str], input: &[u8]) -> Ran {
    let begin = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_ipt2nft"))
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("piped");
    let output = std::thread::scope(|scope| {
        // It may end without reading all.
        scope.spawn(move || drop(stdin.write_all(input)));
        child.wait_with_output().expect("it ends")
    });
    let code = output.status.code().expect("no signal ends it");
    assert_ne!(code, 101, "it panics: {}", String::from_utf8_lossy(&output.stderr));
    let ran = Ran {
        code,
        stdout: output.stdout,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        time: begin.elapsed(),
    };
    assert!(ran.time < PATIENCE, "it takes {:?}", ran.time);
    ran
}

fn filter(rules: &str) -> String {
    format!("*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n{rules}COMMIT\n")
}

/// The program refuses, prints nothing that could be loaded, and says one of the words.
fn refused(input: &[u8], code: i32, word: &str) {
    let ran = run(&[], input);
    assert_eq!(
        (ran.code, ran.stdout.as_slice()),
        (code, &b""[..]),
        "{}",
        ran.stderr.chars().take(2000).collect::<String>()
    );
    assert!(ran.stderr.contains(word), "{word:?} is missing in: {}", ran.stderr.chars().take(2000).collect::<String>());
    assert!(ran.stderr.len() < 100_000, "{} bytes of message", ran.stderr.len());
    no_control(ran.stderr.as_bytes());
}

/// No byte that a terminal would obey.
fn no_control(text: &[u8]) {
    let found = text.iter().position(|b| b.is_ascii_control() && !matches!(b, b'\n' | b'\t'));
    assert_eq!(found, None, "{}", text.escape_ascii().to_string().chars().take(2000).collect::<String>());
}

#[test]
fn ten_megabytes_in_one_line() {
    let long = "x".repeat(10 << 20);
    refused(long.as_bytes(), 2, ":1:");
    refused(filter(&format!("-A INPUT -m comment --comment {long} -j DROP\n")).as_bytes(), 2, "comment");
    refused(filter(&format!("-A INPUT -i {long}\n")).as_bytes(), 2, "interface");
    refused(filter(&format!("-A INPUT {}\n", "! ".repeat(5 << 20))).as_bytes(), 2, "!");
    refused(
        filter(&format!("-A INPUT -p tcp -m multiport --dports {}1\n", "1,".repeat(5 << 20))).as_bytes(),
        2,
        "ports",
    );
}

#[test]
fn a_hundred_thousand_chains() {
    let mut text = String::from("*filter\n:INPUT ACCEPT [0:0]\n");
    for chain in 0..100_000 {
        text.push_str(&format!(":c{chain} - [0:0]\n"));
    }
    for chain in (0..100_000).step_by(1000) {
        text.push_str(&format!("-A INPUT -j c{chain}\n-A c{chain} -s 10.0.0.1/32 -j DROP\n"));
    }
    text.push_str("COMMIT\n");
    let ran = run(&[], text.as_bytes());
    assert_eq!(ran.code, 0, "{}", ran.stderr.chars().take(2000).collect::<String>());
    println!("{:?}", ran.time);
}

#[test]
fn jumps_in_a_ring() {
    let ring = ":a - [0:0]\n:b - [0:0]\n-A INPUT -j a\n-A a -j b\n-A b -s 10.0.0.1 -j a\n";
    refused(filter(ring).as_bytes(), 2, "the circle: a");
    refused(filter(":a - [0:0]\n-A INPUT -j a\n-A a -g a\n").as_bytes(), 2, "the circle: a");
}

#[test]
fn ten_thousand_jumps_deep() {
    let mut text = String::from("*filter\n:INPUT ACCEPT [0:0]\n");
    let deep = 10_000;
    (0..deep).for_each(|chain| text.push_str(&format!(":c{chain} - [0:0]\n")));
    text.push_str("-A INPUT -j c0\n");
    (1..deep).for_each(|chain| text.push_str(&format!("-A c{} -s 10.0.0.0/8 -j c{chain}\n", chain - 1)));
    text.push_str(&format!("-A c{} -j DROP\nCOMMIT\n", deep - 1));
    let ran = run(&[], text.as_bytes());
    // nft takes 15 levels: made flat, or refused.
    match ran.code {
        0 => assert!(support::in_namespace("nft", &["-f", "-"], &ran.stdout).status.success()),
        code => assert_eq!((code, ran.stdout.len()), (3, 0), "{}", ran.stderr.chars().take(2000).collect::<String>()),
    }
    println!("exit {} after {:?}", ran.code, ran.time);
}

#[test]
fn values_out_of_range() {
    for rule in [
        "-p tcp --dport 65536",
        "-p tcp --dport -1",
        "-p 256",
        "-s 10.0.0.0/33",
        "-s 256.0.0.1",
        "-m mark --mark 0x100000000",
        "-m ttl --ttl-eq 256",
        "-m limit --limit 99999999999999999999/s",
        "-m length --length 65536",
        "-m dscp --dscp 64",
        "-j LOG --log-level 99",
        "-i abcdefghijklmnopq",
        "-j REJECT --reject-with icmp-nothing",
        "-m connlimit --connlimit-above 99999999999",
        "-p icmp --icmp-type 256",
        "-m statistic --mode nth --every 0",
    ] {
        refused(filter(&format!("-A INPUT {rule}\n")).as_bytes(), 2, ":5:");
    }
}

#[test]
fn bytes_that_are_no_text() {
    refused(b"\0\0\0\0", 2, ":1:");
    refused(&[0xff; 1000], 2, ":1:");
    refused(filter("-A INPUT -m comment --comment \"a\0b\" -j \0DROP\n").as_bytes(), 2, ":5:");
    refused(filter("-A INPUT -i lo\x10\0 -j ACCEPT\n").as_bytes(), 2, ":5:");
    refused(b"*filter\n:IN\0PUT ACCEPT [0:0]\nCOMMIT\n", 2, ":2:");
    assert_eq!(run(&[], b"").code, 2);
    refused(b"*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -j DROP\n", 2, "COMMIT");
}

/// What the legacy tool takes twice, and what it does then, is taken, loads, and is proved by the program itself.
#[test]
fn things_said_twice() {
    for text in [
        "*filter\n:x - [0:0]\n:x - [0:0]\n-A x -j DROP\nCOMMIT\n".to_owned(),
        "*filter\n:INPUT DROP [0:0]\n:INPUT ACCEPT [0:0]\nCOMMIT\n".to_owned(),
        format!("{0}{0}", filter("-A INPUT -j DROP\n")),
    ] {
        let ran = run(&[], text.as_bytes());
        let legacy = support::can_run(&["iptables-legacy-restore"])
            .then(|| support::in_namespace("iptables-legacy-restore", &[], text.as_bytes()).status.success());
        if ran.code == 0 {
            assert_ne!(legacy, Some(false), "{text}");
            assert!(support::in_namespace("nft", &["-f", "-"], &ran.stdout).status.success());
        } else {
            assert!(matches!(ran.code, 2 | 3) && ran.stdout.is_empty(), "{text}\n{}", ran.stderr);
        }
    }
}

/// Escape sequences, bells, and what turns the direction of writing around.
const OBEYED: &str = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{8}\u{9b}31m\u{202e}";

#[test]
fn terminals_are_told_nothing() {
    for rule in [
        format!("-A INPUT -m comment --comment \"{OBEYED}\" -j DROP\n"),
        format!("-A INPUT -j LOG --log-prefix \"{OBEYED}\"\n"),
        format!("-A INPUT -j \"{OBEYED}\"\n"),
        format!("-A INPUT -m \"{OBEYED}\"\n"),
        format!("-A INPUT --{OBEYED} x\n"),
        format!("-A INPUT -i \"{OBEYED}\" -j DROP\n"),
        "-A INPUT -i \"\u{1b}[2J\u{7}\" -o \"\u{9b}31m\u{202e}\" -j DROP\n".to_owned(),
        format!("-A INPUT -p \"{OBEYED}\"\n"),
        format!("# {OBEYED}\n-A INPUT -j DROP\n"),
        format!(":{OBEYED} - [0:0]\n-A INPUT -j {OBEYED}\n"),
        format!("-A INPUT -m set --match-set \"{OBEYED}\" src -j DROP\n"),
    ] {
        for args in [&[][..], &["--diff"], &["--allow-partial"], &["lint", "-"], &["--merge", "none"]] {
            let ran = run(args, filter(&rule).as_bytes());
            no_control(&ran.stdout);
            no_control(ran.stderr.as_bytes());
            let shown = [ran.stdout, ran.stderr.into_bytes()].concat();
            let shown = String::from_utf8_lossy(&shown);
            let hidden = ['\u{9b}', '\u{202e}'].into_iter().find(|c| shown.contains(*c));
            assert_eq!(hidden, None, "{args:?}: {shown}");
        }
    }
}

/// Would make an nft rule of its own if it ever got out of its name.
const BREAKOUTS: &[&str] = &[
    "x;meta mark set 0xdead",
    "}meta mark set 0xdead",
    "x\"meta mark set 0xdead",
    "$x",
    "x\\",
    "x#",
    "drop",
    "jump",
    "{0xdead}",
    "@x",
    "*",
    "include",
    "0xdead",
    "a b",
    "'",
];

/// The text without strings and `#` lines.
fn bare(nft: &str) -> String {
    let lines = nft.lines().filter(|line| !line.trim_start().starts_with('#'));
    let outside = |line: &str| line.split('"').step_by(2).collect::<Vec<_>>().join("\"\"");
    lines.map(|line| outside(line) + "\n").collect()
}

#[test]
fn names_stay_names() {
    let kernel = support::can_run(&["nft"]);
    let mut loaded = 0;
    for name in BREAKOUTS {
        let quoted = format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""));
        let short: String = name.chars().take(15).collect();
        for rules in [
            format!(":{name} - [0:0]\n-A INPUT -j {quoted}\n-A {quoted} -s 10.0.0.1 -j DROP\n"),
            format!("-A INPUT -i \"{}\" -j DROP\n", short.replace('\\', "\\\\").replace('"', "\\\"")),
            format!("-A INPUT -j LOG --log-prefix {quoted}\n"),
            format!("-A INPUT -j NFLOG --nflog-prefix {quoted}\n"),
            format!("-A INPUT -m comment --comment {quoted} -j DROP\n"),
        ] {
            let ran = run(&["--merge", "none"], filter(&rules).as_bytes());
            if ran.code != 0 {
                assert!(ran.stdout.is_empty() && matches!(ran.code, 2 | 3), "{rules}: {}", ran.stderr);
                continue;
            }
            let text = String::from_utf8_lossy(&ran.stdout);
            assert!(!bare(&text).contains("mark set 0xdead"), "{rules}\n{text}");
            if kernel {
                let output = support::in_namespace("nft", &["-f", "-"], &ran.stdout);
                assert!(output.status.success(), "{rules}\n{text}\n{}", String::from_utf8_lossy(&output.stderr));
                loaded += 1;
            }
        }
        let ran = run(&["--table-prefix", name], filter("-A INPUT -j DROP\n").as_bytes());
        let text = String::from_utf8_lossy(&ran.stdout);
        assert!(!bare(&text).contains("mark set 0xdead"), "{name}: {text}");
    }
    println!("{loaded} of {} loaded", BREAKOUTS.len() * 5);
}

#[test]
fn set_names_stay_names() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("sets");
    for name in ["x;drop", "}drop", "drop", "$x", "@x", "{", "a.b", "*", "x\\", "\u{e9}"] {
        std::fs::write(&file, format!("create {name} hash:ip family inet\nadd {name} 10.0.0.1\n")).expect("written");
        let rule = format!("-A INPUT -m set --match-set {} src -j DROP\n", name.replace('\\', "\\\\"));
        let ran = run(&["--ipset", file.to_str().expect("text")], filter(&rule).as_bytes());
        if ran.code == 0 && support::can_run(&["nft"]) {
            let output = support::in_namespace("nft", &["-f", "-"], &ran.stdout);
            assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        } else {
            assert!(ran.stdout.is_empty() || ran.code == 0, "{name}: {}", ran.stderr);
        }
    }
}
