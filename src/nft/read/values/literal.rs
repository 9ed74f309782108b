//! One literal, read by its data type (nft(8), section *DATA TYPES*).

use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use bstr::BString;

use super::Type;
use crate::nft::ast::Expr;
use crate::nft::read::cursor::{Parsed, Reader, Unread, parse_number};
use crate::nft::read::symbols;
use crate::nft::read::token::Kind;
use crate::packet::DataType;

impl Reader<'_> {
    /// One literal. A word that is no name of a value, or a number too wide, becomes `Opaque`.
    pub fn literal(&mut self, kind: Type) -> Parsed<Expr> {
        let start = self.at;
        let token = self.peek();
        let text = self.sources.text(token);
        if !matches!(
            token.kind,
            Kind::Word | Kind::Number | Kind::Duration | Kind::Ip4 | Kind::Ip6 | Kind::Mac | Kind::Text
        ) {
            return Err(Unread);
        }
        if matches!(token.kind, Kind::Number | Kind::Word) && self.is_classid(kind) {
            return self.classid();
        }
        self.advance();
        if let Some(text) = string(kind, token.kind, text) {
            return Ok(text);
        }
        let value = match kind {
            Type::Of(data, _) => value(data, token.kind, text),
            Type::Address | Type::Any => address(token.kind, text),
        };
        Ok(match value {
            Some(value) if fits(value, kind.width()) => Expr::Number(value),
            _ => Expr::Opaque(self.opaque(start)),
        })
    }

    fn is_classid(&self, kind: Type) -> bool {
        matches!(kind, Type::Of(DataType::Classid, _)) && self.is_ahead(1, ":")
    }

    /// `major:minor`, hexadecimal, as tc writes handles. The lexer has cut it in three.
    fn classid(&mut self) -> Parsed<Expr> {
        let start = self.at;
        self.advance();
        self.need(":")?;
        while matches!(self.peek().kind, Kind::Number | Kind::Word) && self.peek().start == self.ahead_end() {
            self.advance();
        }
        let text = self.opaque(start);
        Ok(symbols::classid(&text.text).map_or(Expr::Opaque(text), Expr::Number))
    }

    /// Where the token before this one ends.
    fn ahead_end(&self) -> u32 {
        self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(0, |token| token.end)
    }
}

fn fits(value: u128, width: u32) -> bool {
    width >= 128 || value >> width == 0
}

/// Types whose values are strings.
fn string(kind: Type, token: Kind, text: &[u8]) -> Option<Expr> {
    let Type::Of(data, _) = kind else { return None };
    if !matches!(token, Kind::Word | Kind::Text) {
        return None;
    }
    match data {
        DataType::Ifname => Some(interface(text)),
        DataType::String | DataType::Cgroupv2 => Some(Expr::Text { text: BString::from(text), wildcard: false }),
        _ => None,
    }
}

/// An interface's name: a trailing `*` is a wildcard, `\*` an asterisk.
fn interface(text: &[u8]) -> Expr {
    if let Some(stem) = text.strip_suffix(b"\\*") {
        let mut name = BString::from(stem);
        name.push(b'*');
        return Expr::Text { text: name, wildcard: false };
    }
    match text.strip_suffix(b"*") {
        Some(stem) => Expr::Text { text: BString::from(stem), wildcard: true },
        None => Expr::Text { text: BString::from(text), wildcard: false },
    }
}

fn address(token: Kind, text: &[u8]) -> Option<u128> {
    let text_str = std::str::from_utf8(text).ok()?;
    match token {
        Kind::Ip4 => Ipv4Addr::from_str(text_str).ok().map(|address| u128::from(address.to_bits())),
        Kind::Ip6 => Ipv6Addr::from_str(text_str).ok().map(|address| address.to_bits()),
        Kind::Number => parse_number(text),
        Kind::Text if text_str.contains([':', '.']) => text_address(text_str),
        _ => None,
    }
}

fn text_address(text: &str) -> Option<u128> {
    let six = || Ipv6Addr::from_str(text).ok().map(|address| address.to_bits());
    Ipv4Addr::from_str(text).ok().map(|address| u128::from(address.to_bits())).or_else(six)
}

fn value(data: DataType, token: Kind, text: &[u8]) -> Option<u128> {
    match (data, token) {
        (DataType::Ipv4Addr, Kind::Ip4) | (DataType::Ipv6Addr, Kind::Ip6) => address(token, text),
        (DataType::Ipv4Addr, Kind::Ip6) | (DataType::Ipv6Addr, Kind::Ip4) => None,
        (DataType::EtherAddr, Kind::Mac) => mac(text),
        (DataType::Milliseconds, Kind::Duration) => super::duration::milliseconds(text).map(u128::from),
        // A number without a unit is seconds.
        (DataType::Milliseconds, Kind::Number) => parse_number(text)?.checked_mul(1000),
        // Whole seconds since the epoch; the field counts nanoseconds.
        (DataType::Time, Kind::Number) => parse_number(text)?.checked_mul(1_000_000_000),
        (DataType::Time, _) => None,
        (DataType::CtLabel, Kind::Number) => parse_number(text).filter(|bit| *bit < 128).map(|bit| 1 << bit),
        (DataType::Classid, Kind::Word | Kind::Text) => symbols::classid(text),
        // The number of an interface says nothing about its name.
        (DataType::Ifname | DataType::String | DataType::Cgroupv2, _) => None,
        (_, Kind::Number) => parse_number(text),
        (_, Kind::Word) => symbols::value(data, std::str::from_utf8(text).ok()?),
        (_, Kind::Text) => quoted(data, text),
        _ => None,
    }
}

/// Quotes do not keep nft from reading a name or a number inside them.
fn quoted(data: DataType, text: &[u8]) -> Option<u128> {
    let word = std::str::from_utf8(text).ok()?;
    symbols::value(data, word).or_else(|| {
        let number = word.starts_with(|first: char| first.is_ascii_digit());
        (number && data != DataType::Hour).then(|| parse_number(text)).flatten()
    })
}

fn mac(text: &[u8]) -> Option<u128> {
    let text = std::str::from_utf8(text).ok()?;
    text.split(':').try_fold(0, |value, group| Some(value << 8 | u128::from_str_radix(group, 16).ok()?))
}
