//! Verdicts, NAT among them.

use super::{Table, map, test};
use crate::ir::{MapRow, Nat, NatData, SetData, Verdict};
use crate::nft::ast::{self, Data, Element, Expr, Lookup, Statement};
use crate::packet::Field;

impl Table<'_> {
    /// `Continue` needs no words.
    pub(crate) fn verdict(&self, verdict: &Verdict) -> Option<Statement> {
        Some(match verdict {
            Verdict::Continue => return None,
            Verdict::Reject(reject) => Statement::Reject(*reject),
            Verdict::Nat(nat) => Statement::Nat(self.nat(nat)),
            Verdict::Queue { from, to, bypass, fanout } => {
                Statement::Queue { from: *from, to: *to, bypass: *bypass, fanout: *fanout }
            }
            Verdict::Map(map) => Statement::Vmap { key: test::key(&map.key), map: self.vmap(&map.key, &map.rows) },
            Verdict::Draw(draw) => Statement::Vmap {
                key: map::draw(draw.random, draw.rows.len()),
                map: self.vmap(&[map::DRAWN], &draw.rows),
            },
            Verdict::MapNamed(map) => {
                Statement::Vmap { key: test::key(&map.key), map: Lookup::Named(self.names.set(map.set)) }
            }
            simple => Statement::Verdict(self.simple(simple)?),
        })
    }

    /// The verdicts that a map can hold.
    pub(crate) fn simple(&self, verdict: &Verdict) -> Option<ast::Verdict> {
        Some(match verdict {
            Verdict::Continue => ast::Verdict::Continue,
            Verdict::Accept => ast::Verdict::Accept,
            Verdict::Drop => ast::Verdict::Drop,
            Verdict::Return => ast::Verdict::Return,
            Verdict::Jump(id) => ast::Verdict::Jump(self.names.chain(*id).clone()),
            Verdict::Goto(id) => ast::Verdict::Goto(self.names.chain(*id).clone()),
            Verdict::Reject(_)
            | Verdict::Nat(_)
            | Verdict::Queue { .. }
            | Verdict::Map(_)
            | Verdict::MapNamed(_)
            | Verdict::Draw(_) => return None,
        })
    }

    fn nat(&self, nat: &Nat) -> ast::Nat {
        let mut flags = nat.flags;
        let (address, port) = match &nat.data {
            NatData::Fixed { address, port } => {
                (address.map(|(lo, hi)| range(lo, hi)), port.map(|(lo, hi)| range(lo.into(), hi.into())))
            }
            NatData::Map { key, rows } => map::targets(test::key(key), key, rows),
            NatData::Draw { random, rows } => map::targets(map::draw(*random, rows.len()), &[map::DRAWN], rows),
            NatData::MapNamed { key, set } => {
                let map = Expr::Map { key: Box::new(test::key(key)), map: Lookup::Named(self.names.set(*set)) };
                match self.ir.set(*set).map(|set| set.data) {
                    Some(SetData::Values(Some(only), None)) if only.width() == 16 => (None, Some(map)),
                    data => {
                        // Said here, for who prints the rule need not see what the map holds.
                        flags.interval = matches!(data, Some(SetData::Values(Some(_), Some(_))));
                        (Some(map), None)
                    }
                }
            }
            NatData::Prefix { from, to } => {
                flags.prefix = true;
                (Some(self.prefix_map(nat, *from, *to)), None)
            }
        };
        ast::Nat { kind: nat.kind, family: None, address, port, flags }
    }

    fn vmap(&self, key: &[Field], rows: &[MapRow<Verdict>]) -> Lookup {
        map::anonymous(key, rows, |verdict| self.simple(verdict).map(Data::Verdict))
    }

    fn prefix_map(&self, nat: &Nat, from: (u128, u8), to: (u128, u8)) -> Expr {
        // Any address: the kernel keeps the host bits of the packet's own, no map is needed.
        if from.1 == 0 {
            return Expr::Prefix { address: to.0, len: to.1 };
        }
        let v6 = matches!(self.family(), crate::packet::Family::Ip6);
        let field = match (nat.kind, v6) {
            (ast::NatKind::Snat, false) => Field::IpSaddr,
            (ast::NatKind::Snat, true) => Field::Ip6Saddr,
            (_, false) => Field::IpDaddr,
            (_, true) => Field::Ip6Daddr,
        };
        let element = Element {
            data: Some(Data::Value(Expr::Prefix { address: to.0, len: to.1 })),
            ..test::element(Expr::Prefix { address: from.0, len: from.1 })
        };
        Expr::Map { key: Box::new(Expr::Field(field)), map: Lookup::Anonymous(vec![element]) }
    }
}

fn range(lo: u128, hi: u128) -> Expr {
    if lo == hi { Expr::Number(lo) } else { Expr::Range(Box::new(Expr::Number(lo)), Box::new(Expr::Number(hi))) }
}
