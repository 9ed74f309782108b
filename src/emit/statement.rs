//! Statements: one nft statement each.

use super::{Table, map, test};
use crate::ir::{self, Assigned, Statement};
use crate::nft::ast::{self, BinaryOp, Data, Expr, Lookup, ObjectName};
use crate::packet::{Family, Field, RtKey};

impl Table<'_> {
    pub(crate) fn statement(&self, statement: &Statement) -> ast::Statement {
        match statement {
            Statement::Log(log) => ast::Statement::Log(log.clone()),
            Statement::Limit(limit) => ast::Statement::Limit(limit.clone()),
            Statement::Quota { over, bytes } => ast::Statement::Quota { over: *over, bytes: *bytes, used: 0 },
            Statement::Object { kind, object } => {
                ast::Statement::ObjectRef { kind: *kind, name: ObjectName::Literal(self.names.object(*object)) }
            }
            Statement::Assign { field, value } => {
                ast::Statement::Set { target: Expr::Field(*field), value: self.assigned(*field, value) }
            }
            Statement::ResetTcpOption { kind } => ast::Statement::ResetTcpOption { kind: *kind },
            Statement::Notrack => ast::Statement::Notrack,
            Statement::Trace => ast::Statement::Set { target: Expr::Field(Field::Nftrace), value: Expr::Number(1) },
            Statement::Tproxy { address, port } => ast::Statement::Tproxy {
                family: None,
                address: address.map(Expr::Number),
                port: port.map(|p| Expr::Number(p.into())),
            },
            Statement::Dup { address, device } => ast::Statement::Dup {
                address: Expr::Number(*address),
                device: device.clone().map(|text| Expr::Text { text, wildcard: false }),
            },
            Statement::Synproxy { mss, wscale, timestamp, sack_perm } => {
                ast::Statement::Synproxy { mss: *mss, wscale: *wscale, timestamp: *timestamp, sack_perm: *sack_perm }
            }
            Statement::SetUpdate { op, set, key, timeout, inner } => ast::Statement::SetUpdate {
                op: *op,
                set: self.names.set(*set),
                key: test::masked_key(key),
                timeout: *timeout,
                statements: inner.iter().map(|s| self.statement(s)).collect(),
            },
            Statement::ConnLimit { over, count } => ast::Statement::ConnLimit { over: *over, count: *count },
        }
    }

    pub(crate) fn object(&self, at: usize, object: &ir::Object) -> ast::Object {
        use crate::ir::ObjectBody as B;
        let body = match object.body.clone() {
            B::Counter { packets, bytes } => ast::ObjectBody::Counter { packets, bytes },
            B::Quota { over, bytes, used } => ast::ObjectBody::Quota { over, bytes, used },
            B::Limit(limit) => ast::ObjectBody::Limit(limit),
            B::CtHelper { helper, protocol, l3proto } => ast::ObjectBody::CtHelper { helper, protocol, l3proto },
            B::Secmark(context) => ast::ObjectBody::Secmark(context),
            B::CtTimeout { protocol, l3proto, policy } => ast::ObjectBody::CtTimeout { protocol, l3proto, policy },
        };
        ast::Object { name: self.names.object(ir::ObjectId(at as u32)), comment: None, body, line: 0 }
    }

    fn assigned(&self, field: Field, value: &Assigned) -> Expr {
        match value {
            Assigned::Constant(n) => Expr::Number(*n),
            Assigned::Bits { keep, flip } => keep_and_flip(field, *keep, *flip),
            Assigned::Mix { keep, from, take } => mix(field, *keep, *from, *take),
            Assigned::Map { key, rows } => {
                let rows = map::anonymous(key, rows, |&value| Some(Data::Value(Expr::Number(value))));
                Expr::Map { key: Box::new(test::key(key)), map: rows }
            }
            Assigned::MapNamed { key, set } => {
                Expr::Map { key: Box::new(test::key(key)), map: Lookup::Named(self.names.set(*set)) }
            }
            Assigned::Hash { key, modulus, seed, offset } => {
                test::hash(test::masked_key(key), *modulus, *seed, *offset)
            }
            Assigned::RouteMtu => Expr::Field(Field::Rt(RtKey::Mtu)),
        }
    }

    /// The family of addresses in this table.
    pub(crate) const fn family(&self) -> Family {
        self.ir.family
    }
}

fn binary(op: BinaryOp, left: Expr, right: Expr) -> Expr {
    Expr::Binary { op, left: Box::new(left), right: Box::new(right) }
}

const fn all_ones(field: Field) -> u128 {
    let width = field.width();
    if width >= 128 { u128::MAX } else { (1 << width) - 1 }
}

/// `(field & keep) ^ flip`, with `|` where no kept bit is flipped, and without what does nothing.
fn keep_and_flip(field: Field, keep: u128, flip: u128) -> Expr {
    let all = all_ones(field);
    let (keep, flip) = (keep & all, flip & all);
    let own = Expr::Field(field);
    // Bits that are kept and set to one are said by `|` alone.
    if keep | flip == all && keep & flip == 0 {
        return binary(BinaryOp::Or, own, Expr::Number(flip));
    }
    let kept = if keep == all { own } else { binary(BinaryOp::And, own, Expr::Number(keep)) };
    match flip {
        0 => kept,
        flip if keep & flip == 0 => binary(BinaryOp::Or, kept, Expr::Number(flip)),
        flip => binary(BinaryOp::Xor, kept, Expr::Number(flip)),
    }
}

fn mix(field: Field, keep: u128, from: Field, take: u128) -> Expr {
    let masked = |f: Field, mask: u128| {
        if mask & all_ones(f) == all_ones(f) {
            Expr::Field(f)
        } else {
            binary(BinaryOp::And, Expr::Field(f), Expr::Number(mask & all_ones(f)))
        }
    };
    let taken = masked(from, take);
    if keep & all_ones(field) == 0 {
        return taken;
    }
    let op = if keep & take & all_ones(field) == 0 { BinaryOp::Or } else { BinaryOp::Xor };
    binary(op, masked(field, keep), taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mark_arithmetic_is_written_shortest() {
        let mark = || Expr::Field(Field::Mark);
        let and = |m| binary(BinaryOp::And, mark(), Expr::Number(m));
        for (keep, flip, want) in [
            (0xffff_ff00, 0x12, binary(BinaryOp::Or, and(0xffff_ff00), Expr::Number(0x12))),
            (0xffff_fff0, 0xf, binary(BinaryOp::Or, mark(), Expr::Number(0xf))),
            (0xffff_ffff, 0x1, binary(BinaryOp::Xor, mark(), Expr::Number(1))),
            (0xff, 0, and(0xff)),
            (0xff, 0x101, binary(BinaryOp::Xor, and(0xff), Expr::Number(0x101))),
        ] {
            assert_eq!(keep_and_flip(Field::Mark, keep, flip), want, "{keep:x} {flip:x}");
        }
        assert_eq!(all_ones(Field::TcpWindow), 0xffff);
    }
}
