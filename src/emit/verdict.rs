//! Verdicts, NAT among them.

use super::{Table, test};
use crate::ir::{ChainId, Nat, NatData, NatRow, Verdict};
use crate::nft::ast::{self, Data, Element, Expr, Lookup, Statement};
use crate::packet::{Field, Interval};

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
            Verdict::Map { key, rows } => {
                let rows = rows.iter().map(|(row, verdict)| Element {
                    data: self.simple(verdict).map(Data::Verdict),
                    ..test::element(test::row(key, row))
                });
                Statement::Vmap { key: test::key(key), map: Lookup::Anonymous(rows.collect()) }
            }
            Verdict::MapNamed { key, set } => {
                Statement::Vmap { key: test::key(key), map: Lookup::Named(self.names.set(*set)) }
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
            Verdict::Jump(id) => ast::Verdict::Jump(self.names.chain(*id)),
            Verdict::Goto(id) => ast::Verdict::Goto(self.names.chain(*id)),
            Verdict::Reject(_)
            | Verdict::Nat(_)
            | Verdict::Queue { .. }
            | Verdict::Map { .. }
            | Verdict::MapNamed { .. } => {
                return None;
            }
        })
    }

    fn nat(&self, nat: &Nat) -> ast::Nat {
        let mut flags = nat.flags;
        let (address, port) = match &nat.data {
            NatData::Fixed { address, port } => {
                (address.map(|(lo, hi)| range(lo, hi)), port.map(|(lo, hi)| range(lo.into(), hi.into())))
            }
            NatData::Map { key, rows } => (Some(self.nat_map(key, rows)), None),
            NatData::Random { choices } => (Some(random_map(choices)), None),
            NatData::MapNamed { key, set } => {
                (Some(Expr::Map { key: Box::new(test::key(key)), map: Lookup::Named(self.names.set(*set)) }), None)
            }
            NatData::Prefix { from, to } => {
                flags.prefix = true;
                (Some(self.prefix_map(nat, *from, *to)), None)
            }
        };
        ast::Nat { kind: nat.kind, family: None, address, port, flags }
    }

    fn nat_map(&self, key: &[Field], rows: &[NatRow]) -> Expr {
        let elements = rows.iter().map(|row| Element {
            data: Some(Data::Value(target(row.address, row.port))),
            ..test::element(test::row(key, &row.key))
        });
        Expr::Map { key: Box::new(test::key(key)), map: Lookup::Anonymous(elements.collect()) }
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

fn target(address: Option<u128>, port: Option<u16>) -> Expr {
    match (address, port) {
        (Some(a), Some(p)) => Expr::Concat(vec![Expr::Number(a), Expr::Number(p.into())]),
        (Some(a), None) => Expr::Number(a),
        (None, port) => Expr::Number(port.unwrap_or_default().into()),
    }
}

fn random_map(choices: &[(Option<u128>, Option<u16>)]) -> Expr {
    let rows = choices.iter().enumerate().map(|(at, &(address, port))| Element {
        data: Some(Data::Value(target(address, port))),
        ..test::element(Expr::Number(Interval::point(at as u128).lo))
    });
    let numgen = Expr::Numgen { random: true, modulus: choices.len() as u32, offset: 0 };
    Expr::Map { key: Box::new(numgen), map: Lookup::Anonymous(rows.collect()) }
}

/// The chains a verdict can go to.
pub(crate) fn callees(verdict: &Verdict) -> Vec<ChainId> {
    match verdict {
        Verdict::Jump(id) | Verdict::Goto(id) => vec![*id],
        Verdict::Map { rows, .. } => rows.iter().flat_map(|(_, v)| callees(v)).collect(),
        _ => Vec::new(),
    }
}
