//! Everything about nft: its syntax tree, printer, reader, names, and versions.
//!
//! Invariant: `print` and `read` share the tree, and no code.

pub mod ast;
pub mod identifier;
pub mod json;
pub mod keywords;
pub mod names;
pub mod print;
pub mod quoted;
pub mod read;
pub mod version;
