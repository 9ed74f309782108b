//! What we print loads on every nft at hand, twice; what cannot be printed breaks nothing.

#[path = "nft/optional.rs"]
mod optional;
mod support;
#[path = "nft/tree.rs"]
mod tree;

use std::collections::BTreeSet;
use support::nft;

use bstr::{BString, ByteSlice};
use ipt2nft::nft::ast::*;
use ipt2nft::nft::identifier::Renamer;
use ipt2nft::nft::print::{Style, print, print_rule};
use ipt2nft::nft::read::read;
use ipt2nft::nft::version::Feature;
use ipt2nft::packet::{Family, Field};
use optional::optional_statements;
use tree::*;

fn text(ruleset: &Ruleset) -> String {
    match print(ruleset, &Style::default()) {
        Ok(text) => String::from_utf8(text).unwrap(),
        Err(error) => panic!("{error}"),
    }
}

/// Everything of `tests/nft/tree.rs` that the program's version has, in one ruleset.
fn broad(program: &nft::Nft) -> Ruleset {
    ruleset(|feature| program.version >= feature.need().nft)
}

#[test]
fn every_construct_loads_twice() {
    for program in nft::programs() {
        let text = text(&broad(&program));
        let outcome = program.run("-f FILE\n-f FILE", text.as_bytes());
        assert!(outcome.ok, "nft {}:\n{}\n{text}", program.version, outcome.stderr);
    }
}

/// Statements that the kernel may have been built without: nft has to read them, no more.
#[test]
fn optional_statements_are_read() {
    for program in nft::programs() {
        for statement in optional_statements() {
            let rule = Rule { statements: vec![statement], ..Rule::default() };
            let line = print_rule(&rule, Family::Ip).unwrap();
            let outcome = program.run("-f FILE", format!("table ip t {{\n chain c {{\n {line}\n }}\n}}\n").as_bytes());
            let read = outcome.ok || outcome.stderr.contains("Could not process rule");
            assert!(read, "nft {}: {line}\n{}", program.version, outcome.stderr);
        }
    }
}

/// The reader, which shares no code with the printer, understands what was printed (less objects for
/// synproxy, which it leaves alone), and printing that again changes nothing.
#[test]
fn printing_what_was_read_changes_nothing() {
    let once = text(&ruleset(|feature| feature != Feature::Synproxy));
    let again = text(&read("printed", once.as_bytes()).unwrap());
    let lines = once.lines().zip(again.lines());
    let different: Vec<_> = lines.filter(|(a, b)| a != b).collect();
    assert!(different.is_empty() && once.len() == again.len(), "{different:#?}");
}

/// What nft lists, read and printed, makes nft list the same again, less the few lines that mean
/// something else elsewhere (the name of an interface for its number, local time).
#[test]
fn listings_survive_the_tree() {
    for program in nft::programs() {
        let known = |feature: Feature| feature != Feature::Synproxy && program.version >= feature.need().nft;
        let first = program.run("-f FILE\n-T list ruleset", text(&ruleset(known)).as_bytes());
        assert!(first.ok, "nft {}: {}", program.version, first.stderr);
        let mut tree = read("listing", &first.stdout).unwrap_or_else(|errors| panic!("{errors:?}"));
        let removed = remove_opaque(&mut tree);
        for line in &removed {
            let text = first.stdout.lines().nth(*line as usize - 1).unwrap_or_default().as_bstr();
            let expected =
                ["meta hour \"", "meta time < \"", "fib saddr oif \""].iter().any(|words| text.contains_str(words));
            assert!(expected, "nft {}: {text}", program.version);
        }
        let printed = text(&tree);
        let second = program.run("-f FILE\n-T list ruleset", printed.as_bytes());
        assert!(second.ok, "nft {}:\n{}\n{printed}", program.version, second.stderr);
        let (first, second) = (first.stdout.as_bstr().to_string(), second.stdout.as_bstr().to_string());
        let kept = first.lines().zip(1..).filter(|(_, line)| !removed.contains(line)).map(|(text, _)| text);
        let pairs = kept.zip(second.lines());
        let different: Vec<_> = pairs.filter(|(a, b)| !a.contains("expires") && words(a) != words(b)).collect();
        assert!(different.is_empty(), "nft {}: {different:#?}", program.version);
    }
}

/// The words of a line, sorted: the kernel lists elements of a hash in any order.
fn words(line: &str) -> Vec<&str> {
    let mut words: Vec<&str> = line.split([' ', ',']).collect();
    words.sort_unstable();
    words
}

/// Takes out the rules that hold something the reader did not understand; their lines.
fn remove_opaque(ruleset: &mut Ruleset) -> Vec<u32> {
    let mut lines = Vec::new();
    for item in &mut ruleset.items {
        let Item::Table(table) = item else { continue };
        for entry in &mut table.entries {
            let Entry::Chain(chain) = entry else { continue };
            chain.rules.retain(|rule| {
                let opaque = format!("{:?}", rule.statements).contains("Opaque");
                if opaque {
                    lines.push(rule.line);
                }
                !opaque
            });
        }
    }
    lines
}

