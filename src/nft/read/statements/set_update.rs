//! Rules that write sets: `add @s { ... }`, the older `set add key @s`, and meters (nft(8), *SET STATEMENT*).

use bstr::BString;

use crate::nft::ast::{Expr, SetOp, Statement};
use crate::nft::read::cursor::{Parsed, Reader, Unread};

/// What stands between the braces.
struct Update {
    key: Expr,
    timeout: Option<u64>,
    statements: Vec<Statement>,
}

impl Reader<'_> {
    /// `add|update|delete @set { ... }`, or `set add key [timeout T] @set`.
    pub fn set_update(&mut self) -> Parsed<Statement> {
        if self.eat("set") {
            let op = self.set_op()?;
            let Update { key, timeout, statements } = self.nested(Self::update)?;
            self.need("@")?;
            return Ok(Statement::SetUpdate { op, set: self.name()?, key, timeout, statements });
        }
        let op = self.set_op()?;
        self.need("@")?;
        let set = self.name()?;
        let Update { key, timeout, statements } = self.braced_update()?;
        Ok(Statement::SetUpdate { op, set, key, timeout, statements })
    }

    /// `meter name [size N] { ... }`
    pub fn meter(&mut self) -> Parsed<Statement> {
        self.need("meter")?;
        let name: BString = self.name()?;
        let size = if self.eat("size") { Some(self.number()?) } else { None };
        let Update { key, timeout, statements } = self.braced_update()?;
        Ok(Statement::Meter { name, size, key, timeout, statements })
    }

    fn set_op(&mut self) -> Parsed<SetOp> {
        match self.word()? {
            "add" => Ok(SetOp::Add),
            "delete" => Ok(SetOp::Delete),
            "update" => Ok(SetOp::Update),
            _ => Err(Unread),
        }
    }

    fn braced_update(&mut self) -> Parsed<Update> {
        self.need("{")?;
        self.skip_newlines();
        let update = self.nested(Self::update)?;
        self.skip_newlines();
        self.need("}")?;
        Ok(update)
    }

    /// `key [timeout T] statements`; a map's data (`key : value`) have no place in the tree.
    fn update(&mut self) -> Parsed<Update> {
        let key = self.left_key()?;
        let mut update = Update { key, timeout: None, statements: Vec::new() };
        loop {
            match self.peek_word() {
                Some("timeout") => {
                    self.advance();
                    update.timeout = Some(self.duration()?);
                }
                Some("counter" | "limit" | "quota" | "ct" | "last") => {
                    let statement = self.stateful()?;
                    update.statements.push(statement);
                }
                _ => return Ok(update),
            }
        }
    }
}
