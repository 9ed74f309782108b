//! The registry is complete, and every lint's page is true: its examples fire, or do not.

use std::collections::BTreeSet;

use super::config::Config;
use super::fix::fix;
use super::registry::{LINTS, RETIRED, find};
use super::{Finding, Options, Safety, lint};
use crate::diag::{Severity, Source};
use crate::prove::compare::Answer;

/// An example on a page: what follows the first heading, and the lines of the block.
struct Example<'a> {
    fires: bool,
    text: &'a str,
    /// What the safe fixes make of it.
    becomes: Option<&'a str>,
}

fn examples(page: &str) -> Vec<Example<'_>> {
    let mut all: Vec<Example> = Vec::new();
    let mut fires = false;
    let mut rest = page;
    while let Some(at) = rest.find("```iptables") {
        let (before, block) = rest.split_at(at);
        if let Some(heading) = before.lines().rev().find_map(|line| line.strip_prefix("## ")) {
            fires = heading == "Fires";
        }
        let (info, body) = block.split_once('\n').unwrap();
        let (text, after) = body.split_once("```").unwrap();
        match all.last_mut() {
            Some(last) if info.ends_with(" becomes") => last.becomes = Some(text),
            _ => all.push(Example { fires, text, becomes: None }),
        }
        rest = after;
    }
    all
}

fn source(text: &str) -> Source {
    Source::new(0, "rules", text.into()).unwrap()
}

fn findings(text: &str) -> Vec<Finding> {
    lint(&[source(text)], &Options::default(), &Config::default()).findings
}

#[test]
fn codes_and_names_are_in_order_and_used_once() {
    assert!(LINTS.is_sorted_by(|a, b| a.code < b.code), "sort the list by code");
    let names: BTreeSet<&str> = LINTS.iter().map(|lint| lint.name).collect();
    assert_eq!(names.len(), LINTS.len());
    for lint in LINTS {
        assert!(lint.code.starts_with("IPT") && lint.code.len() == 6, "{}", lint.code);
        assert!(!lint.summary.ends_with('.'), "{}", lint.name);
        assert!(!RETIRED.iter().any(|(code, name)| *code == lint.code || *name == lint.name), "{}", lint.code);
        assert_eq!(find(lint.name).map(|found| found.code), Some(lint.code));
    }
}

