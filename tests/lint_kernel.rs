//! No lint that speaks of packets contradicts the kernel: what is said never to match has its target turned
//! into another, and what is said to make no difference is taken out; the kernel then does the same with every
//! packet aimed at the rules.
//!
//! Needs root, nft and iptables-legacy-restore; says so and passes where they are missing. Real dumps are those of the
//! folder that `IPT2NFT_CORPUS` names; `IPT2NFT_PACKETS=800` makes a long run of it.
#![cfg(target_os = "linux")]

mod support;

use ipt2nft::diag::Source;
use ipt2nft::kernel::{Kind, Loader, Options, Report, Ruleset, lacking, replay};
use ipt2nft::lint::{self, config::Config, registry};
use ipt2nft::packet::Family;
use ipt2nft::save;
use support::dumps::{self, Dump};

/// What is done to the lines that a lint is about.
#[derive(Clone, Copy)]
enum Change {
    /// They never match, so they may do anything.
    OtherTarget,
    /// They make no difference.
    Removed,
}

const CLAIMS: &[(&str, Change)] = &[
    ("IPT101", Change::OtherTarget),
    ("IPT102", Change::OtherTarget),
    ("IPT105", Change::OtherTarget),
    ("IPT301", Change::OtherTarget),
    ("IPT104", Change::Removed),
];

fn ruleset(text: &str, family: Family) -> Ruleset {
    Ruleset { text: text.to_owned(), kind: Kind::Save(family), ipset: None }
}

fn can_replay() -> bool {
    let any = ruleset("", Family::Ip);
    let missing = lacking([(&any, Loader::Legacy), (&any, Loader::Legacy)], "nft".as_ref());
    if !missing.is_empty() {
        support::skip(&missing.join("; "));
    }
    missing.is_empty()
}

/// Lines of `text`, from 1, that a lint is about; for a chain, the lines of its rules.
fn lines(text: &str, code: &str) -> Vec<usize> {
    let source = Source::new(0, "rules", text.into()).unwrap();
    let report = lint::lint(std::slice::from_ref(&source), &lint::Options::default(), &Config::default());
    let found = report.findings.iter().filter(|finding| finding.lint.code == code);
    found
        .flat_map(|finding| {
            let line = source.line(finding.place.span.start) as usize;
            match text.lines().nth(line - 1).and_then(|l| l.strip_prefix(':')).and_then(|l| l.split(' ').next()) {
                Some(chain) => {
                    let start = format!("-A {chain} ");
                    text.lines().zip(1..).filter(|(l, _)| l.starts_with(&start)).map(|(_, n)| n).collect()
                }
                None => vec![line],
            }
        })
        .collect()
}

/// The dump with those lines changed; `None` where no line can be.
fn changed(text: &str, lines: &[usize], change: Change) -> Option<String> {
    let mut any = false;
    let mut out = String::new();
    for (line, number) in text.lines().zip(1..) {
        let other = match change {
            _ if !lines.contains(&number) => None,
            Change::Removed => Some(String::new()),
            Change::OtherTarget => line.split_once(" -j ").map(|(tests, target)| {
                let drops = ["DROP", "REJECT"].iter().any(|name| target.starts_with(name));
                // In the nat table nothing may drop.
                let other = if drops || text.lines().take(number).any(|l| l == "*nat") { "ACCEPT" } else { "DROP" };
                format!("{tests} -j {other}\n")
            }),
        };
        any |= other.is_some();
        out += &other.unwrap_or_else(|| format!("{line}\n"));
    }
    any.then_some(out)
}

fn compared(old: &str, new: &str, family: Family, packets: usize) -> Report {
    let options = Options { packets, ..Options::default() };
    replay(&ruleset(old, family), &ruleset(new, family), &options, &mut |_| {}).expect("the replay runs")
}

/// The examples of a page that fire.
fn examples(page: &str) -> Vec<&str> {
    let fires = page.split("## Fires").nth(1).unwrap().split("## Silent").next().unwrap();
    fires.split("```iptables\n").skip(1).map(|block| block.split("```").next().unwrap()).collect()
}

#[test]
fn pages_claim_what_the_kernel_does() {
    if !can_replay() {
        return;
    }
    for &(code, change) in CLAIMS {
        for text in examples(registry::find(code).unwrap().page) {
            let lines = lines(text, code);
            assert!(!lines.is_empty(), "{code}\n{text}");
            let new = changed(text, &lines, change).unwrap();
            let report = compared(text, &new, Family::Ip, 400);
            assert!(report.is_equal(), "{code}\n{text}\n{new}\n{report}");
        }
    }
}

#[test]
fn a_rule_that_matters_is_seen_to() {
    if !can_replay() {
        return;
    }
    let text = "*filter\n:INPUT DROP [0:0]\n-A INPUT -s 10.0.0.0/8 -j DROP\n-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\nCOMMIT\n";
    for change in [Change::OtherTarget, Change::Removed] {
        let new = changed(text, &[4], change).unwrap();
        assert!(!compared(text, &new, Family::Ip, 400).is_equal(), "{new}");
    }
}

#[test]
fn the_corpus_claims_what_the_kernel_does() {
    if !can_replay() {
        return;
    }
    let mut wrong = Vec::new();
    let mut claims = 0;
    for Dump { name, text, .. } in dumps::corpus() {
        let Ok(text) = String::from_utf8(text) else { continue };
        let parsed = save::parse(&Source::new(0, "rules", text.clone().into()).unwrap(), None);
        let [document] = parsed.dump.documents.as_slice() else { continue };
        for &(code, change) in CLAIMS {
            let lines = lines(&text, code);
            let Some(new) = changed(&text, &lines, change) else { continue };
            let options = Options { packets: support::packets(60), ..Options::default() };
            let (old, new) = (ruleset(&text, document.family), ruleset(&new, document.family));
            // Many dumps need sets, modules or interfaces that are not here.
            let Ok(report) = replay(&old, &new, &options, &mut |_| {}) else { continue };
            claims += lines.len();
            println!("{name} {code}: {} lines, {} packets", lines.len(), report.packets);
            if !report.is_equal() {
                wrong.push(format!("{name} {code} lines {lines:?}\n{report}"));
            }
        }
    }
    println!("{claims} claims held against the kernel");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
