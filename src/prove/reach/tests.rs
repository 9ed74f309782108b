//! One-line cases: what is told of each rule of a dump; and the claims held against comparison.

use super::{At, Dead, Reach, SameAnyway, Use};
use crate::diag::Source;
use crate::packet::Family;
use crate::prove::block::ChainId;
use crate::prove::dd::Budget;
use crate::prove::save_meaning::SaveRules;
use crate::save::parse;

/// What is told of the rules of `INPUT` and then of the other chains, one word each; whether rules that come into
/// question are asked one by one or together makes no difference.
#[track_caller]
fn told(policy: &str, rules: &str) -> Vec<String> {
    let [one_by_one, together] = [usize::MAX, 0].map(|few| told_by(few, policy, rules));
    assert_eq!(one_by_one, together, "{policy}\n{rules}");
    one_by_one
}

/// The same, where so many rules are asked one by one.
#[track_caller]
fn told_by(few: usize, policy: &str, rules: &str) -> Vec<String> {
    let text = format!("*filter\n:INPUT {policy} [0:0]\n:a - [0:0]\n:b - [0:0]\n{rules}\nCOMMIT\n");
    let parsed = parse(&Source::new(0, "test", text.clone().into()).unwrap(), Some(Family::Ip));
    assert!(parsed.diagnostics.is_empty(), "{text}: {:?}", parsed.diagnostics);
    let mut reach = Reach::new(&SaveRules(&parsed.dump), Family::Ip, Budget::default()).unwrap();
    for chain in reach.chains.values_mut() {
        chain.few = few;
        chain.all(&mut reach.space.dd).unwrap();
    }
    let mut words = Vec::new();
    for chain in 0..reach.program().chains.len() {
        for rule in 0..reach.program().chains[chain].rules.len() {
            words.push(word(reach.usefulness(At { chain: ChainId(chain), rule })));
        }
    }
    assert_eq!(reach.undecided, 0);
    words
}

fn word(found: Use) -> String {
    match found {
        Use::Needed => "-".to_owned(),
        Use::Undecided => "?".to_owned(),
        Use::Dead(Dead::Contradiction) => "contradiction".to_owned(),
        Use::Dead(Dead::NothingComes) => "nothing comes".to_owned(),
        Use::Dead(Dead::Shadowed(by)) => format!("shadowed {by:?}"),
        Use::NoDifference(SameAnyway::DoesNothing) => "does nothing".to_owned(),
        Use::NoDifference(SameAnyway::Decided { by, end }) => format!("same {by:?}{}", if end { " end" } else { "" }),
    }
}

