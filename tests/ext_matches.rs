//! Every match extension against the kernel's own tools: the same lines are accepted and refused,
//! and what is printed back means to them what the original meant.
//!
//! The cases are lines of `tests/cases/matches/*.cases`: `ok`, `bad`, or `strict` where the old
//! tool accepts something that is refused here on purpose (the reason stands behind `##`),
//! `lax` where it is the other way round, `absent` where the tool reads the line and this kernel lacks
//! what the rule is about, so that only our reading is tried; then
//! perhaps `6` for IPv6 or `@table`; then the rule, in INPUT (or PREROUTING) unless it says `-A`.
//! Everything runs in a network namespace of its own.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use ipt2nft::diag::Source;
use ipt2nft::packet::Family;
use ipt2nft::save::{parse, print};

struct Case {
    place: String,
    verdict: String,
    v6: bool,
    table: String,
    rule: String,
}

impl Case {
    fn read(file: &str, number: usize, line: &str) -> Option<Case> {
        let text = line.split("##").next().unwrap_or_default().trim();
        if text.is_empty() || text.starts_with('#') {
            return None;
        }
        let (verdict, rest) = text.split_once(' ').expect("a verdict and a rule");
        let mut rest = rest.trim_start();
        let v6 = rest.starts_with("6 ");
        if v6 {
            rest = rest[2..].trim_start();
        }
        let mut table = "filter";
        if let Some(after) = rest.strip_prefix('@') {
            (table, rest) = after.split_once(' ').unwrap_or((after, ""));
        }
        let chain = if matches!(table, "filter" | "mangle" | "security") { "INPUT" } else { "PREROUTING" };
        let rule = if rest.starts_with("-A ") { rest.to_owned() } else { format!("-A {chain} {rest}") };
        Some(Case { place: format!("{file}:{number}"), verdict: verdict.into(), v6, table: table.into(), rule })
    }

    fn dump(&self) -> String {
        format!("*{}\n{}\nCOMMIT\n", self.table, self.rule)
    }

    /// Our reading, printed back.
    fn ours(&self) -> Result<String, String> {
        let family = if self.v6 { Family::Ip6 } else { Family::Ip };
        let source = Source::new(0, "case", self.dump().into_bytes()).expect("small");
        let parsed = parse(&source, Some(family));
        match parsed.diagnostics.iter().find(|d| d.is_error()) {
            Some(error) => Err(error.message.clone()),
            None => Ok(String::from_utf8_lossy(&print::print(&parsed.dump)).into_owned()),
        }
    }
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/matches");
    let mut files: Vec<_> = std::fs::read_dir(folder).expect("cases").map(|f| f.expect("file").path()).collect();
    files.sort();
    let mut out = Vec::new();
    for file in files {
        let name = file.file_stem().expect("name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&file).expect("text");
        out.extend(text.lines().enumerate().filter_map(|(at, line)| Case::read(&name, at + 1, line)));
    }
    out
}

/// Restores each file of the folder, and saves what came of it beside it.
const LOOP: &str = r#"cd "$1" || exit 1
for f in *.rules; do
  v=${f#*.}; v=${v%%.*}; t=${f%.rules}; t=${t##*.}
  if "ip${v#4}tables-legacy-restore" < "$f" > "$f.err" 2>&1; then
    "ip${v#4}tables-legacy-save" -t "$t" 2>/dev/null | grep '^-A' > "$f.saved"
  fi
done
:"#;

/// For each dump what the tool saves after restoring it; `None` where it refuses.
fn legacy(dumps: &[(&Case, String)]) -> Vec<Option<String>> {
    let folder = tempfile::tempdir().expect("folder");
    let file = |at: usize, case: &Case| format!("{at:05}.{}.{}.rules", if case.v6 { 6 } else { 4 }, case.table);
    for (at, (case, dump)) in dumps.iter().enumerate() {
        std::fs::write(folder.path().join(file(at, case)), dump).expect("write");
    }
    let status = Command::new("unshare").args(["-n", "sh", "-c", LOOP, "loop"]).arg(folder.path()).status();
    assert!(status.expect("unshare").success());
    let saved = |at: usize, case: &Case| folder.path().join(file(at, case) + ".saved");
    dumps.iter().enumerate().map(|(at, (case, _))| std::fs::read_to_string(saved(at, case)).ok()).collect()
}

fn kernel_is_there() -> bool {
    let works = |program: &str| {
        Command::new("unshare").args(["-n", program, "-t", "filter"]).output().is_ok_and(|o| o.status.success())
    };
    works("iptables-legacy-save") && works("ip6tables-legacy-save")
}

#[test]
fn cases_are_accepted_and_refused_here() {
    let mut wrong = String::new();
    for case in cases() {
        match (case.verdict.as_str(), case.ours()) {
            ("ok" | "absent" | "lax", Ok(_)) | ("bad" | "strict", Err(_)) => {}
            (verdict, ours) => writeln!(wrong, "{} {verdict}: {} -> {ours:?}", case.place, case.rule).unwrap(),
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn the_tool_accepts_the_same_and_saves_the_same() {
    if !kernel_is_there() {
        eprintln!("skipped: needs root, unshare and iptables-legacy");
        return;
    }
    let cases = cases();
    let original: Vec<_> = cases.iter().map(|case| (case, case.dump())).collect();
    let originals = legacy(&original);
    let mut wrong = String::new();
    for (case, saved) in cases.iter().zip(&originals) {
        if case.verdict == "absent" {
            println!("not tried with the tool: {} {}", case.place, case.rule);
            continue;
        }
        if saved.is_some() != matches!(case.verdict.as_str(), "ok" | "strict") {
            writeln!(wrong, "{} {}: {} -> the tool says {saved:?}", case.place, case.verdict, case.rule).unwrap();
        }
    }
    let printed: Vec<_> = cases.iter().filter_map(|case| Some((case, case.ours().ok()?))).collect();
    let again = legacy(&printed);
    for ((case, text), again) in printed.iter().zip(&again) {
        let at = cases.iter().position(|c| c.place == case.place).expect("a case");
        if originals[at].is_some() && *again != originals[at] {
            writeln!(
                wrong,
                "{}: {}\n  printed {text:?}\n  saved {:?}\n  not {again:?}",
                case.place, case.rule, originals[at]
            )
            .unwrap();
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}
