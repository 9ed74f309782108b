//! `snat`, `dnat`, `masquerade`, `redirect` (nft(8), *NAT STATEMENTS*).

use smallvec::smallvec;

use crate::nft::ast::{Expr, Nat, NatFlags, NatKind, Statement};
use crate::nft::read::cursor::{Parsed, Reader, Unread};
use crate::nft::read::token::Kind;
use crate::nft::read::values::{Type, Types};
use crate::packet::{DataType, Family};

impl Reader<'_> {
    /// The statement, with the cursor on its keyword.
    pub fn nat(&mut self) -> Parsed<Statement> {
        let kind = match self.word()? {
            "dnat" => NatKind::Dnat,
            "masquerade" => NatKind::Masquerade,
            "redirect" => NatKind::Redirect,
            "snat" => NatKind::Snat,
            _ => return Err(Unread),
        };
        let mut nat = Nat { kind, family: None, address: None, port: None, flags: NatFlags::default() };
        if matches!(kind, NatKind::Dnat | NatKind::Snat) {
            nat.family = self.nat_family();
            self.nat_shape(&mut nat.flags)?;
            // Older texts leave `to` out.
            self.eat("to");
            let (address, port, found) = self.nat_target(nat.family)?;
            if address.is_none() && port.is_none() {
                return Err(Unread);
            }
            nat.family = nat.family.or(found);
            nat.address = address;
            nat.port = port;
        } else if self.eat("to") {
            self.eat(":");
            nat.port = Some(self.ports()?);
        }
        self.nat_flags(&mut nat.flags)?;
        Ok(Statement::Nat(nat))
    }

    /// `ip` or `ip6` behind the keyword, when it is no field of that header.
    pub fn nat_family(&mut self) -> Option<Family> {
        let family = match self.peek_word()? {
            "ip" => Family::Ip,
            "ip6" => Family::Ip6,
            _ => return None,
        };
        if !matches!(self.word_ahead(1), Some("to" | "addr" | "prefix" | "interval")) {
            return None;
        }
        self.advance();
        Some(family)
    }

    /// What the data are: `addr . port`, `interval`, `prefix`.
    fn nat_shape(&mut self, flags: &mut NatFlags) -> Parsed<()> {
        if self.eat("addr") {
            self.need(".")?;
            self.need("port")?;
            flags.interval = true;
        } else if self.eat("interval") {
            flags.interval = true;
        } else if self.eat("prefix") {
            flags.prefix = true;
        }
        Ok(())
    }

    /// `[address][:port]`; in an inet table also the family of an address that is written out.
    pub fn nat_target(&mut self, family: Option<Family>) -> Parsed<(Option<Expr>, Option<Expr>, Option<Family>)> {
        if self.eat(":") {
            return Ok((None, Some(self.ports()?), None));
        }
        let spelled = match self.peek().kind {
            Kind::Ip4 => Some(Family::Ip),
            Kind::Ip6 => Some(Family::Ip6),
            _ if self.is("[") => Some(Family::Ip6),
            _ => None,
        };
        let address = self.nat_address(family)?;
        let port = if self.eat(":") { Some(self.ports()?) } else { None };
        Ok((Some(address), port, spelled.filter(|_| self.family == Family::Inet)))
    }

    fn nat_address(&mut self, family: Option<Family>) -> Parsed<Expr> {
        let kind = match family.unwrap_or(self.family) {
            Family::Ip => Type::Of(DataType::Ipv4Addr, 32),
            Family::Ip6 => Type::Of(DataType::Ipv6Addr, 128),
            Family::Inet => Type::Address,
        };
        match self.peek().kind {
            Kind::Ip4 | Kind::Ip6 => self.value(kind),
            _ if self.is("[") => self.bracketed(kind),
            _ => {
                let types: Types = smallvec![kind, Type::port()];
                self.assigned(&types)
            }
        }
    }

    /// `[address]` or `[address]-[address]`
    fn bracketed(&mut self, kind: Type) -> Parsed<Expr> {
        let low = self.in_brackets(kind)?;
        if !self.eat("-") {
            return Ok(low);
        }
        let high = self.in_brackets(kind)?;
        match (&low, &high) {
            (Expr::Number(a), Expr::Number(b)) if a <= b => Ok(Expr::Range(Box::new(low), Box::new(high))),
            _ => Err(Unread),
        }
    }

    fn in_brackets(&mut self, kind: Type) -> Parsed<Expr> {
        self.need("[")?;
        let value = self.value(kind)?;
        self.need("]")?;
        Ok(value)
    }

    /// A port, a range of ports, or a map that yields ports.
    fn ports(&mut self) -> Parsed<Expr> {
        let types: Types = smallvec![Type::port()];
        if matches!(self.peek().kind, Kind::Number) {
            return self.value(Type::port());
        }
        self.assigned(&types)
    }

    fn nat_flags(&mut self, flags: &mut NatFlags) -> Parsed<()> {
        loop {
            match self.peek_word() {
                Some("fully-random") => flags.fully_random = true,
                Some("persistent") => flags.persistent = true,
                Some("random") => flags.random = true,
                _ => return Ok(()),
            }
            self.advance();
            if !self.eat(",") {
                return Ok(());
            }
        }
    }
}
