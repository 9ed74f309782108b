//! The reader's place in the tokens, and the small questions asked there.
//!
//! Invariant: `at` never passes the `End` token; a failed question does not move.

use bstr::BString;
use rustc_hash::FxHashMap;

use super::error::ReadError;
use super::token::{Kind, Sources, Token};
use super::values::SetShape;
use crate::nft::ast::{Opaque, TableName};
use crate::packet::Family;

/// How deep statements and expressions may nest.
const MAX_DEPTH: u32 = 24;

/// The text here is not what the grammar wants; the caller makes it `Opaque`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Unread;

pub(super) type Parsed<T> = Result<T, Unread>;

/// A recursive-descent reader; the grammar's areas add their methods in files of their own.
pub(super) struct Reader<'a> {
    pub sources: &'a Sources,
    pub tokens: &'a [Token],
    pub at: usize,
    pub depth: u32,
    /// Of the table being read.
    pub family: Family,
    /// What the sets declared so far hold.
    pub shapes: FxHashMap<(TableName, BString), SetShape>,
    pub table: TableName,
    pub errors: Vec<ReadError>,
}

impl<'a> Reader<'a> {
    pub fn new(sources: &'a Sources, tokens: &'a [Token]) -> Self {
        Reader {
            sources,
            tokens,
            at: 0,
            depth: 0,
            family: Family::Ip,
            shapes: FxHashMap::default(),
            table: TableName { family: Family::Ip, name: BString::default() },
            errors: Vec::new(),
        }
    }

    pub fn ahead(&self, distance: usize) -> Token {
        let last = Token { kind: Kind::End, source: 0, start: 0, end: 0, line: 0 };
        self.tokens.get(self.at.saturating_add(distance)).or(self.tokens.last()).copied().unwrap_or(last)
    }

    pub fn peek(&self) -> Token {
        self.ahead(0)
    }

    pub fn line(&self) -> u32 {
        self.peek().line
    }

    pub fn advance(&mut self) {
        if self.peek().kind != Kind::End {
            self.at += 1;
        }
    }

    /// The word some tokens ahead.
    pub fn word_ahead(&self, distance: usize) -> Option<&'a str> {
        let token = self.ahead(distance);
        let text = (token.kind == Kind::Word).then(|| self.sources.text(token))?;
        std::str::from_utf8(text).ok()
    }

    pub fn peek_word(&self) -> Option<&'a str> {
        self.word_ahead(0)
    }

    /// Whether a word or sign with this text stands some tokens ahead.
    pub fn is_ahead(&self, distance: usize, text: &str) -> bool {
        let token = self.ahead(distance);
        matches!(token.kind, Kind::Word | Kind::Sign) && self.sources.text(token) == text.as_bytes()
    }

    /// The text of the word or sign here; empty for anything else.
    pub fn peek_sign_or_word(&self) -> &'a [u8] {
        let token = self.peek();
        if matches!(token.kind, Kind::Word | Kind::Sign) { self.sources.text(token) } else { &[] }
    }

    pub fn is(&self, text: &str) -> bool {
        self.is_ahead(0, text)
    }

    pub fn eat(&mut self, text: &str) -> bool {
        let found = self.is(text);
        if found {
            self.advance();
        }
        found
    }

    pub fn need(&mut self, text: &str) -> Parsed<()> {
        if self.eat(text) { Ok(()) } else { Err(Unread) }
    }

    pub fn word(&mut self) -> Parsed<&'a str> {
        let word = self.peek_word().ok_or(Unread)?;
        self.advance();
        Ok(word)
    }

    /// The next token's text when it is of this kind.
    pub fn take(&mut self, kind: Kind) -> Parsed<&'a [u8]> {
        let token = self.peek();
        if token.kind != kind {
            return Err(Unread);
        }
        self.advance();
        Ok(self.sources.text(token))
    }

    /// A name: quoted or not.
    pub fn name(&mut self) -> Parsed<BString> {
        self.take(Kind::Word).or_else(|_| self.take(Kind::Text)).map(BString::from)
    }

    /// A quoted string.
    pub fn quoted(&mut self) -> Parsed<BString> {
        self.take(Kind::Text).map(BString::from)
    }

    /// A whole number that fits.
    pub fn number<T: TryFrom<u128>>(&mut self) -> Parsed<T> {
        let token = self.peek();
        if token.kind != Kind::Number {
            return Err(Unread);
        }
        let value = parse_number(self.sources.text(token)).ok_or(Unread)?;
        let value = T::try_from(value).map_err(|_| Unread)?;
        self.advance();
        Ok(value)
    }

    /// Whether a rule or property ends here.
    pub fn at_end_of_statement(&self) -> bool {
        matches!(self.peek().kind, Kind::Newline | Kind::End | Kind::Comment { .. }) || self.is(";") || self.is("}")
    }

    /// Newlines, semicolons and comments.
    pub fn skip_blank(&mut self) {
        while matches!(self.peek().kind, Kind::Newline | Kind::Comment { .. }) || self.is(";") {
            self.advance();
        }
    }

    /// Newlines and comments inside braces.
    pub fn skip_newlines(&mut self) {
        while matches!(self.peek().kind, Kind::Newline | Kind::Comment { .. }) {
            self.advance();
        }
    }

    /// Tries a reading; goes back when it fails.
    pub fn attempt<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Option<T> {
        let start = self.at;
        let result = read(self).ok();
        if result.is_none() {
            self.at = start;
        }
        result
    }

    /// Goes one level deeper.
    pub fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= MAX_DEPTH {
            return Err(Unread);
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// Everything from `start` to the end of its statement; braces belong to it with all they hold.
    pub fn opaque_statement(&mut self, start: usize) -> Opaque {
        self.at = start;
        let mut depth = 0_usize;
        loop {
            match self.peek().kind {
                Kind::End => break,
                Kind::Newline | Kind::Comment { .. } if depth == 0 => break,
                _ if depth == 0 && (self.is(";") || self.is("}")) => break,
                _ if self.is("{") => depth += 1,
                _ if self.is("}") => depth -= 1,
                _ => {}
            }
            self.advance();
        }
        self.opaque(start)
    }

    /// The text from `start` to here.
    pub fn opaque(&self, start: usize) -> Opaque {
        let tokens = self.tokens.get(start..self.at).unwrap_or(&[]);
        let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else {
            return Opaque { text: BString::default(), line: self.line() };
        };
        let in_place = tokens.iter().is_sorted_by_key(|token| token.start)
            && tokens.iter().all(|token| token.source == first.source && token.source != 0);
        let text = if in_place {
            BString::from(self.sources.raw(*first, *last))
        } else {
            let raw: Vec<&[u8]> = tokens.iter().map(|token| self.sources.raw(*token, *token)).collect();
            BString::from(raw.join(&b" "[..]))
        };
        Opaque { text, line: first.line }
    }
}

/// Decimal, `0x` hexadecimal or octal, as C reads them.
pub(super) fn parse_number(text: &[u8]) -> Option<u128> {
    let text = std::str::from_utf8(text).ok()?;
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return u128::from_str_radix(digits, 16).ok();
    }
    let radix = if text.len() > 1 && text.starts_with('0') { 8 } else { 10 };
    u128::from_str_radix(text, radix).ok()
}
