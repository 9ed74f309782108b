//! Operations that combine diagrams leaf by leaf.

use rustc_hash::FxHashMap;

use super::arena::{Arena, Node};
use super::{Bounded, Dd, Var};

/// A combination of two leaves.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Op {
    And,
    Or,
    Xor,
    Add,
    /// The left function, but the right one where the left is 0.
    Otherwise0,
    /// The left function, but the right one where the left is 1.
    Otherwise1,
    /// The left function, but the right one where the left is 2.
    Otherwise2,
    /// The right function where the left is 0, and 0 elsewhere.
    Where0,
    /// The right function where the left is 0, and 2 elsewhere.
    Where0Else2,
    /// Where the two are the same number.
    Same,
}

const ITE: u32 = 100;

impl Op {
    /// The result, where it can be told from the roots.
    fn shortcut(self, a: Dd, b: Dd) -> Option<Dd> {
        let (x, y) = (a.as_leaf(), b.as_leaf());
        match self {
            Op::And if a == b || y == Some(1) => Some(a),
            Op::And if x == Some(1) => Some(b),
            Op::And if x == Some(0) || y == Some(0) => Some(Dd::FALSE),
            Op::Or if a == b || y == Some(0) => Some(a),
            Op::Or if x == Some(0) => Some(b),
            Op::Or if x == Some(1) || y == Some(1) => Some(Dd::TRUE),
            Op::Xor if a == b => Some(Dd::FALSE),
            Op::Xor | Op::Add if x == Some(0) => Some(b),
            Op::Xor | Op::Add if y == Some(0) => Some(a),
            Op::Xor => Some(Dd::constant(x? != y?)),
            Op::Add => Some(Dd::leaf(x?.saturating_add(y?).min(u32::MAX >> 1))),
            Op::Otherwise0 => otherwise(a, b, 0),
            Op::Otherwise1 => otherwise(a, b, 1),
            Op::Otherwise2 => otherwise(a, b, 2),
            Op::Where0 => where_zero(a, b, 0),
            Op::Where0Else2 => where_zero(a, b, 2),
            Op::Same if a == b => Some(Dd::TRUE),
            Op::Same => Some(Dd::constant(x? == y?)),
            Op::And | Op::Or => None,
        }
    }

    fn commutes(self) -> bool {
        matches!(self, Op::And | Op::Or | Op::Xor | Op::Add | Op::Same)
    }
}

fn otherwise(a: Dd, b: Dd, gap: u32) -> Option<Dd> {
    match a.as_leaf() {
        Some(value) => Some(if value == gap { b } else { a }),
        None if b == Dd::leaf(gap) || a == b => Some(a),
        None => None,
    }
}

fn where_zero(a: Dd, b: Dd, elsewhere: u32) -> Option<Dd> {
    match a.as_leaf() {
        Some(0) => Some(b),
        Some(_) => Some(Dd::leaf(elsewhere)),
        None if b == Dd::leaf(elsewhere) => Some(b),
        None => None,
    }
}

impl Arena {
    /// The set of assignments where `var` holds.
    pub fn var(&mut self, var: Var) -> Bounded<Dd> {
        self.mk(var.0, Dd::FALSE, Dd::TRUE)
    }

    /// Intersection of sets.
    pub fn and(&mut self, a: Dd, b: Dd) -> Bounded<Dd> {
        self.combine(Op::And, a, b)
    }

    /// Union of sets.
    pub fn or(&mut self, a: Dd, b: Dd) -> Bounded<Dd> {
        self.combine(Op::Or, a, b)
    }

    /// Complement of a set.
    pub fn not(&mut self, a: Dd) -> Bounded<Dd> {
        self.combine(Op::Xor, a, Dd::TRUE)
    }

    /// What is in exactly one of two sets.
    pub fn xor(&mut self, a: Dd, b: Dd) -> Bounded<Dd> {
        self.combine(Op::Xor, a, b)
    }

    /// What is in `a` and not in `b`.
    pub fn minus(&mut self, a: Dd, b: Dd) -> Bounded<Dd> {
        if a == b {
            return Ok(Dd::FALSE);
        }
        self.ite(b, Dd::FALSE, a)
    }

    /// Sum of counts; the largest leaf stands for itself and all above.
    pub fn add(&mut self, a: Dd, b: Dd) -> Bounded<Dd> {
        self.combine(Op::Add, a, b)
    }

