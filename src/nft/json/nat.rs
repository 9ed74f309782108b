//! Address translation and transparent proxies.

use serde_json::{Map, Value, json};

use super::Json;
use super::expr::{Beside, range};
use crate::nft::ast::{Data, DataKind, Expr, Lookup, Nat, NatFlags, NatKind};
use crate::nft::names::{Kind, Span};
use crate::nft::print::Why;
use crate::packet::Family;

impl Json<'_> {
    pub(super) fn nat(&mut self, nat: &Nat) -> Result<Value, Why> {
        let word = match nat.kind {
            NatKind::Snat => "snat",
            NatKind::Dnat => "dnat",
            NatKind::Masquerade => "masquerade",
            NatKind::Redirect => "redirect",
        };
        let mut members = self.endpoint(nat.family, nat.address.as_ref(), nat.port.as_ref())?;
        let NatFlags { random, fully_random, persistent, prefix, .. } = nat.flags;
        // Networks one to one: nft wants it said twice.
        let flags =
            [(random, "random"), (fully_random, "fully-random"), (persistent, "persistent"), (prefix, "netmap")];
        let flags: Vec<&str> = flags.iter().filter(|(on, _)| *on).map(|(_, word)| *word).collect();
        if !flags.is_empty() {
            members.insert("flags".to_owned(), json!(flags));
        }
        if prefix {
            members.insert("type_flags".to_owned(), json!("prefix"));
        } else if nat.address.as_ref().is_some_and(|address| self.parts(address) == 2) {
            members.insert("type_flags".to_owned(), json!("concat"));
        }
        Ok(if members.is_empty() { json!({ word: null }) } else { json!({ word: members }) })
    }

    pub(super) fn tproxy(
        &mut self,
        family: Option<Family>,
        address: Option<&Expr>,
        port: Option<&Expr>,
    ) -> Result<Value, Why> {
        Ok(json!({ "tproxy": self.endpoint(family, address, port)? }))
    }

    fn endpoint(
        &mut self,
        family: Option<Family>,
        address: Option<&Expr>,
        port: Option<&Expr>,
    ) -> Result<Map<String, Value>, Why> {
        let mut members = Map::new();
        if let Some(family) = family {
            members.insert("family".to_owned(), json!(family.name()));
        }
        if let Some(address) = address {
            let addresses = Kind::address(family.unwrap_or(self.family));
            members.insert("addr".to_owned(), self.addresses(address, addresses)?);
        }
        if let Some(port) = port {
            members.insert("port".to_owned(), self.expr(port, Beside::of(&[Kind::PORT]))?);
        }
        Ok(members)
    }

    /// An address, a range of them (never as a prefix), or a map.
    fn addresses(&mut self, address: &Expr, kind: Option<Kind>) -> Result<Value, Why> {
        let Some(kind) = kind else { return self.expr(address, Beside::NOTHING) };
        let span = match address {
            Expr::Range(low, high) => range(low, high, kind)?,
            Expr::Prefix { address, len } => match Span::of_prefix(*address, *len, kind) {
                Some(span) => span,
                None => return Err(Why::Shape("a prefix longer than the address")),
            },
            Expr::Map { .. } if self.parts(address) == 2 => return self.expr(address, Beside::of(&[kind, Kind::PORT])),
            _ => return self.expr(address, Beside::of(&[kind])),
        };
        let (low, high) = span.bounds(kind);
        self.span(if low == high { Span::One(low) } else { Span::Bounds(low, high) }, kind)
    }

    /// How many parts the data of an address map have: 2 where they hold ports.
    fn parts(&self, address: &Expr) -> usize {
        let concat = match address {
            Expr::Map { map: Lookup::Anonymous(elements), .. } => {
                elements.iter().any(|element| matches!(element.data, Some(Data::Value(Expr::Concat(_)))))
            }
            Expr::Map { map: Lookup::Named(name), .. } => {
                let declared = self.table.and_then(|table| self.sets.get(&(table, name.as_slice())));
                matches!(declared.map(|set| &set.data), Some(Some(DataKind::Value(parts))) if parts.len() == 2)
            }
            _ => false,
        };
        if concat { 2 } else { 1 }
    }
}
