//! What texts mean, as trees.

use super::*;
use crate::nft::ast::{Entry, Expr, Item, Op, Rule, Statement, Verdict};
use crate::packet::{CtKey, Field, L4};

fn rule(text: &str) -> Rule {
    let text = format!("table ip t {{\n chain c {{\n{text}\n }}\n}}\n");
    let ruleset = read("test", text.as_bytes()).unwrap();
    let [Item::Table(table)] = ruleset.items.as_slice() else { panic!("{ruleset:?}") };
    let [Entry::Chain(chain)] = table.entries.as_slice() else { panic!("{table:?}") };
    let [rule] = chain.rules.as_slice() else { panic!("{chain:?}") };
    rule.clone()
}

#[test]
fn matches_and_verdicts() {
    let found = rule("ct state established,related tcp dport != ssh accept comment \"hi\"");
    assert_eq!(found.comment.as_deref().map(|comment| &comment[..]), Some(&b"hi"[..]));
    assert_eq!(
        found.statements,
        [
            Statement::Match { left: Expr::Field(Field::Ct(CtKey::State)), op: Op::Implicit, right: Expr::Flags(6) },
            Statement::Match { left: Expr::Field(Field::Dport(L4::Tcp)), op: Op::Ne, right: Expr::Number(22) },
            Statement::Verdict(Verdict::Accept),
        ]
    );
}
