//! Anonymous maps: rows to elements, each with the comment of the rule it came from.

use super::test;
use crate::ir::{MapRow, NatTarget};
use crate::nft::ast::{Data, Element, Expr, Lookup};
use crate::nft::quoted;
use crate::packet::Field;

/// The numbers that `numgen` draws are printed as those of any other 32-bit field are.
pub(crate) const DRAWN: Field = Field::Mark;

/// `numgen random mod N`, or `numgen inc mod N`.
pub(crate) const fn draw(random: bool, rows: usize) -> Expr {
    Expr::Numgen { random, modulus: rows as u32, offset: 0 }
}

/// `{ key : data, ... }`
pub(crate) fn anonymous<T>(key: &[Field], rows: &[MapRow<T>], data: impl Fn(&T) -> Option<Data>) -> Lookup {
    let element = |row: &MapRow<T>| Element {
        data: data(&row.data),
        comment: row.comment.clone().filter(|comment| quoted::fits_comment(comment)),
        ..test::element(test::row(key, &row.key))
    };
    Lookup::Anonymous(rows.iter().map(element).collect())
}

/// The address and the port of a NAT statement: the map stands where what it gives stands.
pub(crate) fn targets(by: Expr, key: &[Field], rows: &[MapRow<NatTarget>]) -> (Option<Expr>, Option<Expr>) {
    let map = anonymous(key, rows, |&target| Some(Data::Value(value(target))));
    let map = Expr::Map { key: Box::new(by), map };
    if rows.iter().all(|row| row.data.address.is_none()) { (None, Some(map)) } else { (Some(map), None) }
}

fn value(target: NatTarget) -> Expr {
    match (target.address, target.port) {
        (Some(address), Some(port)) => Expr::Concat(vec![Expr::Number(address), Expr::Number(port.into())]),
        (Some(address), None) => Expr::Number(address),
        (None, port) => Expr::Number(port.unwrap_or_default().into()),
    }
}
