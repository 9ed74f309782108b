//! What cannot be printed, and where it stands in the tree.

use bstr::BString;
use thiserror::Error;

use crate::nft::identifier::WhyNotName;
use crate::nft::quoted::WhyNot;
use crate::packet::{DataType, Field};

/// Something in the tree has no text in nft's language.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{place}: {why}")]
pub struct PrintError {
    /// Table, chain and rule, or set, in words.
    pub place: String,
    pub why: Why,
}

impl PrintError {
    pub(super) fn new(why: Why, place: impl Into<String>) -> Self {
        PrintError { place: place.into(), why }
    }

    /// The same error, seen from the block around its place.
    pub(super) fn within(self, outer: &str) -> Self {
        PrintError { place: format!("{outer}, {}", self.place), why: self.why }
    }
}

/// Why it has none.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum Why {
    /// Too wide for the type, or a number where the type wants a string.
    #[error("the number {value} is no value of type {data:?}")]
    Number { value: u128, data: DataType },
    /// A constant with nothing beside it that says what it is.
    #[error("nothing tells the type of {0}")]
    Untyped(String),
    #[error("nft has no words for the field {0:?}")]
    Field(Field),
    #[error("text that was not understood cannot be printed (line {line}: {text})")]
    Opaque { line: u32, text: BString },
    #[error("the string \"{text}\": {why}")]
    Text { text: BString, why: WhyNot },
    #[error("the name \"{name}\": {why}")]
    Name { name: BString, why: WhyNotName },
    /// A combination that nft's grammar does not have.
    #[error("{0}")]
    Shape(&'static str),
}
