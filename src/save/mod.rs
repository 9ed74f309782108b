//! iptables-save text: reading it into a tree, printing the tree back, and every extension.
//!
//! Reading follows `iptables-restore` (iptables/iptables-restore.c, libxtables/xtables.c). One
//! bad line never loses the file: reading goes on and every trouble is reported.
//! Invariant: a tree without error diagnostics holds everything that the text said.

pub mod ast;
pub mod ext;
pub mod family;
pub mod ipset;
pub mod option;
pub mod order;
mod parse;
pub mod print;
pub mod value;
pub(crate) mod words;

pub use parse::{Parsed, parse};
