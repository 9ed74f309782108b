//! What is cut out of lines, and that rules of forms are those that their lines say.

use super::cut::{Cut, Place};
use super::names::{Chains, Names};
use super::template::{Template, Templates};
use super::{Entry, Kind};
use crate::diag::Source;
use crate::packet::Family;
use crate::save::ast::{ChainName, Item, TableKind};
use crate::save::ext::registry;
use crate::save::{parse, skim};

fn chains() -> Chains {
    let mut names = Names::default();
    let mut chains = Chains::builtin(Family::Ip, TableKind::Filter, &mut names);
    for name in ["web", "ssh"] {
        chains.add(ChainName::new(name.into()), &mut names);
    }
    chains
}

const fn place(chains: &Chains) -> Place<'_> {
    Place { family: Family::Ip, table: TableKind::Filter, chains, start: 0 }
}

/// The kinds of values that are cut out of the line, and its key; nothing of one that is read whole.
fn cut(line: &str) -> Option<(Vec<Kind>, Vec<u8>)> {
    let mut cut = Cut::default();
    cut.line(line.as_bytes(), place(&chains()))?;
    assert_eq!((cut.kinds.len(), cut.words.len()), (cut.values.len(), cut.values.len()), "{line}");
    Some((cut.kinds.to_vec(), cut.key))
}

#[test]
fn plain_values_are_cut_out() {
    use Kind::{Chain, Comment, Net, Port};
    for (line, want) in [
        ("-A INPUT -j DROP", Some(&[][..])),
        ("-A INPUT -s 192.0.2.1/32 -j DROP", Some(&[Net(32)])),
        ("-A INPUT -s 192.0.2.1 -j DROP", Some(&[Net(32)])),
        ("-A INPUT -s 192.0.2.0/24 -d 198.51.100.0/25 -j web", Some(&[Net(24), Net(25), Chain])),
        ("-A INPUT -p tcp --dport 22 --sport 1024 -j DROP", Some(&[Port, Port])),
        ("-A INPUT -j DNAT --to-destination 192.0.2.1:80", Some(&[Net(32), Port])),
        ("-A INPUT -m comment --comment \"a b\" -j DROP", Some(&[Comment])),
        ("-A INPUT -m comment --comment abc -j DROP", Some(&[Comment])),
        // What is part of the form.
        ("-A INPUT ! -s 192.0.2.1 -j DROP", Some(&[])),
        ("-A INPUT -p tcp ! --dport 22 -j DROP", Some(&[])),
        ("-A INPUT -s 192.0.2.1/24 -j DROP", Some(&[])),
        ("-A INPUT -s 64.0.0.0/2 -j DROP", Some(&[])),
        ("-A INPUT -s 0.0.0.0/8 -j DROP", Some(&[])),
        ("-A INPUT -s 192.0.2.01 -j DROP", Some(&[])),
        ("-A INPUT -s 192.0.2.256 -j DROP", Some(&[])),
        ("-A INPUT -s 192.0.2 -j DROP", Some(&[])),
        ("-A INPUT -s 192.0.2.1,192.0.2.2 -j DROP", Some(&[])),
        ("-A INPUT -s 2001:db8::1 -j DROP", Some(&[])),
        ("-A INPUT -p tcp --dport 0 -j DROP", Some(&[])),
        ("-A INPUT -p tcp --dport 022 -j DROP", Some(&[])),
        ("-A INPUT -p tcp --dport 65536 -j DROP", Some(&[])),
        ("-A INPUT -p tcp --dport 1:2 -j DROP", Some(&[])),
        ("-A INPUT -p tcp --dport ssh -j DROP", Some(&[])),
        ("-A INPUT -m comment --comment -4 -j DROP", Some(&[])),
        ("-A INPUT -m comment --comment \"\" -j DROP", Some(&[])),
        ("-A INPUT -j INPUT", Some(&[])),
        // What is read whole.
        ("-A nowhere -j DROP", None),
        ("-I INPUT -j DROP", None),
        ("-A INPUT  -j DROP", None),
        ("-A INPUT\t-j DROP", None),
        ("-A INPUT -j DROP ", None),
        ("-A INPUT -i eth\x010 -j DROP", None),
        ("-A INPUT -j LOG --log-prefix \"a\x01b\"", None),
        ("-A INPUT -m comment --comment \"a \\\" b\" -j DROP", None),
        ("-A INPUT -m comment --comment \"open -j DROP", None),
        ("-A INPUT -m comment --comment a\"b c\" -j DROP", None),
        ("-A INPUT -s 192.0.2.1 -d 192.0.2.1 -j DROP", None),
        ("-A INPUT -m comment --comment a -m comment --comment b", None),
    ] {
        assert_eq!(cut(line).map(|(kinds, _)| kinds), want.map(<[Kind]>::to_vec), "{line}");
    }
}

