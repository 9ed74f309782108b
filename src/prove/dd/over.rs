//! One function laid over another where a third says so: in one sweep, without the diagrams in between.

use super::arena::Arena;
use super::{Bounded, Dd};

/// Where the upper function counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Where {
    /// In a set.
    Set(Dd),
    /// Where a function is 0.
    Zero(Dd),
}

impl Where {
    const fn function(self) -> Dd {
        match self {
            Where::Set(d) | Where::Zero(d) => d,
        }
    }

    const fn with(self, d: Dd) -> Where {
        match self {
            Where::Set(_) => Where::Set(d),
            Where::Zero(_) => Where::Zero(d),
        }
    }
}

/// What becomes of the two functions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Over {
    /// The upper one, but the lower one where the upper is this leaf, 0, 1 or 2.
    But(u32),
    /// Their sum.
    Plus,
}

impl Over {
    /// The leaf of the upper function that leaves the lower one as it is.
    const fn neutral(self) -> u32 {
        match self {
            Over::But(leaf) => leaf,
            Over::Plus => 0,
        }
    }

    /// A number that tells the operation from all others in the memory of finished steps.
    const fn code(self, place: Where) -> u32 {
        let which = match self {
            Over::But(leaf) => leaf,
            Over::Plus => 3,
        };
        let of_set = matches!(place, Where::Set(_));
        200 + 2 * which + of_set as u32
    }
}

impl Arena {
    /// `upper` laid over `lower` in a place; `lower` elsewhere.
    pub fn over(&mut self, place: Where, how: Over, upper: Dd, lower: Dd) -> Bounded<Dd> {
        self.begin();
        self.over_step(place, how, upper, lower)
    }

    fn over_step(&mut self, place: Where, how: Over, upper: Dd, lower: Dd) -> Bounded<Dd> {
        if upper == Dd::leaf(how.neutral()) || (upper == lower && how != Over::Plus) {
            return Ok(lower);
        }
        let f = place.function();
        let everywhere = match (place, f.as_leaf()) {
            (Where::Set(_), Some(leaf)) => Some(leaf != 0),
            (Where::Zero(_), Some(leaf)) => Some(leaf == 0),
            (Where::Zero(_), None) if !self.has_leaf(f, 0) => Some(false),
            _ => None,
        };
        match (everywhere, how) {
            (Some(false), _) => return Ok(lower),
            (Some(true), Over::But(leaf)) => return self.otherwise_step(upper, leaf, lower),
            (Some(true), Over::Plus) => return self.add_step(upper, lower),
            (None, _) => {}
        }
        let code = how.code(place);
        if let Some(result) = self.cache.get(code, f, upper, lower) {
            return Ok(result);
        }
        self.tick()?;
        self.enter()?;
        let nodes = [f, upper, lower].map(|d| self.node(d));
        let var = nodes.iter().fold(u32::MAX, |var, node| var.min(node.var));
        let side = |d: Dd, at: usize, hi: bool| match nodes.get(at) {
            Some(node) if node.var == var => {
                if hi {
                    node.hi
                } else {
                    node.lo
                }
            }
            _ => d,
        };
        let lo = self.over_step(place.with(side(f, 0, false)), how, side(upper, 1, false), side(lower, 2, false))?;
        let hi = self.over_step(place.with(side(f, 0, true)), how, side(upper, 1, true), side(lower, 2, true))?;
        let result = self.mk(var, lo, hi)?;
        self.cache.put(code, f, upper, lower, result);
        self.leave();
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Arena, Budget, Dd, Var};
    use super::*;

    #[test]
    fn one_sweep_is_what_two_steps_are() {
        let mut dd = Arena::new(Budget::default());
        let vars: Vec<Dd> = (0..4).map(|i| dd.var(Var::new(i, 0)).unwrap()).collect();
        let mut functions = vec![Dd::FALSE, Dd::TRUE, Dd::leaf(2)];
        for (i, &x) in vars.iter().enumerate() {
            for &y in &vars {
                let inner = dd.ite(y, Dd::leaf(2), Dd::leaf(i as u32 % 2)).unwrap();
                functions.push(dd.ite(x, inner, Dd::FALSE).unwrap());
                functions.push(dd.ite(x, Dd::leaf(2), inner).unwrap());
            }
        }
        for &f in &functions {
            let set = dd.is(f, 1).unwrap();
            let zero = dd.is(f, 0).unwrap();
            for (&a, &b) in functions.iter().zip(functions.iter().rev()) {
                for (place, packets) in [(Where::Set(set), set), (Where::Zero(f), zero)] {
                    for gap in 0..3 {
                        let all = dd.otherwise(a, gap, b).unwrap();
                        let want = dd.ite(packets, all, b).unwrap();
                        assert_eq!(dd.over(place, Over::But(gap), a, b), Ok(want));
                    }
                    let all = dd.add(a, b).unwrap();
                    let want = dd.ite(packets, all, b).unwrap();
                    assert_eq!(dd.over(place, Over::Plus, a, b), Ok(want));
                }
            }
        }
    }
}