#[test]
fn each_rule_is_told_what_it_is_for() {
    let mut wrong = Vec::new();
    for (policy, rules, want) in [
        ("ACCEPT", "-A INPUT -j DROP", &["-"][..]),
        // One rule, or several together, take all.
        ("ACCEPT", "-A INPUT -s 10.0.0.0/8 -j DROP\n-A INPUT -s 10.1.0.0/16 -j ACCEPT", &["-", "shadowed [0]"]),
        (
            "DROP",
            "-A INPUT -s 10.0.0.0/9 -j DROP\n-A INPUT -s 10.128.0.0/9 -j DROP\n-A INPUT -s 10.0.0.0/8 -j ACCEPT",
            &["-", "-", "shadowed [0, 1]"],
        ),
        // What may pass shadows nothing.
        ("ACCEPT", "-A INPUT -m limit -j DROP\n-A INPUT -s 10.0.0.1 -j DROP", &["-", "-"]),
        ("ACCEPT", "-A INPUT -j LOG\n-A INPUT -s 10.0.0.1 -j DROP", &["-", "-"]),
        ("ACCEPT", "-A INPUT -m helper --helper ftp -j DROP\n-A INPUT -s 10.0.0.1 -j DROP", &["-", "-"]),
        // Tests that exclude each other.
        ("ACCEPT", "-A INPUT -s 10.0.0.1 -m iprange --src-range 10.0.0.2-10.0.0.3 -j DROP", &["contradiction"]),
        ("ACCEPT", "-A INPUT -m mark --mark 1 -m mark --mark 2 -j DROP", &["contradiction"]),
        // What comes to a chain depends on its callers.
        (
            "ACCEPT",
            "-A INPUT -p tcp -j a\n-A a -p udp -j DROP\n-A a -p tcp --dport 1 -j DROP",
            &["-", "nothing comes", "-"],
        ),
        (
            "ACCEPT",
            "-A INPUT -s 10.0.0.1 -j DROP\n-A INPUT -j a\n-A a -s 10.0.0.1 -j ACCEPT",
            &["-", "does nothing", "nothing comes"],
        ),
        // Chains that decide for sure shadow what follows; those that may come back do not.
        ("ACCEPT", "-A INPUT -j a\n-A INPUT -j ACCEPT\n-A a -j LOG\n-A a -j DROP", &["-", "shadowed [0]", "-", "-"]),
        (
            "ACCEPT",
            "-A INPUT -j a\n-A INPUT -s 10.0.0.1 -j DROP\n-A a -m limit -j RETURN\n-A a -j DROP",
            &["-", "-", "-", "-"],
        ),
        (
            "ACCEPT",
            "-A INPUT -g a\n-A INPUT -s 10.0.0.1 -j DROP\n-A a -s 10.0.0.2 -j DROP",
            &["-", "shadowed [0]", "-"],
        ),
        // No difference: the same happens later.
        ("DROP", "-A INPUT -s 10.0.0.1 -j DROP\n-A INPUT -p tcp -j ACCEPT", &["-", "-"]),
        ("DROP", "-A INPUT -p udp -j DROP\n-A INPUT -p tcp -j ACCEPT", &["same [] end", "-"]),
        ("DROP", "-A INPUT -p udp -j DROP\n-A INPUT -j LOG\n-A INPUT -p tcp -j ACCEPT", &["-", "-", "-"]),
        ("ACCEPT", "-A INPUT -p udp -j DROP\n-A INPUT -j DROP", &["same [1]", "-"]),
        ("ACCEPT", "-A INPUT -p udp -j REJECT\n-A INPUT -j DROP", &["-", "-"]),
        ("ACCEPT", "-A INPUT -j RETURN", &["same [] end"]),
        ("ACCEPT", "-A INPUT -j a\n-A a -s 10.0.0.1 -j RETURN\n-A a -p tcp -j DROP", &["-", "-", "-"]),
        (
            "ACCEPT",
            "-A INPUT -j a\n-A INPUT -p tcp -j DROP\n-A a -s 10.0.0.1 -j RETURN",
            &["does nothing", "-", "same [] end"],
        ),
        // A mark that the chain sets itself is not what came in.
        (
            "DROP",
            "-A INPUT -m mark --mark 1 -j ACCEPT\n-A INPUT -j MARK --set-mark 1\n-A INPUT -m mark --mark 1 -j ACCEPT",
            &["-", "-", "-"],
        ),
        (
            "DROP",
            "-A INPUT -m mark --mark 1 -j ACCEPT\n-A INPUT -m mark --mark 1 -j ACCEPT",
            &["same [1]", "shadowed [0]"],
        ),
        // Nothing calls b.
        ("ACCEPT", "-A b -j DROP", &["-"]),
    ] {
        let got = told(policy, rules);
        if got != want {
            wrong.push(format!("{policy}\n{rules}\n  told {got:?}\n  want {want:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Rules about few values, so that many of them overlap, drawn from a seed.
fn drawn(seed: &mut u64, count: u64) -> String {
    let mut next = |below: u64| {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*seed >> 33) % below
    };
    let mut rules = String::new();
    for n in 0..count {
        let chain = if n < count / 2 { "INPUT" } else { "a" };
        rules += &format!("-A {chain}");
        if next(3) > 0 {
            rules += &format!(" -s 10.0.{}.0/{}", next(4), 21 + next(4));
        }
        if next(3) > 0 {
            rules += &format!(" -d 10.1.0.{}/{}", next(8), 28 + next(5));
        }
        if next(2) > 0 {
            rules += &format!(" -p tcp --dport {}:{}", 10 + next(5), 14 + next(5));
        }
        let targets = ["ACCEPT", "DROP", "RETURN", "LOG", "a", "MARK --set-mark 1"];
        let targets = &targets[..if chain == "a" { 4 } else { 6 }];
        rules += &format!(" -j {}\n", targets[next(targets.len() as u64) as usize]);
    }
    rules
}

#[test]
fn rules_asked_one_by_one_say_what_they_say_together() {
    let mut seed = 3;
    let mut words: Vec<String> = Vec::new();
    for round in 0..40 {
        words.extend(told(["ACCEPT", "DROP"][round % 2], &drawn(&mut seed, 24)));
    }
    for word in ["-", "shadowed", "same", "does nothing"] {
        assert!(words.iter().any(|told| told.starts_with(word)), "nobody is {word}: {words:?}");
    }
}
