//! Expressions.

use serde_json::{Value, json};

use super::Json;
use super::constant::text;
use super::field::field;
use crate::nft::ast::{BinaryOp, Expr, Op};
use crate::nft::names::{Kind, Place, Span, kinds_of, loopback_words};
use crate::nft::print::Why;
use crate::packet::{DataType, Field};

/// What a constant is compared with or assigned to.
#[derive(Clone, Copy)]
pub(super) struct Beside<'k> {
    pub kinds: &'k [Kind],
    pub place: Place,
}

impl<'k> Beside<'k> {
    pub(super) const NOTHING: Beside<'static> = Beside { kinds: &[], place: Place::Alone };

    pub(super) const fn of(kinds: &'k [Kind]) -> Self {
        Beside { kinds, place: Place::Alone }
    }

    fn kind(&self, what: &Expr) -> Result<Kind, Why> {
        match self.kinds {
            [only] => Ok(*only),
            _ => Err(Why::Untyped(format!("{what:?}"))),
        }
    }
}

/// Nesting beyond this is an error, as in the text form.
const MAX_DEPTH: u32 = 64;

impl Json<'_> {
    /// Runs `body` one level deeper.
    pub(super) fn nested(&mut self, body: impl FnOnce(&mut Self) -> Result<Value, Why>) -> Result<Value, Why> {
        if self.depth >= MAX_DEPTH {
            return Err(Why::Shape("nested too deeply"));
        }
        self.depth += 1;
        let done = body(self);
        self.depth -= 1;
        done
    }

    pub(super) fn expr(&mut self, expr: &Expr, beside: Beside<'_>) -> Result<Value, Why> {
        self.nested(|json| json.any_expr(expr, beside))
    }

    fn any_expr(&mut self, expr: &Expr, beside: Beside<'_>) -> Result<Value, Why> {
        Ok(match expr {
            Expr::Field(of) => field(*of, self.family)?,
            Expr::Number(value) | Expr::Flags(value) => self.number(*value, beside.kind(expr)?, beside.place)?,
            Expr::Text { text: string, wildcard } => text(string, *wildcard)?,
            Expr::Range(low, high) => {
                let kind = beside.kind(expr)?;
                self.span(range(low, high, kind)?, kind)?
            }
            Expr::Prefix { address, len } => {
                let kind = beside.kind(expr)?;
                self.span(Span::of_prefix(*address, *len, kind).ok_or(NO_RANGE)?, kind)?
            }
            Expr::Set(elements) => self.set_of(elements, beside, None)?,
            Expr::SetName(name) => json!(format!("@{name}")),
            Expr::Concat(parts) => self.concat(parts, beside)?,
            Expr::Binary { op, left, right } => self.binary(*op, left, right, beside)?,
            Expr::Map { key, map } => self.map(key, map, Some(beside.kinds), "map")?,
            Expr::Numgen { random, modulus, offset } => {
                let mode = if *random { "random" } else { "inc" };
                json!({ "numgen": { "mode": mode, "mod": modulus, "offset": offset } })
            }
            Expr::Jhash { key, modulus, seed, offset } => {
                let key = self.expr(key, Beside::NOTHING)?;
                let mut hash = json!({ "mod": modulus, "offset": offset, "expr": key });
                if let Some(seed) = seed {
                    hash["seed"] = json!(seed);
                }
                json!({ "jhash": hash })
            }
            Expr::Symhash { modulus, offset } => json!({ "symhash": { "mod": modulus, "offset": offset } }),
            Expr::Opaque(opaque) => return Err(Why::Opaque { line: opaque.line, text: opaque.text.clone() }),
        })
    }

    fn concat(&mut self, parts: &[Expr], beside: Beside<'_>) -> Result<Value, Why> {
        let mut values = Vec::with_capacity(parts.len());
        for (index, part) in parts.iter().enumerate() {
            let kinds = beside.kinds.get(index..=index).unwrap_or_default();
            values.push(self.expr(part, Beside { kinds, ..beside })?);
        }
        Ok(json!({ "concat": values }))
    }

    fn binary(&mut self, op: BinaryOp, left: &Expr, right: &Expr, beside: Beside<'_>) -> Result<Value, Why> {
        let mut kinds = kinds_of(left, self.family);
        if kinds.is_empty() {
            kinds = kinds_of(right, self.family);
        }
        if kinds.is_empty() {
            kinds = beside.kinds.into();
        }
        let (sign, amount) = match op {
            BinaryOp::And => ("&", None),
            BinaryOp::Or => ("|", None),
            BinaryOp::Xor => ("^", None),
            BinaryOp::Lshift => ("<<", Some([Kind::NUMBER])),
            BinaryOp::Rshift => (">>", Some([Kind::NUMBER])),
        };
        let inner = Beside { kinds: &kinds, place: Place::Masked };
        let left = self.expr(left, inner)?;
        let right = self.expr(right, amount.as_ref().map_or(inner, |amount| Beside::of(amount)))?;
        Ok(json!({ sign: [left, right] }))
    }

    pub(super) fn matching(&mut self, left: &Expr, op: Op, right: &Expr) -> Result<Value, Why> {
        let kinds = kinds_of(left, self.family);
        let bits = kinds.first().copied().filter(|kind| kinds.len() == 1 && kind.is_bits());
        let masked = matches!(left, Expr::Binary { .. });
        let place = if masked { Place::Masked } else { Place::Alone };
        let left_value = match loopback_words(left, op, right) {
            Some(key) => json!({ "meta": { "key": key } }),
            None => self.expr(left, Beside::NOTHING)?,
        };
        let compare =
            |sign: &str, left: Value, right: Value| json!({ "match": { "op": sign, "left": left, "right": right } });
        if let (Some(kind), Expr::Number(value) | Expr::Flags(value)) = (bits, right) {
            match op {
                Op::Implicit => return Ok(compare("in", left_value, self.any_bit(*value, kind)?)),
                Op::NoneOf if kind.data == DataType::CtLabel && value.count_ones() > 1 => {
                    return Ok(compare("!", left_value, self.any_bit(*value, kind)?));
                }
                Op::NoneOf if kind.data == DataType::CtLabel => {
                    let mask = self.number(*value, kind, place)?;
                    return Ok(compare("!=", json!({ "&": [left_value, mask] }), mask));
                }
                Op::NoneOf => {
                    let mask = self.number(*value, kind, place)?;
                    return Ok(compare("==", json!({ "&": [left_value, mask] }), json!(0)));
                }
                _ => {}
            }
        }
        let right_value = self.expr(right, Beside { kinds: &kinds, place })?;
        self.unreachable |= op != Op::Ne && tests_unreachable(left, right);
        Ok(compare(sign(op), left_value, right_value))
    }
}

const fn sign(op: Op) -> &'static str {
    match op {
        Op::Implicit | Op::Eq => "==",
        Op::Ne => "!=",
        Op::Lt => "<",
        Op::Gt => ">",
        Op::Le => "<=",
        Op::Ge => ">=",
        Op::NoneOf => "!",
    }
}

/// Whether a test leaves only the ICMP type whose codes nft has names for.
fn tests_unreachable(left: &Expr, right: &Expr) -> bool {
    matches!(
        (left, right),
        (Expr::Field(Field::IcmpType), Expr::Number(3)) | (Expr::Field(Field::Icmp6Type), Expr::Number(1))
    )
}

const NO_RANGE: Why = Why::Shape("a range that is none");

pub(super) fn range(low: &Expr, high: &Expr, kind: Kind) -> Result<Span, Why> {
    match (low, high) {
        (Expr::Number(low), Expr::Number(high)) => Span::new(*low, *high, kind).ok_or(NO_RANGE),
        _ => Err(NO_RANGE),
    }
}
