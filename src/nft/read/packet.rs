//! A packet in nft's own words: `iif eth0 ip saddr 10.0.0.1 tcp dport 22 ct state new`.
//!
//! It is the head of a rule, read as one, with the place of each condition.

use std::ops::Range;

use super::cursor::{Reader, Unread};
use super::error::ReadError;
use super::expand::expand;
use super::token::{Kind, Sources};
use crate::nft::ast::{Expr, Opaque, Statement};
use crate::packet::Family;

/// One condition: a match, and where it stands in the text.
#[derive(Clone, PartialEq, Debug)]
pub struct Condition {
    pub statement: Statement,
    pub span: Range<usize>,
}

/// Reads a packet.
///
/// # Errors
/// What is no condition, with its place.
pub fn conditions(text: &[u8]) -> Result<Vec<Condition>, ReadError> {
    let mut sources = Sources::new();
    let whole = |message: &str| ReadError {
        source: "the packet".to_owned(),
        line: 1,
        column: 1,
        span: 0..text.len(),
        message: message.to_owned(),
        help: None,
    };
    let Some(first) = sources.add("the packet", text.to_vec()) else { return Err(whole("the packet is too long")) };
    let never = |_: &str| Err(std::io::ErrorKind::Unsupported.into());
    let tokens = expand(&mut sources, first, &never)
        .map_err(|errors| errors.into_iter().next().unwrap_or_else(|| whole("the packet cannot be read")))?;
    let mut reader = Reader::new(&sources, &tokens);
    reader.family = Family::Inet;
    let mut found = Vec::new();
    while reader.peek().kind != Kind::End {
        found.push(condition(&mut reader)?);
    }
    Ok(found)
}

fn condition(reader: &mut Reader<'_>) -> Result<Condition, ReadError> {
    let start = reader.peek();
    let read = reader.matching();
    let last = reader.at.checked_sub(1).and_then(|at| reader.tokens.get(at)).copied().unwrap_or(start);
    let span = start.start as usize..(last.end.max(start.end)) as usize;
    let fail = |message: &str, help: &str| {
        let mut error = reader.sources.error(start, message.to_owned(), Some(help));
        error.span = span.clone();
        Err(error)
    };
    match read {
        Ok(Statement::Match { left, op, right }) => match opaque(&right).or_else(|| opaque(&left)) {
            Some(text) => {
                let message = format!("`{text}` is no value that can stand here");
                fail(&message, "write values as in an nft rule, such as `tcp dport 22`")
            }
            None => Ok(Condition { statement: Statement::Match { left, op, right }, span }),
        },
        Ok(_) => fail("this is no property of a packet", "say what the packet is like, such as `ip saddr 10.0.0.1`"),
        Err(Unread) => {
            let here = reader.peek();
            let mut error = reader.sources.error(
                if here.kind == Kind::End { start } else { here },
                "this is not understood".to_owned(),
                Some("write the packet as the head of an nft rule: `iif eth0 ip saddr 10.0.0.1 tcp dport 22 ct state new`"),
            );
            if here.kind == Kind::End {
                error.span = start.start as usize..here.start as usize;
            }
            Err(error)
        }
    }
}

/// What is not understood in a value.
fn opaque(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Opaque(Opaque { text, .. }) => Some(text.to_string()),
        Expr::Concat(parts) => parts.iter().find_map(opaque),
        Expr::Set(elements) => elements.iter().filter_map(|element| element.key.as_ref()).find_map(opaque),
        _ => None,
    }
}
