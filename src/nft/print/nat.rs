//! Address translation: `snat`, `dnat`, `masquerade`, `redirect`, and the `address:port` they share with `tproxy`.

use super::constant::{Join, span_of};
use super::expr::Beside;
use super::{Printer, Why};
use crate::nft::ast::{Data, DataKind, Expr, Lookup, Nat, NatFlags, NatKind};
use crate::nft::names::{Kind, Place, Span};
use crate::packet::{DataType, Family};

impl<'a> Printer<'a> {
    pub(super) fn nat(&mut self, nat: &'a Nat) -> Result<(), Why> {
        let (word, wants_address) = match nat.kind {
            NatKind::Snat => ("snat", true),
            NatKind::Dnat => ("dnat", true),
            NatKind::Masquerade => ("masquerade", false),
            NatKind::Redirect => ("redirect", false),
        };
        self.out.put(word);
        let Nat { family, address, port, flags, .. } = nat;
        match (wants_address, address) {
            (false, Some(_)) => return Err(Why::Shape("an address for masquerade or redirect")),
            (true, None) if port.is_none() => return Err(Why::Shape("snat or dnat to nothing")),
            (_, None) if family.is_some() => return Err(Why::Shape("a family without an address")),
            (true, _) => {
                self.qualifiers(*family, address.as_ref(), *flags);
                if flags.prefix
                    && port.is_none()
                    && let Some(Expr::Prefix { address, len }) = address
                    && let Some(kind) = Kind::address(family.unwrap_or(self.family))
                {
                    self.out.put("to ");
                    return self.prefix(*address, *len, kind);
                }
                self.endpoint(*family, address.as_ref(), port.as_ref())?;
            }
            (false, None) if port.is_some() => {
                self.out.put(" ");
                self.endpoint(*family, None, port.as_ref())?;
            }
            (false, None) => {}
        }
        let NatFlags { random, fully_random, persistent, .. } = *flags;
        let words = [(random, "random"), (fully_random, "fully-random"), (persistent, "persistent")];
        let words: Vec<&str> = words.iter().filter(|(on, _)| *on).map(|(_, word)| *word).collect();
        if !words.is_empty() {
            self.out.put(" ");
            self.out.put(words.join(","));
        }
        Ok(())
    }

    /// What stands between the keyword and `to`. 0.9.8 wants to be told that a map yields ports too.
    fn qualifiers(&mut self, family: Option<Family>, address: Option<&'a Expr>, flags: NatFlags) {
        let own = Some(self.family).filter(|own| Kind::address(*own).is_some());
        let ports = address.is_some_and(|address| self.yields_port(address, flags));
        let (said, words) = match family.or(own) {
            Some(told) if ports => (Some(told), " addr . port "),
            _ => (family, if flags.prefix { " prefix " } else { " " }),
        };
        if let Some(family) = said {
            self.out.put(" ");
            self.out.put(family.name());
        }
        self.out.put(words);
    }

    /// Whether the address comes from a map whose data are addresses with ports.
    fn yields_port(&self, address: &'a Expr, flags: NatFlags) -> bool {
        match address {
            Expr::Map { map: Lookup::Anonymous(elements), .. } => {
                elements.iter().any(|element| matches!(element.data, Some(Data::Value(Expr::Concat(_)))))
            }
            Expr::Map { map: Lookup::Named(name), .. } => match self.declared(name).and_then(|map| map.data.as_ref()) {
                Some(DataKind::Value(parts)) => parts.len() == 2,
                _ => flags.interval,
            },
            _ => false,
        }
    }

    /// `to address:port`, with an IPv6 address in brackets where a port follows.
    pub(super) fn endpoint(
        &mut self,
        family: Option<Family>,
        address: Option<&'a Expr>,
        port: Option<&'a Expr>,
    ) -> Result<(), Why> {
        if address.is_none() && port.is_none() {
            return Err(Why::Shape("neither an address nor a port"));
        }
        self.out.put("to ");
        if let Some(address) = address {
            self.addresses(address, Kind::address(family.unwrap_or(self.family)), port.is_some())?;
        }
        if let Some(port) = port {
            self.out.put(if matches!(address, Some(Expr::Map { .. })) { " : " } else { ":" });
            self.expr(port, Beside::of(&[Kind::PORT]))?;
        }
        Ok(())
    }

    fn addresses(&mut self, address: &'a Expr, kind: Option<Kind>, port: bool) -> Result<(), Why> {
        let Some(kind) = kind else {
            return match address {
                Expr::Map { map: Lookup::Named(_), .. } => self.expr(address, Beside::NOTHING),
                _ => Err(Why::Shape("an address in an inet table without its family")),
            };
        };
        let bracket = port && kind.data == DataType::Ipv6Addr;
        let (low, high) = match address {
            Expr::Number(value) => (*value, *value),
            Expr::Prefix { address, len } => match Span::of_prefix(*address, *len, kind) {
                Some(span) => span.bounds(kind),
                None => return Err(Why::Shape("a prefix longer than the address")),
            },
            Expr::Range(low, high) => span_of(low, high, kind)?.bounds(kind),
            Expr::Map { .. } if self.yields_port(address, NatFlags::default()) => {
                return self.expr(address, Beside::of(&[kind, Kind::PORT]));
            }
            Expr::Map { .. } => return self.expr(address, Beside::of(&[kind])),
            _ => return Err(Why::Shape("an address that is neither constant nor looked up")),
        };
        self.bracketed(low, kind, bracket)?;
        if low != high {
            self.out.put("-");
            self.bracketed(high, kind, bracket)?;
        }
        Ok(())
    }

    fn bracketed(&mut self, address: u128, kind: Kind, bracket: bool) -> Result<(), Why> {
        self.out.put(if bracket { "[" } else { "" });
        self.number(address, kind, Place::Alone, Join::Bar)?;
        self.out.put(if bracket { "]" } else { "" });
        Ok(())
    }
}
