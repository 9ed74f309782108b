//! The top level, variables, includes, and what commands come to.

use super::*;
use crate::nft::ast::{BaseChain, ChainKind, EntryKind, Policy, TableName, Verdict};
use crate::nft::read::{read_with, resolve};
use crate::packet::{Family, Hook, L4};

fn table(family: Family) -> TableName {
    TableName { family, name: "t".into() }
}

fn items(text: &str) -> Vec<Item> {
    read("test", text.as_bytes()).unwrap_or_else(|errors| panic!("{text}: {errors:?}")).items
}

/// What the only chain of the resolved ruleset holds, one word per verdict.
fn verdicts(text: &str) -> Vec<Verdict> {
    let resolved = resolve(read("test", text.as_bytes()).unwrap()).unwrap();
    assert!(resolved.unknown.is_empty(), "{:?}", resolved.unknown);
    let rules = resolved.tables.into_iter().flat_map(|table| table.entries).flat_map(|entry| match entry {
        Entry::Chain(chain) => chain.rules,
        _ => Vec::new(),
    });
    rules
        .map(|rule| match rule.statements.as_slice() {
            [Statement::Verdict(verdict)] => verdict.clone(),
            other => panic!("{other:?}"),
        })
        .collect()
}

#[test]
fn commands() {
    let chain = || EntryKind::Chain;
    for (text, expected) in [
        ("table ip t", Item::Declare(table(Family::Ip))),
        ("add table t", Item::Declare(table(Family::Ip))),
        ("create table inet t;", Item::Declare(table(Family::Inet))),
        ("delete table ip6 t", Item::DeleteTable(table(Family::Ip6))),
        ("destroy table ip6 t # now", Item::DeleteTable(table(Family::Ip6))),
        ("flush ruleset", Item::FlushRuleset),
        ("flush table t", Item::Flush { table: table(Family::Ip), chain: None }),
        ("flush chain inet t c", Item::Flush { table: table(Family::Inet), chain: Some("c".into()) }),
        ("flush set ip t s", Item::FlushSet { table: table(Family::Ip), set: "s".into() }),
        ("delete chain ip t c", Item::Delete { table: table(Family::Ip), kind: chain(), name: "c".into() }),
        ("# note", Item::Comment(" note".into())),
    ] {
        assert_eq!(items(text), [expected], "{text}");
    }
}

#[test]
fn base_chains() {
    for (text, kind, hook, priority, policy) in [
        ("type filter hook input priority 0; policy drop;", ChainKind::Filter, Hook::Input, 0, Policy::Drop),
        (
            "type filter hook input priority filter + 10; policy accept;",
            ChainKind::Filter,
            Hook::Input,
            10,
            Policy::Accept,
        ),
        ("type nat hook prerouting priority dstnat - 5;", ChainKind::Nat, Hook::Prerouting, -105, Policy::Accept),
        ("type nat hook postrouting priority srcnat", ChainKind::Nat, Hook::Postrouting, 100, Policy::Accept),
        ("type route hook output priority mangle", ChainKind::Route, Hook::Output, -150, Policy::Accept),
        ("type filter hook prerouting priority -300", ChainKind::Filter, Hook::Prerouting, -300, Policy::Accept),
        ("type filter hook forward priority security", ChainKind::Filter, Hook::Forward, 50, Policy::Accept),
    ] {
        let expected = BaseChain { kind, hook: Some(hook), priority, policy };
        assert_eq!(chain("ip", text).base, Some(expected), "{text}");
    }
}

#[test]
fn rules_keep_their_comments_and_lines() {
    let found = chain("ip", "# note one\n\n accept # trailing\n# note two\ndrop comment \"why\"; return");
    let [first, second, third] = found.rules.as_slice() else { panic!("{found:?}") };
    assert_eq!((first.notes.as_slice(), first.line), (&[" note one".into()][..], 5));
    assert_eq!((second.notes.as_slice(), second.line), (&[" note two".into()][..], 7));
    assert_eq!(second.comment.as_deref().map(Vec::as_slice), Some(&b"why"[..]));
    assert_eq!((third.notes.len(), third.line), (0, 7));
}

#[test]
fn lines_continue() {
    let found = chain("ip", "tcp dport \\\n  { 22,\n 80 } \\\n accept\ndrop");
    assert_eq!(found.rules.len(), 2);
    assert_eq!(found.rules.last().map(|rule| rule.line), Some(7));
}

