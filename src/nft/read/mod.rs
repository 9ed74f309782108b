//! Reads nft text into the tree: the second, independent half of the translation proof.
//!
//! What `nft list ruleset` prints in any mode, what a translator prints, and what people write by hand
//! (nft(8)). The tree says what the text says: no implicit protocol tests are added, and what the
//! reader does not know becomes `Opaque`, never a guess.
//!
//! Normalised while reading: constants joined by `|`, `&`, `^`, `<<`, `>>` become one number;
//! `a / b` of flags becomes `& b == a`; `snat to 10.0.0.1` in an inet table gets the family of its
//! address; a connection's address gets its family in an inet table only; timeouts
//! are cut to whole seconds; `iif NAME` is read as `iifname NAME`, which is the same while interfaces keep
//! their names.
//!
//! Invariants: never panics, takes time linear in the text and what it includes, recurses to a fixed
//! depth; shares only the tree and the packet's vocabulary with the printer.

mod chain;
mod cursor;
mod elements;
mod error;
mod expand;
mod expr;
mod items;
mod lex;
mod objects;
mod packet;
mod priority;
mod resolve;
mod rule;
mod sets;
mod statements;
mod symbols;
mod table;
mod token;
mod values;

#[cfg(test)]
mod tests;

use std::io;

use self::cursor::Reader;
use self::token::Sources;
use super::ast::Ruleset;

pub use self::error::ReadError;
pub use self::packet::{Condition, conditions};
pub use self::resolve::{Resolved, resolve};

/// Answers `include "path"`: the files, sorted, that the path (which may hold wildcards) stands for,
/// each with its name and text.
pub type Include<'a> = &'a dyn Fn(&str) -> io::Result<Vec<(String, Vec<u8>)>>;

/// Reads a text that includes no others; `name` stands for it in errors.
///
/// # Errors
/// Strings or blocks that are not closed, variables that are not defined, `include`.
pub fn read(name: &str, text: &[u8]) -> Result<Ruleset, Vec<ReadError>> {
    read_with(name, text, &|_| Err(io::Error::new(io::ErrorKind::Unsupported, "this text stands alone")))
}

/// Reads a text; `include` fetches what it includes.
///
/// # Errors
/// As [`read`], and what `include` could not fetch.
pub fn read_with(name: &str, text: &[u8], include: Include<'_>) -> Result<Ruleset, Vec<ReadError>> {
    let mut sources = Sources::new();
    let Some(first) = sources.add(name, text.to_vec()) else {
        let message = "the ruleset is longer than 4 GiB".to_owned();
        let help = Some("split it".to_owned());
        return Err(vec![ReadError { source: name.to_owned(), line: 1, column: 1, span: 0..0, message, help }]);
    };
    let tokens = expand::expand(&mut sources, first, include)?;
    let mut reader = Reader::new(&sources, &tokens);
    let ruleset = reader.ruleset();
    if reader.errors.is_empty() { Ok(ruleset) } else { Err(reader.errors) }
}
