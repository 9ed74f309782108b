//! Lines made out of the tables of lines that are taken: each in the other family, each option with `!` and
//! without, each number at and beyond the ends of its range. The legacy tools must take and refuse the same ones.
//!
//! What the tools and this reader are known to judge differently stands in `KNOWN`, with the reason.

use std::collections::BTreeSet;
use std::path::Path;

use ipt2nft::save::ext::registry;
use ipt2nft::save::option::{Arg, OptionSpec};

#[path = "ext_targets/cases.rs"]
#[expect(dead_code, reason = "the other lists are for tests of targets")]
mod cases;
#[path = "ext_variants/line.rs"]
mod line;
#[path = "ext_variants/options.rs"]
mod options;
mod support;

use line::{Line, is_known, judged};

impl Line {
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

#[test]
fn variants_of_lines_are_taken_alike() {
    if !support::can_run(&["iptables-legacy-restore", "ip6tables-legacy-restore", "ipset"]) {
        return;
    }
    let lines: Vec<Line> = taken_matches().into_iter().chain(taken_targets()).collect();
    let variants: BTreeSet<Line> = lines.iter().flat_map(Line::variants).collect();
    let asked: Vec<&Line> = variants.iter().filter(|line| !is_known(line)).collect();
    let mut wrong = Vec::new();
    for (line, there) in asked.iter().zip(judged(&asked)) {
        let there = there.loads;
        if line.is_taken_here() != there {
            let who = if there { "only the tool takes" } else { "only we take" };
            wrong.push(format!("{who}: {} {} {}", if line.v6 { 6 } else { 4 }, line.table, line.rule));
        }
    }
    println!("{} variants of {} lines", asked.len(), lines.len());
    assert!(wrong.is_empty(), "{} of them differ:\n{}", wrong.len(), wrong.join("\n"));
}