/// What a template reads out of a line is what is cut out of it; others are not recognised.
#[test]
fn lines_are_recognised_by_what_stands_between_their_values() {
    let net = "-A web -s 192.0.2.1/32 -j DROP";
    let port = "-A INPUT -p tcp --dport 22 -m comment --comment \"a b\" -j web";
    let dnat = "-A web -m comment --comment a -j DNAT --to-destination 192.0.2.1:80";
    for (known, line, is_one) in [
        (net, "-A ssh -s 198.51.100.9/32 -j DROP", true),
        (net, "-A web -s 198.51.100.9 -j DROP", true),
        (net, "-A web -s 198.51.100.0/24 -j DROP", false),
        (net, "-A web -s 198.51.100.9/24 -j DROP", false),
        (net, "-A web -s 198.51.100.256/32 -j DROP", false),
        (net, "-A web -s 198.51.100.09/32 -j DROP", false),
        (net, "-A web -s 0.0.0.0/32 -j DROP", false),
        (net, "-A web -s 1.2.3.4/32 -j DROPPED", false),
        (net, "-A web -s 1.2.3.4/32 -j", false),
        (net, "-A web -s 1.2.3.4.5/32 -j DROP", false),
        (net, "-A INPUT -s 1.2.3.4/32 -j DROP", false),
        (net, "-A nowhere -s 1.2.3.4/32 -j DROP", false),
        (port, "-A INPUT -p tcp --dport 443 -m comment --comment \"c\" -j ssh", true),
        (port, "-A INPUT -p tcp --dport 0 -m comment --comment \"c\" -j ssh", false),
        (port, "-A INPUT -p tcp --dport 22 -m comment --comment c -j ssh", false),
        (port, "-A INPUT -p tcp --dport 22 -m comment --comment \"-c\" -j ssh", false),
        (port, "-A INPUT -p tcp --dport 22 -m comment --comment \"c\\\"\" -j ssh", false),
        (port, "-A INPUT -p tcp --dport 22 -m comment --comment \"c\" -j INPUT", false),
        (port, "-A web -p tcp --dport 22 -m comment --comment \"c\" -j ssh", false),
        (dnat, "-A web -m comment --comment b -j DNAT --to-destination 192.0.2.9:8080", true),
        (dnat, "-A web -m comment --comment b -j DNAT --to-destination 192.0.2.9", false),
        (dnat, "-A web -m comment --comment b -j DNAT --to-destination 192.0.2.9/32:80", false),
        (dnat, "-A web -m comment --comment \"b\" -j DNAT --to-destination 192.0.2.9:80", false),
    ] {
        let (chains, mut of_known, mut of_line, mut read) = (chains(), Cut::default(), Cut::default(), Cut::default());
        of_known.line(known.as_bytes(), place(&chains)).unwrap();
        let mut templates = Templates::default();
        templates.add(Template::of(known.as_bytes(), &of_known, place(&chains)).unwrap(), 7);
        let form = templates.read(0, line.as_bytes(), place(&chains), &mut read);
        assert_eq!(form, is_one.then_some(7), "{line}");
        if is_one {
            of_line.line(line.as_bytes(), place(&chains)).unwrap();
            assert_eq!((of_line.chain, &of_line.values, &of_line.kinds), (read.chain, &read.values, &read.kinds));
            assert_eq!(of_line.key, of_known.key, "{line}");
        }
    }
}

#[test]
fn lines_with_the_same_key_differ_by_values_only() {
    for (one, other, same) in [
        ("-A INPUT -s 192.0.2.1 -j DROP", "-A INPUT -s 192.0.2.2/32 -j DROP", true),
        ("-A web -j DROP", "-A ssh -j DROP", true),
        ("-A INPUT -j web", "-A INPUT -j ssh", true),
        ("-A INPUT -j DROP", "-A OUTPUT -j DROP", false),
        ("-A INPUT -j web", "-A INPUT -g web", false),
        ("-A INPUT -s 192.0.2.0/24 -j DROP", "-A INPUT -s 192.0.2.0/25 -j DROP", false),
        ("-A INPUT -s 192.0.2.1 -j DROP", "-A INPUT -d 192.0.2.1 -j DROP", false),
        ("-A INPUT -s 192.0.2.1 -j DROP", "-A INPUT ! -s 192.0.2.1 -j DROP", false),
        ("-A INPUT -i eth0 -j DROP", "-A INPUT -i eth1 -j DROP", false),
        ("-A INPUT -m comment --comment \"a b\" -j DROP", "-A INPUT -m comment --comment c -j DROP", true),
    ] {
        let [one_key, other_key] = [one, other].map(|line| cut(line).unwrap().1);
        assert_eq!(one_key == other_key, same, "{one}\n{other}");
    }
}

/// A rule of each example of the extensions, five times with other values.
fn many_rules() -> String {
    let rules =
        registry::MATCHES.iter().chain(registry::TARGETS).flat_map(|extension| extension.coverage).flat_map(|row| {
            let commented =
                |n: usize| format!("-A web -s 192.0.2.{n}/32 {} -m comment --comment \"rule {n}\"\n", row.example);
            (1..6).map(commented)
        });
    let rules: String = rules.collect();
    format!("*filter\n:web - [0:0]\n:ssh - [0:0]\n-A INPUT -j web\n{rules}COMMIT\n")
}

#[test]
fn rules_of_forms_are_those_that_their_lines_say() {
    let source = Source::new(0, "test", many_rules().into()).unwrap();
    let (skimmed, diagnostics) = skim(&source, Some(Family::Ip));
    let items = || skimmed.dump.documents.iter().flat_map(|document| &document.tables).flat_map(|table| &table.items);
    let like = items().filter(|item| matches!(item, Item::Rule(Entry::Like(_)))).count();
    let whole = items().filter(|item| matches!(item, Item::Rule(Entry::Whole(_)))).count();
    assert!(like > whole / 2, "{like} of forms, {whole} whole");
    let parsed = parse(&source, Some(Family::Ip));
    assert_eq!(format!("{diagnostics:?}"), format!("{:?}", parsed.diagnostics));
    assert_eq!(format!("{:?}", skimmed.into_whole()), format!("{:?}", parsed.dump));
}
