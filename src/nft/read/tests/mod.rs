//! What texts mean, as trees: one-line texts beside the trees they make.

mod commands;
mod errors;
mod matches;
mod opaque;
mod properties;
mod sets;
mod statements;

use super::read;
use crate::nft::ast::{BinaryOp, Chain, Element, Entry, Expr, Item, Op, Rule, Set, Statement, Table};
use crate::packet::Field;

fn tables(text: &str) -> Vec<Table> {
    let ruleset = read("test", text.as_bytes()).unwrap_or_else(|errors| panic!("{text}: {errors:?}"));
    ruleset
        .items
        .into_iter()
        .map(|item| match item {
            Item::Table(table) => table,
            other => panic!("{text}: {other:?}"),
        })
        .collect()
}

fn chain(family: &str, body: &str) -> Chain {
    let text = format!("table {family} t {{\n chain c {{\n{body}\n }}\n}}\n");
    let [table] = tables(&text).try_into().unwrap_or_else(|other| panic!("{other:?}"));
    match <[Entry; 1]>::try_from(table.entries) {
        Ok([Entry::Chain(chain)]) => chain,
        other => panic!("{text}: {other:?}"),
    }
}

/// The statements of a one-line rule in a table of this family.
fn rule_in(family: &str, text: &str) -> Vec<Statement> {
    let rules: [Rule; 1] = chain(family, text).rules.try_into().unwrap_or_else(|other| panic!("{text}: {other:?}"));
    let [rule] = rules;
    rule.statements
}

fn rule(text: &str) -> Vec<Statement> {
    rule_in("ip", text)
}

fn set(text: &str) -> Set {
    let text = format!("table ip t {{\n{text}\n}}\n");
    let [table] = tables(&text).try_into().unwrap_or_else(|other| panic!("{other:?}"));
    match <[Entry; 1]>::try_from(table.entries) {
        Ok([Entry::Set(set)]) => set,
        other => panic!("{text}: {other:?}"),
    }
}

/// `field op right`
fn test(field: Field, op: Op, right: Expr) -> Statement {
    Statement::Match { left: Expr::Field(field), op, right }
}

/// `field right`
fn is(field: Field, right: Expr) -> Statement {
    test(field, Op::Implicit, right)
}

fn number(value: u128) -> Expr {
    Expr::Number(value)
}

fn range(low: u128, high: u128) -> Expr {
    Expr::Range(Box::new(number(low)), Box::new(number(high)))
}

fn name(text: &str) -> Expr {
    Expr::Text { text: text.into(), wildcard: false }
}

fn keys(keys: impl IntoIterator<Item = Expr>) -> Expr {
    Expr::Set(keys.into_iter().map(element).collect())
}

fn element(key: Expr) -> Element {
    Element { key: Some(key), ..Element::default() }
}

fn binary(left: Expr, op: BinaryOp, right: Expr) -> Expr {
    Expr::Binary { op, left: Box::new(left), right: Box::new(right) }
}

fn field(field: Field) -> Expr {
    Expr::Field(field)
}
