//! What can be wrong with a text as a whole: errors as data, with their place.
//!
//! A construct the reader merely does not know is no error; it becomes `Opaque` in the tree.

use std::fmt;
use std::ops::Range;

/// One thing that keeps a text from being read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReadError {
    /// The name given to `read`, or the path of an included file.
    pub source: String,
    /// 1-based.
    pub line: u32,
    /// 1-based, in bytes.
    pub column: u32,
    /// Bytes of the named source.
    pub span: Range<usize>,
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.source, self.line, self.column, self.message)
    }
}

impl std::error::Error for ReadError {}
