//! Constants: numbers, bits, strings, ranges and prefixes, by the kind of what stands beside them.

use bstr::BString;

use super::{Printer, Why};
use crate::nft::ast::Expr;
use crate::nft::identifier::check_name;
use crate::nft::names::{Kind, Place, Span, Spelling, bit_names, spell};
use crate::nft::quoted::{WhyNot, nft_ifname, nft_string};
use crate::packet::{DataType, Interval};

/// Bytes of a cgroup's path.
const PATH_MAX: usize = 127;

/// How several bits of one value are joined.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Join {
    /// `a,b`: any of them.
    Comma,
    /// `a | b`: all of them, and no other.
    Bar,
    /// `(a | b)`, inside a larger expression.
    Parentheses,
}

impl Printer<'_> {
    pub(super) fn number(&mut self, value: u128, kind: Kind, place: Place, join: Join) -> Result<(), Why> {
        if self.nameless(value, kind) {
            return Ok(());
        }
        if !kind.holds(value) {
            return Err(Why::Number { value, data: kind.data });
        }
        if place != Place::Bound
            && let Some(names) = bit_names(kind.data, value)
        {
            self.bits(&names, join);
            return Ok(());
        }
        let codes = matches!(kind.data, DataType::IcmpCode | DataType::Icmp6Code);
        let place = if codes && !self.unreachable { Place::Bound } else { place };
        let spelling = spell(kind, value, place).ok_or(Why::Number { value, data: kind.data })?;
        self.spelling(&spelling);
        Ok(())
    }

    /// An IPv4 address or a port, of which a long ruleset is full, and which have no names; whether it is one.
    fn nameless(&mut self, value: u128, kind: Kind) -> bool {
        match (kind.data, u32::try_from(value)) {
            (DataType::Ipv4Addr, Ok(address)) => self.out.address(address.to_be_bytes()),
            (DataType::InetService, Ok(port)) if kind.holds(value) => self.out.decimal(port.into()),
            _ => return false,
        }
        true
    }

    /// Addresses and plain numbers, of which a long ruleset is full, without the machinery of `format!`.
    fn spelling(&mut self, spelling: &Spelling) {
        match spelling {
            Spelling::Word(word) => self.out.put(word),
            Spelling::Decimal(value) => self.out.decimal(*value),
            Spelling::V4(address) => self.out.address(address.octets()),
            other => self.out.put(other.to_string()),
        }
    }

    fn bits(&mut self, names: &[String], join: Join) {
        let (open, between, close) = match join {
            Join::Comma => ("", ",", ""),
            Join::Parentheses if names.len() > 1 => ("(", " | ", ")"),
            Join::Bar | Join::Parentheses => ("", " | ", ""),
        };
        self.out.put(open);
        self.out.put(names.join(between));
        self.out.put(close);
    }

    /// A string of a type whose values are strings.
    pub(super) fn text(&mut self, text: &BString, wildcard: bool, kind: Kind) -> Result<(), Why> {
        let fail = |why| Why::Text { text: text.clone(), why };
        let quoted = match kind.data {
            DataType::Ifname => nft_ifname(text, wildcard).map_err(fail)?,
            _ if wildcard => return Err(Why::Shape("a wildcard outside of an interface name")),
            // Helpers and systems: strings of 16 bytes, in which `*` is a wildcard all the same.
            DataType::String | DataType::IfIndex => nft_ifname(text, false).map_err(fail)?,
            DataType::Cgroupv2 => nonempty(text, PATH_MAX).map_err(fail)?,
            _ => return Err(Why::Shape("a string where nft wants a number")),
        };
        self.out.put(&quoted);
        Ok(())
    }

    /// A range of numbers; addresses that share a prefix are written as one.
    pub(super) fn range(&mut self, low: &Expr, high: &Expr, kind: Kind) -> Result<(), Why> {
        let span = span_of(low, high, kind)?;
        self.span(span, kind)
    }

    pub(super) fn prefix(&mut self, address: u128, len: u8, kind: Kind) -> Result<(), Why> {
        let span = Span::of_prefix(address, len, kind).ok_or(BAD_PREFIX)?;
        self.span(span, kind)
    }

    /// One value, a prefix, or two bounds.
    pub(super) fn interval(&mut self, values: Interval, kind: Kind) -> Result<(), Why> {
        if values.is_point() && self.nameless(values.lo, kind) {
            return Ok(());
        }
        let span = Span::new(values.lo, values.hi, kind).ok_or(Why::Number { value: values.hi, data: kind.data })?;
        self.span(span, kind)
    }

    fn span(&mut self, span: Span, kind: Kind) -> Result<(), Why> {
        match span {
            Span::One(value) => self.number(value, kind, Place::Alone, Join::Parentheses),
            Span::Prefix { address, len } => {
                self.number(address, kind, Place::Alone, Join::Parentheses)?;
                self.out.put("/");
                self.out.decimal(len.into());
                Ok(())
            }
            Span::Bounds(low, high) => {
                self.number(low, kind, Place::Bound, Join::Parentheses)?;
                self.out.put("-");
                self.number(high, kind, Place::Bound, Join::Parentheses)
            }
        }
    }

    /// A legal name, as it is.
    pub(super) fn name(&mut self, name: &BString) -> Result<(), Why> {
        check_name(name).map_err(|why| Why::Name { name: name.clone(), why })?;
        self.out.put(name);
        Ok(())
    }
}

const BAD_PREFIX: Why = Why::Shape("a prefix longer than the address, or an address too wide");

/// The span of a range expression.
pub(super) fn span_of(low: &Expr, high: &Expr, kind: Kind) -> Result<Span, Why> {
    let (Expr::Number(low), Expr::Number(high)) = (low, high) else {
        return Err(Why::Shape("a range of something other than numbers"));
    };
    if !kind.holds(*high) {
        return Err(Why::Number { value: *high, data: kind.data });
    }
    Span::new(*low, *high, kind).ok_or(Why::Shape("a range that ends before it begins"))
}

fn nonempty(text: &[u8], max: usize) -> Result<BString, WhyNot> {
    if text.is_empty() { Err(WhyNot::Empty) } else { nft_string(text, max) }
}
