//! Every match extension against the kernel's own tools: the same lines are accepted and refused,
//! and what is printed back means to them what the original meant.
//!
//! The cases are lines of `tests/cases/matches/*.cases`: `ok`, `bad`, or `strict` where the old
//! tool accepts something that is refused here on purpose, or `alone` where the tool refuses what is
//! accepted here, mostly for something it misses on this host (the reason stands behind `##`); then
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

    /// Whether the tool should accept the rule.
    fn is_accepted(&self) -> bool {
        matches!(self.verdict.as_str(), "ok" | "strict")
    }

    fn chain(&self) -> String {
        self.rule.split(' ').nth(1).unwrap_or_default().to_owned()
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

/// Rules of one family and table.
struct Batch {
    v6: bool,
    table: String,
    rules: Vec<String>,
}

/// For each batch the rules the tool saves after restoring it; `None` where it refuses.
fn restore(batches: &[Batch]) -> Vec<Option<Vec<String>>> {
    let folder = tempfile::tempdir().expect("folder");
    let file = |at: usize, batch: &Batch| format!("{at:05}.{}.{}.rules", if batch.v6 { 6 } else { 4 }, batch.table);
    for (at, batch) in batches.iter().enumerate() {
        let dump = format!("*{}\n{}\nCOMMIT\n", batch.table, batch.rules.join("\n"));
        std::fs::write(folder.path().join(file(at, batch)), dump).expect("write");
    }
    let status = Command::new("unshare").args(["-n", "sh", "-c", LOOP, "loop"]).arg(folder.path()).status();
    assert!(status.expect("unshare").success());
    let saved = |at: usize, batch: &Batch| folder.path().join(file(at, batch) + ".saved");
    let read = |at, batch| std::fs::read_to_string(saved(at, batch)).ok();
    let lines = |text: String| text.lines().map(str::to_owned).collect();
    batches.iter().enumerate().map(|(at, batch)| read(at, batch).map(lines)).collect()
}

/// For each rule what the tool saves of it; `None` where it refuses. Rules that should be accepted go
/// in batches, which are taken apart where one is refused.
fn legacy(cases: &[(&Case, String)]) -> Vec<Option<String>> {
    let key = |case: &Case| {
        (
            case.place.split(':').next().unwrap_or_default().to_owned(),
            case.v6,
            case.table.clone(),
            case.chain(),
            case.is_accepted(),
        )
    };
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (at, (case, _)) in cases.iter().enumerate() {
        match groups.iter_mut().find(|g| case.is_accepted() && key(cases[g[0]].0) == key(case)) {
            Some(group) => group.push(at),
            None => groups.push(vec![at]),
        }
    }
    let batch = |group: &[usize]| {
        let first = cases[group[0]].0;
        Batch { v6: first.v6, table: first.table.clone(), rules: group.iter().map(|&at| cases[at].1.clone()).collect() }
    };
    let mut out = vec![None; cases.len()];
    let mut apart = Vec::new();
    let batches: Vec<Batch> = groups.iter().map(|g| batch(g)).collect();
    for (group, saved) in groups.iter().zip(restore(&batches)) {
        match saved {
            Some(lines) if lines.len() == group.len() => {
                group.iter().zip(lines).for_each(|(&at, line)| out[at] = Some(line))
            }
            _ if group.len() == 1 => {}
            _ => apart.extend(group.iter().copied()),
        }
    }
    let singles: Vec<Batch> = apart.iter().map(|&at| batch(&[at])).collect();
    for (at, saved) in apart.into_iter().zip(restore(&singles)) {
        out[at] = saved.map(|lines| lines.join("\n"));
    }
    out
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
            ("ok" | "alone", Ok(_)) | ("bad" | "strict", Err(_)) => {}
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
    let original: Vec<_> = cases.iter().map(|case| (case, case.rule.clone())).collect();
    let originals = legacy(&original);
    let mut wrong = String::new();
    for (case, saved) in cases.iter().zip(&originals) {
        if saved.is_some() != case.is_accepted() {
            writeln!(wrong, "{} {}: {} -> the tool says {saved:?}", case.place, case.verdict, case.rule).expect("text");
        }
    }
    let known: Vec<_> =
        cases.iter().zip(&originals).filter_map(|(case, saved)| Some((case, saved.as_ref()?))).collect();
    let known: Vec<_> = known.into_iter().filter_map(|(case, saved)| Some((case, case.ours().ok()?, saved))).collect();
    let printed: Vec<_> = known.iter().map(|(case, text, _)| (*case, rules_of(text))).collect();
    for ((case, text, saved), again) in known.iter().zip(legacy(&printed)) {
        if again.as_ref() != Some(*saved) {
            writeln!(wrong, "{}: {}\n  printed {text:?}\n  saved {saved:?}\n  now {again:?}", case.place, case.rule)
                .expect("text");
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// The lines of a dump that are rules.
fn rules_of(dump: &str) -> String {
    dump.lines().filter(|line| line.starts_with("-A")).collect::<Vec<_>>().join("\n")
}
