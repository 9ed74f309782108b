//! Expressions: fields, operations on them, concatenations, maps.

pub(super) mod binary;
mod conntrack;
mod exthdr;
mod hash;
mod headers;
mod lookups;
mod meta;
mod options;
mod payload;
mod unmodelled;

use smallvec::smallvec;

use super::cursor::{Parsed, Reader, Unread};
use super::values::{Type, Types, Want, types_of};
use crate::nft::ast::{BinaryOp, Expr, Lookup};
use crate::packet::Field;

/// Operations in a row that are no constants; each makes the tree one level deeper.
const MAX_OPERATIONS: usize = 32;

impl Reader<'_> {
    /// What may stand left of an operator, `set`, `vmap` or `map`: fields, operations on them, concatenations.
    pub fn left(&mut self) -> Parsed<Expr> {
        let key = self.left_key()?;
        if !self.is("map") {
            return Ok(key);
        }
        let want = Want::Values(smallvec![Type::Any]);
        self.mapped(key, &want)
    }

    /// The key of a map or set: as [`Self::left`], without a map behind it.
    pub fn left_key(&mut self) -> Parsed<Expr> {
        let first = self.operation(Type::Any)?;
        self.concat_tail(first)
    }

    /// What may stand behind `set` or `to`: a constant, an operation, or a map of data of these types.
    pub fn assigned(&mut self, types: &Types) -> Parsed<Expr> {
        let kind = types.first().copied().ok_or(Unread)?;
        let first = self.operation(kind)?;
        let key = if is_key(&first) { self.concat_tail(first)? } else { first };
        match key {
            key if self.is("map") => self.mapped(key, &Want::Values(types.clone())),
            Expr::Concat(_) => Err(Unread),
            value => Ok(value),
        }
    }

    /// `key map { ... }` or `key map @name`, with the cursor on `map`.
    pub fn mapped(&mut self, key: Expr, want: &Want) -> Parsed<Expr> {
        self.need("map")?;
        let map = self.lookup(&key, want)?;
        Ok(Expr::Map { key: Box::new(key), map })
    }

    /// What `map` and `vmap` look up in.
    pub fn lookup(&mut self, key: &Expr, want: &Want) -> Parsed<Lookup> {
        if self.eat("@") {
            return self.name().map(Lookup::Named);
        }
        let types = types_of(key, self.family);
        self.nested(|reader| reader.elements(&types, want)).map(Lookup::Anonymous)
    }

    /// The rest of `a . b . c`.
    pub fn concat_tail(&mut self, first: Expr) -> Parsed<Expr> {
        if !self.is(".") {
            return Ok(first);
        }
        let mut parts = vec![first];
        while self.eat(".") {
            parts.push(self.operation(Type::Any)?);
        }
        Ok(Expr::Concat(parts))
    }

    /// Fields and constants of type `kind` joined by operators.
    pub fn operation(&mut self, kind: Type) -> Parsed<Expr> {
        self.nested(|reader| reader.operation_above(kind, 0))
    }

    fn operation_above(&mut self, kind: Type, level: u8) -> Parsed<Expr> {
        let mut left = self.primary(kind)?;
        let mut operations = 0;
        while let Some(op) = self.peek_binary().filter(|op| binary::level(*op) >= level) {
            self.advance();
            let right_kind = match op {
                BinaryOp::Lshift | BinaryOp::Rshift => Type::integer(8),
                _ => operand_kind(&left, kind, self),
            };
            let right = self.nested(|reader| reader.operation_above(right_kind, binary::level(op) + 1))?;
            left = if let (Expr::Number(a), Expr::Number(b)) = (&left, &right) {
                binary::fold(op, *a, *b).map(Expr::Number).ok_or(Unread)?
            } else {
                operations += 1;
                Expr::Binary { op, left: Box::new(left), right: Box::new(right) }
            };
            if operations > MAX_OPERATIONS {
                return Err(Unread);
            }
        }
        Ok(left)
    }

    fn primary(&mut self, kind: Type) -> Parsed<Expr> {
        if self.eat("(") {
            let inner = self.operation(kind)?;
            self.need(")")?;
            return Ok(inner);
        }
        if let Some(expr) = self.attempt(Self::hash) {
            return Ok(expr);
        }
        if let Some(field) = self.attempt(Self::field) {
            return Ok(Expr::Field(field));
        }
        match kind {
            Type::Any => Err(Unread),
            _ => self.literal(kind),
        }
    }

    /// One field by its name.
    pub fn field(&mut self) -> Parsed<Field> {
        if self.is("@") {
            return self.raw_payload();
        }
        match self.word()? {
            "meta" => self.meta_field(true),
            "ct" => self.ct_field(),
            "fib" => self.fib_field(),
            "socket" => self.socket_field(),
            "osf" => self.osf_field(),
            "ipsec" => self.ipsec_field(),
            "rt" => self.rt_field(),
            "tcp" if self.is("option") => self.tcp_option(),
            "sctp" if self.is("chunk") => self.sctp_chunk(),
            "dccp" if self.is("option") => self.dccp_option(),
            "exthdr" => self.exthdr_exists(),
            header @ ("hbh" | "dst" | "rt0" | "rt2" | "srh" | "frag" | "mh") => self.exthdr_field(header),
            header @ ("ip" | "ip6" | "ether" | "th" | "tcp" | "udp" | "udplite" | "sctp" | "dccp" | "icmp"
            | "icmpv6" | "igmp" | "ah" | "esp" | "comp") => self.header_field(header),
            _ => {
                self.at -= 1;
                self.meta_field(false)
            }
        }
    }
}

/// The type that a constant right of an operator has: that of what stands left.
fn operand_kind(left: &Expr, kind: Type, reader: &Reader<'_>) -> Type {
    match types_of(left, reader.family).first() {
        Some(Type::Any) | None => kind,
        Some(found) => *found,
    }
}

/// Whether an expression may be the key of a map.
const fn is_key(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::Field(_) | Expr::Binary { .. } | Expr::Numgen { .. } | Expr::Jhash { .. } | Expr::Symhash { .. }
    )
}