    /// `a`, but `b` where `a` is `gap`; `gap` is 0, 1 or 2.
    pub fn otherwise(&mut self, a: Dd, gap: u32, b: Dd) -> Bounded<Dd> {
        match gap {
            0 => self.combine(Op::Otherwise0, a, b),
            1 => self.combine(Op::Otherwise1, a, b),
            2 => self.combine(Op::Otherwise2, a, b),
            _ => {
                let gap = self.is(a, gap)?;
                self.ite(gap, b, a)
            }
        }
    }

    /// `b` where `a` is 0, and `elsewhere`, which is 0 or 2, where it is not.
    pub fn where_zero(&mut self, a: Dd, b: Dd, elsewhere: u32) -> Bounded<Dd> {
        match elsewhere {
            0 => self.combine(Op::Where0, a, b),
            2 => self.combine(Op::Where0Else2, a, b),
            _ => {
                let zero = self.is(a, 0)?;
                self.ite(zero, b, Dd::leaf(elsewhere))
            }
        }
    }

    /// Where the function has the value `value`.
    pub fn is(&mut self, a: Dd, value: u32) -> Bounded<Dd> {
        self.combine(Op::Same, a, Dd::leaf(value))
    }

    /// Where two functions have the same value.
    pub fn same(&mut self, a: Dd, b: Dd) -> Bounded<Dd> {
        self.combine(Op::Same, a, b)
    }

    /// Where two functions have different values.
    pub fn differ(&mut self, a: Dd, b: Dd) -> Bounded<Dd> {
        let same = self.same(a, b)?;
        self.not(same)
    }

    /// `g` inside the set `f`, `h` outside.
    pub fn ite(&mut self, f: Dd, g: Dd, h: Dd) -> Bounded<Dd> {
        self.begin();
        self.ite_step(f, g, h)
    }

    /// The function whose leaves `leaf` makes of those of `a` and `b`.
    pub fn zip(&mut self, a: Dd, b: Dd, leaf: &mut dyn FnMut(u32, u32) -> u32) -> Bounded<Dd> {
        self.begin();
        self.zip_step(a, b, leaf, &mut FxHashMap::default())
    }

    fn zip_step(
        &mut self,
        a: Dd,
        b: Dd,
        leaf: &mut dyn FnMut(u32, u32) -> u32,
        done: &mut FxHashMap<(Dd, Dd), Dd>,
    ) -> Bounded<Dd> {
        if let (Some(x), Some(y)) = (a.as_leaf(), b.as_leaf()) {
            return Ok(Dd::leaf(leaf(x, y)));
        }
        if let Some(&result) = done.get(&(a, b)) {
            return Ok(result);
        }
        self.tick()?;
        self.enter()?;
        let (var, [a0, a1], [b0, b1]) = self.cofactors(a, b);
        let lo = self.zip_step(a0, b0, leaf, done)?;
        let hi = self.zip_step(a1, b1, leaf, done)?;
        let result = self.mk(var, lo, hi)?;
        self.leave();
        done.insert((a, b), result);
        Ok(result)
    }

    /// The first variable that either function tests, and both functions where it is false and true.
    fn cofactors(&self, a: Dd, b: Dd) -> (u32, [Dd; 2], [Dd; 2]) {
        let (x, y) = (self.node(a), self.node(b));
        let var = x.var.min(y.var);
        let of = |d: Dd, node: Node| if node.var == var { [node.lo, node.hi] } else { [d, d] };
        (var, of(a, x), of(b, y))
    }

    /// The function whose leaves `leaf` makes of those of `d`.
    pub fn map(&mut self, d: Dd, leaf: &mut dyn FnMut(u32) -> u32) -> Bounded<Dd> {
        self.zip(d, Dd::FALSE, &mut |value, _| leaf(value))
    }

    /// Union of many sets, by halves.
    pub fn any(&mut self, sets: &[Dd]) -> Bounded<Dd> {
        self.fold(sets, Dd::FALSE, Arena::or)
    }

    /// Intersection of many sets, by halves.
    pub fn all(&mut self, sets: &[Dd]) -> Bounded<Dd> {
        self.fold(sets, Dd::TRUE, Arena::and)
    }