#[test]
fn variables() {
    let text = "define PORTS = { 22, 80 }\ndefine ALL = { $PORTS, 443 }\ndefine NET = 10.0.0.0/8\ndefine MASK = 1 | 2
        redefine NET = 192.168.0.0/16
        table ip t { define inner = 5; chain c {
            tcp dport $ALL
            ip saddr $NET
            meta mark & $MASK == $inner
        } }";
    let [table] = tables(text).try_into().unwrap();
    let [Entry::Chain(chain)] = table.entries.as_slice() else { panic!("{table:?}") };
    let statements: Vec<Statement> = chain.rules.iter().flat_map(|rule| rule.statements.clone()).collect();
    assert_eq!(
        statements,
        [
            is(Field::Dport(L4::Tcp), keys([number(22), number(80), number(443)])),
            is(Field::IpSaddr, Expr::Prefix { address: 0xc0a8_0000, len: 16 }),
            Statement::Match {
                left: binary(field(Field::Mark), BinaryOp::And, number(3)),
                op: Op::Eq,
                right: number(5)
            },
        ]
    );
}

#[test]
fn variables_in_log_prefixes() {
    for (text, opaque) in [
        ("define x = eth0\ntable t { chain c { log prefix \"a $x \"\n } }", true),
        ("define x = eth0\ntable t { chain c { log prefix \"a $y 5$ \"\n } }", false),
        ("define x = eth0\ntable t { chain c { accept comment \"a $x \"\n } }", false),
    ] {
        let found = format!("{:?}", items(text)).contains("Opaque");
        assert_eq!(found, opaque, "{text}");
    }
}

#[test]
fn includes() {
    let fetch = |path: &str| match path {
        "defs" => Ok(vec![("defs".to_owned(), b"define port = 22".to_vec())]),
        "rules.d/*" => {
            Ok(vec![("a".to_owned(), b"tcp dport $port accept".to_vec()), ("b".to_owned(), b"drop\n".to_vec())])
        }
        _ => Err(std::io::Error::from(std::io::ErrorKind::NotFound)),
    };
    let text = "include \"defs\"\ntable ip t { chain c {\ninclude \"rules.d/*\"\n}\n}";
    let ruleset = read_with("test", text.as_bytes(), &fetch).unwrap();
    let [Item::Table(table)] = ruleset.items.as_slice() else { panic!("{ruleset:?}") };
    let [Entry::Chain(chain)] = table.entries.as_slice() else { panic!("{table:?}") };
    assert_eq!(chain.rules.len(), 2);
    let errors = read_with("test", b"include \"gone\"", &fetch).unwrap_err();
    assert_eq!(errors.iter().map(|error| (error.line, error.column)).collect::<Vec<_>>(), [(1, 9)]);
    let itself = |_: &str| Ok(vec![("loop".to_owned(), b"include \"loop\"\ninclude \"loop\"".to_vec())]);
    assert!(read_with("test", b"include \"loop\"", &itself).is_err());
}

#[test]
fn commands_come_to_tables() {
    let made = "add table t\nadd chain t c { type filter hook input priority 0; }\n";
    let jump = |name: &str| Verdict::Jump(name.into());
    for (text, expected) in [
        ("add rule t c accept\nadd rule t c drop", vec![Verdict::Accept, Verdict::Drop]),
        (
            "insert rule t c accept\ninsert rule t c drop\nadd rule t c return",
            vec![Verdict::Drop, Verdict::Accept, Verdict::Return],
        ),
        ("add rule t c accept\nflush chain t c\nadd rule t c drop", vec![Verdict::Drop]),
        ("add rule t c accept\nflush table t", vec![]),
        ("table t { chain c { jump a\n } }\ntable t { chain c { jump b\n } }", vec![jump("a"), jump("b")]),
        ("add rule t c accept\ndelete table t\ntable t { chain c { drop\n } }", vec![Verdict::Drop]),
        ("add rule t c accept\nflush ruleset", vec![]),
    ] {
        assert_eq!(verdicts(&format!("{made}{text}")), expected, "{text}");
    }
    let text = "table t { set s { type inet_service; elements = { 1, 2 } } }
        add element t s { 3 }
        delete element t s { 1 }";
    let resolved = resolve(read("test", text.as_bytes()).unwrap()).unwrap();
    let [Entry::Set(set)] = resolved.tables.first().unwrap().entries.as_slice() else { panic!("{resolved:?}") };
    assert_eq!(set.elements, [element(number(2)), element(number(3))]);
    assert!(resolve(read("test", b"add rule t c accept").unwrap()).is_err());
}
