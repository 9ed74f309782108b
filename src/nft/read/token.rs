//! Tokens and the texts they point into.
//!
//! Invariant: a token's span lies inside its source, and a `Word`, `Number`, `Duration`, `Ip4`, `Ip6`,
//! `Mac` or `Sign` is ASCII.

use super::error::ReadError;

/// What kind of text a token is; the text itself is looked up in [`Sources`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// A name or keyword; may hold `/`, `-`, `.` inside and a `*` at its end.
    Word,
    /// Decimal, octal (leading 0) or `0x` hexadecimal.
    Number,
    /// `1h30m`
    Duration,
    Ip4,
    Ip6,
    Mac,
    /// A quoted string; its text is what stands between the quotes.
    Text,
    /// From `#` to the end of the line.
    Comment {
        own_line: bool,
    },
    Newline,
    /// Punctuation, one or two characters.
    Sign,
    /// A byte that means nothing in nft.
    Stray,
    /// Behind the last token.
    End,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Token {
    pub kind: Kind,
    pub source: u16,
    pub start: u32,
    pub end: u32,
    /// 1-based.
    pub line: u32,
}

/// One text: the file given to `read`, or one it includes.
pub(super) struct Source {
    pub name: String,
    pub text: Vec<u8>,
}

/// All texts of one reading. The first is the reader's own and holds a pair of parentheses.
pub(super) struct Sources(Vec<Source>);

impl Sources {
    pub fn new() -> Self {
        Sources(vec![Source { name: String::new(), text: b"()".to_vec() }])
    }

    /// Tokens to put around a value that must stay together.
    pub fn parentheses(line: u32) -> [Token; 2] {
        [0, 1].map(|start| Token { kind: Kind::Sign, source: 0, start, end: start + 1, line })
    }

    /// Adds a text; `None` when there are too many texts, or this one is longer than spans can count.
    pub fn add(&mut self, name: &str, text: Vec<u8>) -> Option<u16> {
        let index = u16::try_from(self.0.len()).ok()?;
        u32::try_from(text.len()).ok()?;
        self.0.push(Source { name: name.to_owned(), text });
        Some(index)
    }

    pub fn bytes(&self, source: u16) -> &[u8] {
        self.0.get(usize::from(source)).map_or(&[], |source| &source.text)
    }

    /// The text of a token, without the quotes of a string or the `#` of a comment.
    pub fn text(&self, token: Token) -> &[u8] {
        let raw = self.raw(token, token);
        match token.kind {
            Kind::Text => raw.get(1..raw.len().saturating_sub(1)).unwrap_or(&[]),
            Kind::Comment { .. } => raw.get(1..).unwrap_or(&[]),
            _ => raw,
        }
    }

    /// Everything from one token to another of the same source, both included.
    pub fn raw(&self, first: Token, last: Token) -> &[u8] {
        self.bytes(first.source).get(first.start as usize..last.end as usize).unwrap_or(&[])
    }

    pub fn error(&self, token: Token, message: String, help: Option<&str>) -> ReadError {
        let text = self.bytes(token.source);
        let before = text.get(..token.start as usize).unwrap_or(text);
        let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
        ReadError {
            source: self.0.get(usize::from(token.source)).map(|source| source.name.clone()).unwrap_or_default(),
            line: token.line,
            column: u32::try_from(column).unwrap_or(u32::MAX),
            span: token.start as usize..token.end as usize,
            message,
            help: help.map(str::to_owned),
        }
    }
}