    fn fold(&mut self, items: &[Dd], empty: Dd, op: fn(&mut Arena, Dd, Dd) -> Bounded<Dd>) -> Bounded<Dd> {
        match items {
            [] => Ok(empty),
            [only] => Ok(*only),
            _ => {
                let (left, right) = items.split_at(items.len() / 2);
                let left = self.fold(left, empty, op)?;
                let right = self.fold(right, empty, op)?;
                op(self, left, right)
            }
        }
    }

    /// Union, within another operation.
    pub(super) fn or_step(&mut self, a: Dd, b: Dd) -> Bounded<Dd> {
        self.step(Op::Or, a, b)
    }

    /// Sum, within another operation.
    pub(super) fn add_step(&mut self, a: Dd, b: Dd) -> Bounded<Dd> {
        self.step(Op::Add, a, b)
    }

    /// `a`, but `b` where `a` is `gap`, which is 0, 1 or 2, within another operation.
    pub(super) fn otherwise_step(&mut self, a: Dd, gap: u32, b: Dd) -> Bounded<Dd> {
        let op = match gap {
            0 => Op::Otherwise0,
            1 => Op::Otherwise1,
            _ => Op::Otherwise2,
        };
        self.step(op, a, b)
    }

    fn combine(&mut self, op: Op, a: Dd, b: Dd) -> Bounded<Dd> {
        self.begin();
        self.step(op, a, b)
    }

    fn step(&mut self, op: Op, a: Dd, b: Dd) -> Bounded<Dd> {
        if let Some(result) = op.shortcut(a, b).or_else(|| self.told_by_leaves(op, a, b)) {
            return Ok(result);
        }
        let (a, b) = if op.commutes() && b < a { (b, a) } else { (a, b) };
        if let Some(result) = self.cache.get(op as u32, a, b, Dd::FALSE) {
            return Ok(result);
        }
        self.tick()?;
        self.enter()?;
        let (var, [a0, a1], [b0, b1]) = self.cofactors(a, b);
        let lo = self.step(op, a0, b0)?;
        let hi = self.step(op, a1, b1)?;
        let result = match (lo, hi) {
            // One of the two once more: it need not be looked up.
            _ if a0 != a1 && (lo, hi) == (a0, a1) => a,
            _ if b0 != b1 && (lo, hi) == (b0, b1) => b,
            _ => self.mk(var, lo, hi)?,
        };
        self.cache.put(op as u32, a, b, Dd::FALSE, result);
        self.leave();
        Ok(result)
    }

    /// The result, where a leaf that matters is nowhere in `a`.
    fn told_by_leaves(&self, op: Op, a: Dd, b: Dd) -> Option<Dd> {
        let (leaf, result) = match (op, b.as_leaf()) {
            (Op::Otherwise0, _) => (0, a),
            (Op::Otherwise1, _) => (1, a),
            (Op::Otherwise2, _) => (2, a),
            (Op::Where0, _) => (0, Dd::FALSE),
            (Op::Where0Else2, _) => (0, Dd::leaf(2)),
            (Op::Same, Some(leaf @ 0..3)) => (leaf, Dd::FALSE),
            _ => return None,
        };
        (!self.has_leaf(a, leaf)).then_some(result)
    }

    pub(super) fn ite_step(&mut self, f: Dd, g: Dd, h: Dd) -> Bounded<Dd> {
        if f == Dd::TRUE || g == h {
            return Ok(g);
        }
        if f == Dd::FALSE {
            return Ok(h);
        }
        if g == Dd::TRUE && h == Dd::FALSE {
            return Ok(f);
        }
        if let Some(result) = self.cache.get(ITE, f, g, h) {
            return Ok(result);
        }
        self.tick()?;
        self.enter()?;
        let (x, y, z) = (self.node(f), self.node(g), self.node(h));
        let var = x.var.min(y.var).min(z.var);
        let (f0, f1) = if x.var == var { (x.lo, x.hi) } else { (f, f) };
        let (g0, g1) = if y.var == var { (y.lo, y.hi) } else { (g, g) };
        let (h0, h1) = if z.var == var { (z.lo, z.hi) } else { (h, h) };
        let lo = self.ite_step(f0, g0, h0)?;
        let hi = self.ite_step(f1, g1, h1)?;
        let result = match (lo, hi) {
            _ if g0 != g1 && (lo, hi) == (g0, g1) => g,
            _ if h0 != h1 && (lo, hi) == (h0, h1) => h,
            _ => self.mk(var, lo, hi)?,
        };
        self.cache.put(ITE, f, g, h, result);
        self.leave();
        Ok(result)
    }
}
