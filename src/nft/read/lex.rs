//! Bytes to tokens, one pass, longest match first.
//!
//! Invariant: every byte belongs to a token or is blank; the work per byte is bounded, and no text
//! is refused except a string without its closing quote.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use super::error::ReadError;
use super::token::{Kind, Sources, Token};

/// Cuts a source into tokens. The last one is no `End`: the caller may append more sources.
pub(super) fn lex(sources: &Sources, source: u16) -> Result<Vec<Token>, ReadError> {
    let text = sources.bytes(source);
    let mut lexer =
        Lexer { text, at: 0, line: 1, source, line_is_blank: true, tokens: Vec::with_capacity(text.len() / 4) };
    match lexer.run() {
        Ok(()) => Ok(lexer.tokens),
        Err(open) => Err(sources.error(open, "string without a closing quote".into(), Some("add the missing \""))),
    }
}

struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
    line: u32,
    source: u16,
    line_is_blank: bool,
    tokens: Vec<Token>,
}

impl Lexer<'_> {
    fn run(&mut self) -> Result<(), Token> {
        while let Some(byte) = self.byte(0) {
            match byte {
                b' ' | b'\t' | b'\r' => self.at += 1,
                b'\\' if self.continues() => {}
                b'\n' => {
                    self.push(Kind::Newline, 1);
                    self.line = self.line.saturating_add(1);
                    self.line_is_blank = true;
                }
                b'#' => {
                    let length = self.rest().iter().take_while(|byte| **byte != b'\n').count();
                    self.push(Kind::Comment { own_line: self.line_is_blank }, length);
                }
                b'"' => self.string()?,
                _ => {
                    let (kind, length) = self.token(byte);
                    self.push(kind, length);
                }
            }
        }
        Ok(())
    }

    fn byte(&self, ahead: usize) -> Option<u8> {
        self.text.get(self.at + ahead).copied()
    }

    fn rest(&self) -> &[u8] {
        self.text.get(self.at..).unwrap_or(&[])
    }

    fn push(&mut self, kind: Kind, length: usize) {
        let end = self.at + length;
        // `Sources::add` has checked that offsets fit.
        self.tokens.push(Token { kind, source: self.source, start: self.at as u32, end: end as u32, line: self.line });
        self.at = end;
        self.line_is_blank = false;
    }

    /// Skips a backslash at the end of a line together with the line's end.
    fn continues(&mut self) -> bool {
        let length = match (self.byte(1), self.byte(2)) {
            (Some(b'\n'), _) => 2,
            (Some(b'\r'), Some(b'\n')) => 3,
            _ => return false,
        };
        self.at += length;
        self.line = self.line.saturating_add(1);
        true
    }

    fn string(&mut self) -> Result<(), Token> {
        let inside = self.rest().iter().skip(1).take_while(|byte| **byte != b'"').count();
        let token = Token {
            kind: Kind::Text,
            source: self.source,
            start: self.at as u32,
            end: self.at as u32 + 1,
            line: self.line,
        };
        if self.byte(inside + 1).is_none() {
            return Err(token);
        }
        let lines = self.rest().iter().take(inside + 1).filter(|byte| **byte == b'\n').count();
        self.push(Kind::Text, inside + 2);
        self.line = self.line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        Ok(())
    }

    fn token(&self, byte: u8) -> (Kind, usize) {
        if (byte.is_ascii_hexdigit() || byte == b':')
            && let Some(found) = address(self.rest())
        {
            return found;
        }
        if byte.is_ascii_digit() {
            return number(self.rest());
        }
        if byte.is_ascii_alphabetic() || byte == b'_' || (byte == b'.' && self.byte(1).is_some_and(in_word)) {
            return (Kind::Word, word(self.rest()));
        }
        match (byte, self.byte(1)) {
            (b'=' | b'!' | b'<' | b'>', Some(b'=')) | (b'<', Some(b'<')) | (b'>', Some(b'>')) => (Kind::Sign, 2),
            (b'\\', Some(b'*')) => (Kind::Stray, 2),
            _ if b"{}()[],;:.-/|^&!=*@$<>+".contains(&byte) => (Kind::Sign, 1),
            _ => (Kind::Stray, 1),
        }
    }
}

const fn in_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'/' | b'-' | b'.')
}

/// Length of a word, with the `*` or `\*` that may end it.
fn word(text: &[u8]) -> usize {
    let length = text.iter().take_while(|byte| in_word(**byte)).count();
    match text.get(length..) {
        Some([b'*', ..]) => length + 1,
        Some([b'\\', b'*', ..]) => length + 2,
        _ => length,
    }
}

fn number(text: &[u8]) -> (Kind, usize) {
    if let [b'0', b'x' | b'X', first, ..] = text
        && first.is_ascii_hexdigit()
    {
        return (Kind::Number, 2 + text.iter().skip(2).take_while(|byte| byte.is_ascii_hexdigit()).count());
    }
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    match duration(text) {
        0 => (Kind::Number, digits),
        length => (Kind::Duration, length),
    }
}

/// Length of `2d3h4m5s6ms`, any part of it; 0 when the text does not start so.
fn duration(text: &[u8]) -> usize {
    let mut length = 0;
    loop {
        let rest = text.get(length..).unwrap_or(&[]);
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let unit = match rest.get(digits..).unwrap_or(&[]) {
            _ if digits == 0 => return length,
            [b'm', b's', ..] => 2,
            [b'd' | b'h' | b'm' | b's', ..] => 1,
            _ => return length,
        };
        length += digits + unit;
    }
}

/// The longest IPv4, IPv6 or link-layer address the text starts with. Bounded: no address is longer
/// than 45 bytes.
fn address(text: &[u8]) -> Option<(Kind, usize)> {
    let run = text.iter().take(45).take_while(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.')).count();
    let run = std::str::from_utf8(text.get(..run)?).ok()?;
    let colons = run.bytes().filter(|byte| *byte == b':').count();
    if colons == 0 {
        let length = run.bytes().take(15).take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
        return Ipv4Addr::from_str(run.get(..length)?).ok().map(|_| (Kind::Ip4, length));
    }
    if colons == 1 {
        let length = run.bytes().take_while(|byte| *byte != b':').count();
        return Ipv4Addr::from_str(run.get(..length)?).ok().map(|_| (Kind::Ip4, length));
    }
    let lengths = (2..=run.len()).rev();
    let six = |length: &usize| run.get(..*length).is_some_and(|text| Ipv6Addr::from_str(text).is_ok());
    if let Some(length) = lengths.into_iter().find(six) {
        return Some((Kind::Ip6, length));
    }
    mac(run).map(|length| (Kind::Mac, length)).or_else(|| {
        let length = run.bytes().take_while(|byte| *byte != b':').count();
        Ipv4Addr::from_str(run.get(..length)?).ok().map(|_| (Kind::Ip4, length))
    })
}

/// Length of six groups of one or two hexadecimal digits.
fn mac(run: &str) -> Option<usize> {
    let mut length = 0;
    for group in 0..6 {
        let rest = run.get(length..)?;
        let rest = if group == 0 { rest } else { rest.strip_prefix(':')? };
        let digits = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
        if !(1..=2).contains(&digits) {
            return None;
        }
        length += digits + usize::from(group > 0);
    }
    Some(length)
}
