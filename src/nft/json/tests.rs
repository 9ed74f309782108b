//! Tree to JSON; that nft takes it for the same as the text is for `tests/nft_json.rs`.

use super::*;
use crate::nft::ast::*;
use crate::packet::{CtKey, DataType, Field, L4};

const NEW: Version = COMPLETE;

fn is(field: Field, right: Expr) -> Statement {
    Statement::Match { left: Expr::Field(field), op: Op::Implicit, right }
}

fn text(text: &str) -> Expr {
    Expr::Text { text: text.into(), wildcard: false }
}

fn one_rule(statement: Statement) -> Ruleset {
    let rule = Rule { statements: vec![statement], ..Rule::default() };
    let chain = Chain { name: "c".into(), base: None, comment: None, rules: vec![rule], line: 0 };
    one_table(vec![Entry::Chain(chain)])
}

fn one_table(entries: Vec<Entry>) -> Ruleset {
    let name = TableName { family: Family::Ip, name: "t".into() };
    Ruleset { items: vec![Item::Table(Table { name, comment: None, flags: Vec::new(), entries })] }
}

#[track_caller]
fn check(statement: Statement, expect: Value) {
    let form = json(&one_rule(statement), NEW).unwrap();
    assert_eq!(form["nftables"][3]["add"]["rule"]["expr"][0], expect);
}

#[test]
fn statements() {
    let payload = |field: &str| json!({ "payload": { "protocol": "tcp", "field": field } });
    let matching = |op: &str, left, right| json!({ "match": { "op": op, "left": left, "right": right } });
    let dport = Field::Dport(L4::Tcp);
    check(is(dport, Expr::Number(22)), matching("==", payload("dport"), json!(22)));
    let range = Expr::Range(Box::new(Expr::Number(1)), Box::new(Expr::Number(9)));
    check(is(dport, range), matching("==", payload("dport"), json!({ "range": [1, 9] })));
    let state = json!({ "ct": { "key": "state" } });
    check(is(Field::Ct(CtKey::State), Expr::Flags(6)), matching("in", state, json!(["established", "related"])));
    let flags = |value| Expr::Binary {
        op: BinaryOp::And,
        left: Box::new(Expr::Field(Field::TcpFlags)),
        right: Box::new(Expr::Number(value)),
    };
    check(
        Statement::Match { left: flags(3), op: Op::Eq, right: Expr::Number(2) },
        matching("==", json!({ "&": [payload("flags"), { "|": ["fin", "syn"] }] }), json!("syn")),
    );
    check(Statement::Counter { packets: 0, bytes: 0 }, json!({ "counter": null }));
    check(Statement::Verdict(Verdict::Jump("x".into())), json!({ "jump": { "target": "x" } }));
    check(
        Statement::Log(Log { prefix: Some("a\\b ".into()), ..Log::default() }),
        json!({ "log": { "prefix": "a\\b " } }),
    );
    let iifname = json!({ "meta": { "key": "iifname" } });
    check(is(Field::Iifname, text("eth0")), matching("==", iifname, json!("eth0")));
    let iif = json!({ "meta": { "key": "iif" } });
    check(is(Field::Iifname, text("lo")), matching("==", iif, json!("lo")));
}

#[test]
fn entries_come_before_what_needs_them() {
    let jump = Rule { statements: vec![Statement::Verdict(Verdict::Jump("b".into()))], ..Rule::default() };
    let chain =
        |name: &str, rules| Entry::Chain(Chain { name: name.into(), base: None, comment: None, rules, line: 0 });
    let form = json(&one_table(vec![chain("a", vec![jump]), chain("b", Vec::new())]), NEW).unwrap();
    let commands = form["nftables"].as_array().unwrap();
    let words: Vec<String> = commands.iter().filter_map(|c| c["add"].as_object()?.keys().next().cloned()).collect();
    assert_eq!(words, ["table", "chain", "chain", "rule"]);
    assert_eq!(commands[4]["add"]["rule"]["chain"], "a");
}

#[test]
fn what_json_cannot_hold_is_refused() {
    let refused = |statement| json(&one_rule(statement), NEW).is_err();
    assert!(refused(is(Field::Iifname, text("@x"))));
    assert!(refused(is(Field::Iifname, Expr::Text { text: b"\xff".into(), wildcard: false })));
    assert!(refused(is(Field::Iifname, text("a\"b"))));
    assert!(refused(Statement::ResetTcpOption { kind: 200 }));
    assert!(!refused(Statement::ResetTcpOption { kind: 8 }));
}

#[test]
fn old_readers_are_not_given_what_they_lose() {
    let set = Set {
        name: "s".into(),
        comment: None,
        key: vec![KeyType::Type(DataType::Ipv4Addr)],
        data: None,
        flags: SetFlags { dynamic: true, ..SetFlags::default() },
        timeout: None,
        gc_interval: None,
        size: None,
        auto_merge: false,
        statements: Vec::new(),
        elements: Vec::new(),
        line: 0,
    };
    let ruleset = one_table(vec![Entry::Set(set)]);
    assert!(json(&ruleset, Version::new(1, 0, 6)).is_err());
    assert_eq!(json(&ruleset, NEW).unwrap()["nftables"][2]["add"]["set"]["flags"], json!(["dynamic"]));
}
