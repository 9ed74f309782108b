//! Printed text in the parts in which it was written, since one piece of a long one needs as much room again.

use std::borrow::Cow;

/// See the module's documentation.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Text(pub(super) Vec<Vec<u8>>);

impl Text {
    /// The parts, one behind the other.
    pub fn parts(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(Vec::as_slice)
    }

    /// All of it in one piece.
    pub fn joined(&self) -> Cow<'_, [u8]> {
        match self.0.as_slice() {
            [only] => Cow::Borrowed(only),
            parts => Cow::Owned(parts.concat()),
        }
    }

    /// The same, for good.
    pub fn into_bytes(mut self) -> Vec<u8> {
        match self.0.as_mut_slice() {
            [only] => std::mem::take(only),
            parts => parts.concat(),
        }
    }
}

impl From<Vec<u8>> for Text {
    fn from(text: Vec<u8>) -> Self {
        Text(vec![text])
    }
}
