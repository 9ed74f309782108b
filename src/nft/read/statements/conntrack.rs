//! Statements that start with `ct` and are no match: `ct count`, `ct helper set`, `ct timeout set`.

use crate::nft::ast::{ObjectKind, Statement};
use crate::nft::read::cursor::{Parsed, Reader};

impl Reader<'_> {
    /// Any statement that starts with `ct`.
    pub fn ct_statement(&mut self) -> Parsed<Statement> {
        let kind = match (self.word_ahead(1), self.word_ahead(2)) {
            (Some("count"), _) => return self.stateful(),
            (Some("expectation"), Some("set")) => ObjectKind::CtExpectation,
            (Some("helper"), Some("set")) => ObjectKind::CtHelper,
            (Some("timeout"), Some("set")) => ObjectKind::CtTimeout,
            _ => return self.matching(),
        };
        (0..3).for_each(|_| self.advance());
        self.object_ref(kind)
    }
}
