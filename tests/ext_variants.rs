//! Lines made out of the tables of lines that are taken: each in the other family, each option with `!` and
//! without, each number at and beyond the ends of its range. The legacy tools must take and refuse the same ones.
//!
//! What the tools and this reader are known to judge differently stands in `KNOWN`, with the reason.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use ipt2nft::diag::Source;
use ipt2nft::packet::Family;
use ipt2nft::save::ext::registry;
use ipt2nft::save::option::{Arg, OptionSpec};
use ipt2nft::save::parse;

#[path = "ext_targets/cases.rs"]
#[expect(dead_code, reason = "the other lists are for tests of targets")]
mod cases;
mod support;

/// Lines that are judged differently: family, what stands in them, and why.
const KNOWN: &[(&str, &str, &str)] = &[
    ("", "--mss 65536", "the tool keeps the lower bits of such a number; refused here"),
    ("", "--wscale 256", "likewise"),
    ("", "--left-shift-mark 32 --right-shift-mark", "the tool looks at the last shift only"),
    ("", "-j SET !", "the tool takes no notice of `!`, which says that somebody meant something else"),
    ("", " ! --exist", "likewise"),
    ("", "src ! --timeout", "likewise"),
    ("", "--exist ! --timeout", "likewise"),
    ("", "! --add-set", "likewise"),
    ("", "! --map-", "likewise"),
    ("6", "-j SET", "the sets that the tool finds here hold IPv4 addresses"),
    ("6", "-j RATEEST", "the tool's IPv4 rules have taken the name"),
    ("6", "-j CT --helper", "the kernel has some helpers for IPv4 only"),
    ("6", "-p icmp -j MASQUERADE --to-ports", "ICMP of IPv4, which no IPv6 packet carries; refused here"),
    ("6", "-p icmp -j REDIRECT --to-ports", "likewise"),
];

/// Whether a line is judged differently, and it is known why.
fn is_known(line: &Line) -> bool {
    let family = if line.v6 { "6" } else { "4" };
    KNOWN.iter().any(|(of, part, _)| (of.is_empty() || *of == family) && line.rule.contains(part))
}

/// A rule, where it stands, and in which family.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Line {
    v6: bool,
    table: String,
    rule: String,
}

impl Line {
    fn dump(&self) -> String {
        let chain = self.rule.split(' ').nth(1).unwrap_or_default();
        let own = !chain.chars().all(|c| c.is_ascii_uppercase());
        let declared = if own { format!(":{chain} - [0:0]\n") } else { String::new() };
        format!("*{}\n{declared}{}\nCOMMIT\n", self.table, self.rule)
    }

    fn is_taken_here(&self) -> bool {
        let family = if self.v6 { Family::Ip6 } else { Family::Ip };
        let source = Source::new(0, "line", self.dump().into_bytes()).unwrap();
        !parse(&source, Some(family)).diagnostics.iter().any(|d| d.is_error())
    }

    fn with(&self, words: &[&str]) -> Line {
        Line { rule: words.join(" "), ..self.clone() }
    }

    /// The line in other ways.
    fn variants(&self) -> Vec<Line> {
        let mut out = vec![Line { v6: !self.v6, ..self.clone() }];
        let words: Vec<&str> = self.rule.split(' ').collect();
        for (at, word) in words.iter().enumerate() {
            let Some(spec) = word.strip_prefix("--").and_then(|name| self.option(name)) else { continue };
            let (head, tail) = words.split_at(at);
            out.push(match head.split_last() {
                Some((&"!", before)) => self.with(&[before, tail].concat()),
                _ => self.with(&[head, &["!"], tail].concat()),
            });
            if let (Arg::Number { min, max }, Some(rest)) = (&spec.arg, tail.get(2..)) {
                for number in ends(*min, *max) {
                    out.push(self.with(&[head, &[*word, &number], rest].concat()));
                }
            }
        }
        out
    }