#[test]
fn pages_are_titled_and_their_examples_are_true() {
    let mut wrong = Vec::new();
    for lint in LINTS {
        let severity = match lint.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        assert_eq!(lint.page.lines().next(), Some(&*format!("# {} {} ({severity})", lint.code, lint.name)));
        assert!(lint.page.contains("\n## What to do\n"), "{}", lint.code);
        let examples = examples(lint.page);
        for fires in [true, false] {
            assert!(examples.iter().any(|e| e.fires == fires), "{} needs an example that fires: {fires}", lint.code);
        }
        for example in examples {
            let codes: Vec<&str> = findings(example.text).iter().map(|finding| finding.lint.code).collect();
            if codes.contains(&lint.code) != example.fires {
                wrong.push(format!("{} fires: {}, found {codes:?}\n{}", lint.code, example.fires, example.text));
            }
            if let Some(want) = example.becomes {
                let (source, found) = (source(example.text), findings(example.text));
                let fixed = fix(&source, &found, Safety::Safe, None).map(|fixed| fixed.text).unwrap_or_default();
                assert_eq!(String::from_utf8_lossy(&fixed), want, "{}", lint.code);
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A place in `text`, which has one finding of `code`: what is under its caret.
#[track_caller]
fn pointed_at(text: &str, code: &str) -> String {
    let source = source(text);
    let all = findings(text);
    let found: Vec<&Finding> = all.iter().filter(|finding| finding.lint.code == code).collect();
    assert_eq!(found.len(), 1, "{text}: {found:?}");
    String::from_utf8_lossy(source.slice(found[0].place.span)).into_owned()
}

#[test]
fn findings_point_at_the_words_they_are_about() {
    assert_eq!(pointed_at("*filter\n-A INPUT -d 10.0.0.1/8 -j DROP\nCOMMIT\n", "IPT305"), "-d 10.0.0.1/8");
    assert_eq!(
        pointed_at("*filter\n-A INPUT -j DROP\n-A INPUT -p 6 -j DROP\nCOMMIT\n", "IPT101"),
        "-A INPUT -p 6 -j DROP"
    );
}

#[test]
fn allows_take_findings_out_and_are_missed_when_idle() {
    let table = |lines: &str| format!("*filter\n:INPUT DROP [0:0]\n{lines}\nCOMMIT\n");
    for (lines, want) in [
        ("-A INPUT -s 10.0.0.1/8 -j ACCEPT", &["IPT305"][..]),
        ("# ipt2nft: allow IPT305 as given\n-A INPUT -s 10.0.0.1/8 -j ACCEPT", &[]),
        ("# ipt2nft: allow host-bits as given\n\n# more\n-A INPUT -s 10.0.0.1/8 -j ACCEPT", &[]),
        ("-A INPUT -s 10.0.0.1/8 -m comment --comment \"office; ipt2nft: allow IPT305 as given\" -j ACCEPT", &[]),
        // Another code, no code, no reason, another line.
        ("# ipt2nft: allow IPT101 as given\n-A INPUT -s 10.0.0.1/8 -j ACCEPT", &["IPT002", "IPT305"]),
        ("# ipt2nft: allow as given\n-A INPUT -s 10.0.0.1/8 -j ACCEPT", &["IPT002", "IPT305"]),
        ("# ipt2nft: allow IPT305\n-A INPUT -s 10.0.0.1/8 -j ACCEPT", &["IPT002"]),
        ("# ipt2nft: allow IPT305 as given\n-A INPUT -j LOG\n-A INPUT -s 10.0.0.1/8 -j ACCEPT", &["IPT002", "IPT305"]),
    ] {
        let ours = |code: &&str| ["IPT002", "IPT305"].contains(code);
        let found: Vec<&str> = findings(&table(lines)).iter().map(|f| f.lint.code).filter(ours).collect();
        assert_eq!(found, want, "{lines}");
    }
}

#[test]
fn config_and_baseline_take_findings_out() {
    let dump = source("*filter\n-A INPUT -s 10.0.0.1/8 -j DROP\nCOMMIT\n");
    let lint_with = |config: &Config| lint(std::slice::from_ref(&dump), &Options::default(), config);
    let codes = |config: &Config| lint_with(config).findings.iter().map(|f| f.lint.code).collect::<Vec<_>>();
    let read = |text: &str| Config::read(&Source::new(1, "ipt2nft.toml", text.into()).unwrap());
    assert_eq!(codes(&read("[lint.allow]\nIPT305 = \"as given\"\n").unwrap()), [""; 0]);
    assert_eq!(codes(&read("[lint.allow]\nIPT101 = \"as given\"\n").unwrap()), ["IPT305", "IPT002"]);
    assert_eq!(codes(&read("[lint.allow]\nIPT305 = \"\"\n").unwrap()), ["IPT305", "IPT002"]);
    assert!(read("[lint]\nalow = 1\n").is_err());
    assert!(read("[lint").is_err());
    let all = lint_with(&Config::default()).findings;
    let text = super::config::baseline(&all, std::slice::from_ref(&dump));
    let mut config = Config::default();
    config.read_baseline(&Source::new(1, "baseline.toml", text.clone().into()).unwrap()).unwrap();
    assert_eq!(codes(&config), [""; 0]);
    config.read_baseline(&Source::new(1, "baseline.toml", text.into()).unwrap()).unwrap();
    assert_eq!(codes(&config), ["IPT002"], "known twice, found once");
}

#[test]
fn fixes_are_proved_or_told_not_to_be() {
    let fixed = |rules: &str, safety| {
        let text = format!("*filter\n:INPUT DROP [0:0]\n{rules}\nCOMMIT\n");
        fix(&source(&text), &findings(&text), safety, None)
    };
    let shadowed = "-A INPUT -s 10.0.0.0/8 -j DROP\n-A INPUT -s 10.0.0.1 -j ACCEPT";
    assert!(fixed(shadowed, Safety::Safe).is_none(), "a person should look at it");
    let removed = fixed(shadowed, Safety::Unsafe).unwrap();
    assert_eq!(removed.proof.answer(), Answer::Equivalent);
    assert!(!String::from_utf8_lossy(&removed.text).contains("10.0.0.1"));
    // Answers before the rule that blocks some of them: another meaning, and said to be.
    let many: String = (0..10).map(|n| format!("-A INPUT -p tcp --dport {n} -s 192.0.2.{n} -j DROP\n")).collect();
    let late = format!("{many}-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT\n-A INPUT -p udp -j ACCEPT");
    let moved = fixed(&late, Safety::Unsafe).unwrap();
    assert_eq!(moved.proof.answer(), Answer::Different);
    assert!(String::from_utf8_lossy(&moved.text).contains("[0:0]\n-A INPUT -m conntrack"));
}