/// Strings made to break out: every byte, and what an attacker would try.
fn hostile() -> Vec<BString> {
    let mut all: Vec<BString> = (0..=255u8).map(|byte| BString::from(vec![b'a', byte, b'b'])).collect();
    for text in [
        "\"; accept; #",
        "a\\\" accept",
        "}\n}\nflush ruleset\n",
        "$x",
        "${x}",
        "a\\",
        "\\",
        "*",
        "\\*",
        "eth\\*",
        "#",
        ";",
        "accept",
        "reject",
        "jump",
        "1",
        "-",
        ".",
        "..",
        "",
        " ",
        "a b",
        "comment",
        "@s",
        "{",
        "}",
        "'",
        "`id`",
        "$(id)",
        "include \"/etc/passwd\"",
        "a\nb",
        "a\r\nb",
        "\u{202e}",
        "ünï",
        "10.0.0.1",
        "::1",
        "1-2",
        "0x1",
        "1s",
        "a,b",
        "a.b",
    ] {
        all.push(text.into());
    }
    all.extend([15, 16, 127, 128, 129, 255, 256, 5000].map(|len| BString::from(vec![b'x'; len])));
    all
}

/// A rule for each place where a string can stand.
fn hostile_rules(string: &BString) -> Vec<Rule> {
    let accept = Statement::Verdict(Verdict::Accept);
    let rule = |statement: Statement| Rule { statements: vec![statement, accept.clone()], ..Rule::default() };
    let matching = |field, wildcard| Statement::Match {
        left: Expr::Field(field),
        op: Op::Implicit,
        right: Expr::Text { text: string.clone(), wildcard },
    };
    vec![
        rule(Statement::Log(Log { prefix: Some(string.clone()), ..Log::default() })),
        rule(matching(Field::Iifname, false)),
        rule(matching(Field::Oifname, true)),
        rule(matching(Field::Ct(ipt2nft::packet::CtKey::Helper), false)),
        Rule { statements: vec![accept.clone()], comment: Some(string.clone()), ..Rule::default() },
        Rule { statements: vec![accept], notes: vec![string.clone()], ..Rule::default() },
    ]
}

#[test]
fn hostile_strings_stay_strings() {
    let printable = |rule: &Rule| print_rule(rule, Family::Ip).is_ok();
    let rules: Vec<Rule> = hostile().iter().flat_map(hostile_rules).filter(printable).collect();
    // Most bytes are harmless, so most rules are printed.
    assert!(rules.len() > 1500, "{}", rules.len());
    let expected = rules.len();
    let chain = Chain { name: "c".into(), base: None, comment: None, rules, line: 0 };
    let ruleset = one_table(Family::Ip, vec![Entry::Chain(chain)]);
    let text = print(&ruleset, &Style::default()).unwrap();
    for program in nft::programs() {
        let outcome = program.run("-f FILE\n-a list ruleset", &text);
        assert!(outcome.ok, "nft {}:\n{}", program.version, outcome.stderr);
        let rules =
            outcome.stdout.find_iter(b"accept # handle ").count() + outcome.stdout.find_iter(b"\" # handle ").count();
        assert_eq!(rules, expected, "nft {}", program.version);
    }
}

#[test]
fn hostile_names_become_legal_ones() {
    let names = hostile();
    let mut renamer = Renamer::default();
    for name in &names {
        renamer.reserve(name.as_bstr());
    }
    let new: Vec<BString> = names.iter().map(|name| renamer.name(name.as_bstr())).collect();
    let distinct: BTreeSet<&BString> = new.iter().collect();
    assert_eq!(distinct.len(), names.iter().collect::<BTreeSet<_>>().len());
    let jumps = new.iter().map(|name| Statement::Verdict(Verdict::Jump(name.clone())));
    let jumps = jumps.map(|jump| Rule { statements: vec![jump], ..Rule::default() }).collect();
    let chain = |name: BString, rules| Entry::Chain(Chain { name, base: None, comment: None, rules, line: 0 });
    let mut entries: Vec<Entry> = distinct.iter().map(|name| chain((*name).clone(), Vec::new())).collect();
    entries.push(chain("all-of-them".into(), jumps));
    let text = print(&one_table(Family::Ip, entries), &Style::default()).unwrap();
    for program in nft::programs() {
        let outcome = program.run("-f FILE\n-f FILE\nlist ruleset", &text);
        assert!(outcome.ok, "nft {}:\n{}", program.version, outcome.stderr);
        assert_eq!(outcome.stdout.find_iter(b"\tchain ").count(), distinct.len() + 1, "nft {}", program.version);
    }
}
