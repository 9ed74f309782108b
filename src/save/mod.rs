//! iptables-save text: reading it into a tree, printing the tree back, and every extension.
//!
//! Reading follows `iptables-restore` (iptables/iptables-restore.c, libxtables/xtables.c). One
//! bad line never loses the file: reading goes on and every trouble is reported.
//! Invariant: a tree without error diagnostics holds everything that the text said.

pub mod ast;
pub mod ext;
pub mod family;
pub mod forms;
pub mod ipset;
pub mod mentioned;
pub mod option;
pub mod order;
pub mod owners;
mod parse;
pub mod print;
pub mod value;
pub(crate) mod words;

use bstr::ByteSlice;

pub use parse::{Parsed, parse, skim};

/// Whether the first line that says anything opens a table, as in every dump.
pub fn opens_with_table(text: &[u8]) -> bool {
    let says = |line: &&[u8]| !line.is_empty() && !line.starts_with(b"#");
    let first = text.lines().map(ByteSlice::trim).find(says);
    let name = first.and_then(|line| line.strip_prefix(b"*")).map(ByteSlice::trim);
    name.is_some_and(|name| ast::TableKind::ALL.iter().any(|kind| kind.name().as_bytes() == name))
}
