//! Priorities of base chains, by number or by name (nft(8), *CHAINS*).

use super::cursor::{Parsed, Reader, Unread};

impl Reader<'_> {
    /// `filter`, `dstnat - 5`, `-150`, with `priority` already read.
    pub fn priority(&mut self) -> Parsed<i32> {
        // A variable's value may come in quotes or parentheses.
        let grouped = self.eat("(");
        let base = match self.peek_word().map(str::to_owned).or_else(|| self.quoted_name()) {
            Some(name) => {
                self.advance();
                named(&name).ok_or(Unread)?
            }
            None => self.signed(true)?,
        };
        if grouped {
            self.need(")")?;
        }
        let offset = if self.is("+") || self.is("-") { self.signed(false)? } else { 0 };
        base.checked_add(offset).ok_or(Unread)
    }

    fn quoted_name(&self) -> Option<String> {
        let token = self.peek();
        let text = (token.kind == super::token::Kind::Text).then(|| self.sources.text(token))?;
        String::from_utf8(text.to_vec()).ok()
    }

    /// A number; without a sign only where `bare`.
    fn signed(&mut self, bare: bool) -> Parsed<i32> {
        if self.eat("-") {
            return self.number::<i32>().map(|number| -number);
        }
        if !self.eat("+") && !bare {
            return Err(Unread);
        }
        self.number()
    }
}

fn named(name: &str) -> Option<i32> {
    Some(match name {
        "raw" => -300,
        "mangle" => -150,
        "dstnat" => -100,
        "filter" => 0,
        "security" => 50,
        "srcnat" => 100,
        _ => return None,
    })
}
