//! What the reader does not know keeps its text and place, and nothing beside it is lost.

use super::*;
use crate::nft::ast::{Opaque, Verdict};
use crate::packet::{CtKey, L4};

fn opaque(text: &str) -> Statement {
    Statement::Opaque(Opaque { text: text.into(), line: 3 })
}

#[test]
fn statements() {
    let accept = || Statement::Verdict(Verdict::Accept);
    for (text, expected) in [
        ("iiftype ether accept", vec![opaque("iiftype ether"), accept()]),
        ("meta sdif != { 1, 2 } accept", vec![opaque("meta sdif != { 1, 2 }"), accept()]),
        ("vlan id 5-7 accept", vec![opaque("vlan id 5-7"), accept()]),
        ("icmp id 7 accept", vec![opaque("icmp id 7"), accept()]),
        ("flow add @f", vec![opaque("flow add @f")]),
        (
            "counter frobnicate { a; b } accept",
            vec![Statement::Counter { packets: 0, bytes: 0 }, opaque("frobnicate { a; b } accept")],
        ),
        ("ct expiration 1w", vec![is(Field::Ct(CtKey::Expiration), number(1000)), opaque("w")]),
        ("jump { accept; }", vec![opaque("jump { accept; }")]),
        ("queue to symhash mod 2", vec![opaque("queue to symhash mod 2")]),
        ("xt match \"comment\"", vec![opaque("xt match \"comment\"")]),
        ("accept # xt_LOG", vec![accept(), opaque("# xt_LOG")]),
        (
            "accept # u32 \"5\" counter packets 0 bytes 0 drop",
            vec![accept(), opaque("# u32 \"5\" counter packets 0 bytes 0 drop")],
        ),
        ("# u32 \"5\" counter packets 0 bytes 0 drop", vec![opaque("# u32 \"5\" counter packets 0 bytes 0 drop")]),
        ("comment \"first\" accept # note", vec![accept()]),
        ("meta sdif vmap @m", vec![opaque("meta sdif vmap @m")]),
        ("update @m { ip saddr : 5 }", vec![opaque("update @m { ip saddr : 5 }")]),
        ("limit rate 5/fortnight", vec![opaque("limit rate 5/fortnight")]),
        ("tcp dport 1,2", vec![is(Field::Dport(L4::Tcp), number(1)), opaque(",2")]),
    ] {
        assert_eq!(rule(text), expected, "{text}");
    }
}

#[test]
fn values() {
    let value = |text: &str| Expr::Opaque(Opaque { text: text.into(), line: 3 });
    for (text, field, expected) in [
        ("tcp dport nonesuch", Field::Dport(L4::Tcp), value("nonesuch")),
        ("tcp dport 70000", Field::Dport(L4::Tcp), value("70000")),
        ("tcp dport 90-80", Field::Dport(L4::Tcp), value("90-80")),
        ("ip saddr example.org", Field::IpSaddr, value("example.org")),
        ("ip saddr ::1", Field::IpSaddr, value("::1")),
        ("ip saddr 10.0.0.0/33", Field::IpSaddr, value("10.0.0.0/33")),
        ("meta hour \"08:00\"-\"17:00\"", Field::Hour, value("\"08:00\"-\"17:00\"")),
        ("meta time \"2020-01-01\"", Field::Time, value("\"2020-01-01\"")),
        ("meta skuid nobody", Field::Skuid, value("nobody")),
        ("tcp dport { 22, nonesuch }", Field::Dport(L4::Tcp), keys([number(22), value("nonesuch")])),
    ] {
        assert_eq!(rule(text), [is(field, expected)], "{text}");
    }
}

#[test]
fn entries_and_items() {
    let text = "table ip t {
        flowtable f { hook ingress priority 0; devices = { eth0 }; }
        set s { type ipv4_addr; frobnicate; }
        chain i { type filter hook ingress device \"eth0\" priority 0; accept
        }
        ct expectation e { protocol tcp; dport 5; timeout 1h; size 1; l3proto ip; }
        chain ok { accept
        }
    }";
    let [table] = tables(text).try_into().unwrap();
    let kinds: Vec<bool> = table.entries.iter().map(|entry| matches!(entry, Entry::Opaque(_))).collect();
    assert_eq!(kinds, [true, true, true, true, false], "{table:?}");

    let text =
        "table bridge b { chain c { accept\n } }\nadd rule ip t c handle 5 accept\nadd element ip t unknown { 1 }
        delete rule ip t c handle 3\nmonitor\ntable ip t";
    let items = read("test", text.as_bytes()).unwrap().items;
    let lines: Vec<u32> =
        items.iter().filter_map(|item| if let Item::Opaque(found) = item { Some(found.line) } else { None }).collect();
    assert_eq!(lines, [1, 3, 4, 5, 6], "{items:?}");
}
