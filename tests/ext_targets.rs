//! Every target, line by line, against the legacy tools: what they take we take, what they refuse
//! we refuse, and what we print back is the same rule to them.
//!
//! A case is `family table chain rest-of-rule`. The tools run in network namespaces of their own;
//! without root or without the tools the tests say so and pass, unless CI forbids it.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use ipt2nft::diag::Source;
use ipt2nft::packet::Family;
use ipt2nft::save::{parse, print};

#[path = "ext_targets/cases.rs"]
mod cases;
mod support;

/// One line as a dump.
struct Case {
    family: Family,
    table: &'static str,
    text: String,
}

fn case(line: &'static str) -> Case {
    let mut words = line.splitn(4, ' ');
    let mut word = || words.next().unwrap();
    let family = if word() == "6" { Family::Ip6 } else { Family::Ip };
    let (table, chain, rest) = (word(), word(), word());
    let declared =
        if chain.chars().all(|c| c.is_ascii_uppercase()) { String::new() } else { format!(":{chain} - [0:0]\n") };
    Case { family, table, text: format!("*{table}\n{declared}-A {chain} {rest}\nCOMMIT\n") }
}

/// The line printed back, or what was wrong with it.
fn ours(case: &Case) -> Result<String, String> {
    let source = Source::new(0, "case", case.text.clone().into_bytes()).unwrap();
    let parsed = parse(&source, Some(case.family));
    let errors: Vec<&str> = parsed.diagnostics.iter().filter(|d| d.is_error()).map(|d| d.message.as_str()).collect();
    if errors.is_empty() { Ok(String::from_utf8(print::print(&parsed.dump)).unwrap()) } else { Err(errors.join("; ")) }
}

fn can_run() -> bool {
    support::can_run(&["iptables-legacy-restore", "ip6tables-legacy-restore", "ipset"])
}

/// What the tools save after restoring each text, all in one namespace; `None` where they refuse.
fn legacy(texts: &[(&Case, String)]) -> Vec<Option<String>> {
    let dir = tempfile::tempdir().unwrap();
    let mut script = String::from(cases::SETUP);
    for (n, (case, text)) in texts.iter().enumerate() {
        std::fs::write(dir.path().join(format!("{n}.in")), text).unwrap();
        let tool = if case.family == Family::Ip6 { "ip6tables" } else { "iptables" };
        let table = case.table;
        writeln!(
            script,
            "if {tool}-legacy-restore < {n}.in 2> {n}.err; then {tool}-legacy-save -t {table} | grep -a '^-A' > {n}.out; \
             {tool}-legacy -t {table} -F; {tool}-legacy -t {table} -X; fi"
        )
        .unwrap();
    }
    std::fs::write(dir.path().join("script"), script).unwrap();
    let run = Command::new("unshare").args(["-n", "sh", "script"]).current_dir(dir.path()).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    (0..texts.len()).map(|n| read_lossy(&dir.path().join(format!("{n}.out")))).collect()
}

fn read_lossy(path: &Path) -> Option<String> {
    std::fs::read(path).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// Collects complaints, so that one run shows them all.
fn report(complaints: &[String]) {
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}

#[test]
fn our_reader_takes_and_refuses_the_lines() {
    let mut complaints = Vec::new();
    for line in cases::ACCEPTED.iter().chain(cases::ONLY_WE_ACCEPT).chain(cases::NOT_ON_EVERY_KERNEL) {
        if let Err(why) = ours(&case(line)) {
            complaints.push(format!("refused: {line}: {why}"));
        }
    }
    for line in cases::REFUSED.iter().chain(cases::ONLY_WE_REFUSE) {
        if let Ok(text) = ours(&case(line)) {
            complaints.push(format!("taken: {line}: {text}"));
        }
    }
    report(&complaints);
}

#[test]
fn the_legacy_tools_take_and_refuse_the_same_lines() {
    if !can_run() {
        return;
    }
    let expected = [
        (cases::ACCEPTED, true),
        (cases::ONLY_WE_REFUSE, true),
        (cases::REFUSED, false),
        (cases::ONLY_WE_ACCEPT, false),
    ];
    let lines: Vec<(&str, Case, bool)> =
        expected.iter().flat_map(|(list, takes)| list.iter().map(|line| (*line, case(line), *takes))).collect();
    let texts: Vec<_> = lines.iter().map(|(_, case, _)| (case, case.text.clone())).collect();
    let complaints: Vec<String> = lines
        .iter()
        .zip(legacy(&texts))
        .filter(|((.., takes), saved)| saved.is_some() != *takes)
        .map(|((line, ..), saved)| format!("legacy {}: {line}", if saved.is_some() { "takes" } else { "refuses" }))
        .collect();
    report(&complaints);
}

#[test]
fn lines_printed_back_are_the_same_rules_to_the_legacy_tools() {
    if !can_run() {
        return;
    }
    let all: Vec<(&str, Case)> = cases::ACCEPTED.iter().map(|line| (*line, case(line))).collect();
    let printed: Vec<(&str, &Case, String)> =
        all.iter().filter_map(|(line, case)| ours(case).ok().map(|text| (*line, case, text))).collect();
    let texts: Vec<(&Case, String)> =
        printed.iter().flat_map(|(_, case, text)| [(*case, case.text.clone()), (*case, text.clone())]).collect();
    let saved = legacy(&texts);
    let complaints: Vec<String> = printed
        .iter()
        .zip(saved.chunks(2))
        .filter(|(_, pair)| pair[0] != pair[1])
        .map(|((line, _, text), pair)| format!("{line}\n  ours: {text}  {pair:?}"))
        .collect();
    report(&complaints);
}