    /// The option of this name of an extension that the line names.
    fn option(&self, name: &str) -> Option<&'static OptionSpec> {
        let all = registry::MATCHES.iter().chain(registry::TARGETS);
        let named = all.filter(|extension| self.rule.split(' ').any(|word| word == extension.name));
        named.flat_map(|extension| extension.options).find(|spec| spec.name == name)
    }
}

/// Numbers at the ends of a range and beyond, and what is no number.
fn ends(min: u64, max: u64) -> Vec<String> {
    let mut out: Vec<String> = [min, max].iter().map(ToString::to_string).collect();
    out.push((u128::from(max) + 1).to_string());
    out.push(min.checked_sub(1).map_or("-1".to_owned(), |below| below.to_string()));
    out.extend(["5x".to_owned(), format!("{max:#x}")]);
    out
}

fn taken_matches() -> Vec<Line> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/matches");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    let texts: Vec<String> = files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
    texts.iter().flat_map(|text| text.lines()).filter_map(taken_match).collect()
}

/// `ok [6] [@table] rule`
fn taken_match(line: &str) -> Option<Line> {
    let rest = line.split("##").next()?.trim().strip_prefix("ok ")?.trim_start();
    let (v6, rest) = rest.strip_prefix("6 ").map_or((false, rest), |rest| (true, rest.trim_start()));
    let (table, rest) = rest.strip_prefix('@').and_then(|r| r.split_once(' ')).unwrap_or(("filter", rest));
    let chain = if matches!(table, "filter" | "mangle" | "security") { "INPUT" } else { "PREROUTING" };
    let rule = if rest.starts_with("-A ") { rest.to_owned() } else { format!("-A {chain} {rest}") };
    Some(Line { v6, table: table.to_owned(), rule })
}

fn taken_targets() -> Vec<Line> {
    let read = |line: &&str| {
        let (family, rest) = line.split_once(' ').unwrap();
        let (table, rest) = rest.split_once(' ').unwrap();
        Line { v6: family == "6", table: table.to_owned(), rule: format!("-A {rest}") }
    };
    cases::ACCEPTED.iter().map(read).collect()
}

/// Whether the tools take each line.
fn taken_there(lines: &[&Line]) -> Vec<bool> {
    let dir = tempfile::tempdir().unwrap();
    let mut script = String::from(cases::SETUP);
    for (n, line) in lines.iter().enumerate() {
        std::fs::write(dir.path().join(format!("{n}.in")), line.dump()).unwrap();
        let tool = if line.v6 { "ip6tables" } else { "iptables" };
        writeln!(script, "{tool}-legacy-restore < {n}.in 2> {n}.err && : > {n}.ok").unwrap();
    }
    std::fs::write(dir.path().join("script"), script + ":\n").unwrap();
    let run = Command::new("unshare").args(["-n", "sh", "script"]).current_dir(dir.path()).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    (0..lines.len()).map(|n| dir.path().join(format!("{n}.ok")).exists()).collect()
}

#[test]
fn variants_of_lines_are_taken_alike() {
    if !support::can_run(&["iptables-legacy-restore", "ip6tables-legacy-restore", "ipset"]) {
        return;
    }
    let lines: Vec<Line> = taken_matches().into_iter().chain(taken_targets()).collect();
    let variants: BTreeSet<Line> = lines.iter().flat_map(Line::variants).collect();
    let asked: Vec<&Line> = variants.iter().filter(|line| !is_known(line)).collect();
    let mut wrong = Vec::new();
    for (line, there) in asked.iter().zip(taken_there(&asked)) {
        if line.is_taken_here() != there {
            let who = if there { "only the tool takes" } else { "only we take" };
            wrong.push(format!("{who}: {} {} {}", if line.v6 { 6 } else { 4 }, line.table, line.rule));
        }
    }
    println!("{} variants of {} lines", asked.len(), lines.len());
    assert!(wrong.is_empty(), "{} of them differ:\n{}", wrong.len(), wrong.join("\n"));
}
