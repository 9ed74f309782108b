//! Looking into diagrams: evaluation, one member of a set, all paths, forced literals, variables.

use rustc_hash::FxHashSet;

use super::arena::Arena;
use super::{Bands, Dd, Var};

/// A conjunction of literals: for each of some variables, the value it has. Sorted by variable.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct Cube(Vec<(Var, bool)>);

impl Cube {
    /// The literals, in the order of variables.
    pub fn literals(&self) -> &[(Var, bool)] {
        &self.0
    }

    /// The value of `var`, when the cube fixes it.
    pub fn get(&self, var: Var) -> Option<bool> {
        let at = self.0.binary_search_by_key(&var, |&(v, _)| v).ok()?;
        self.0.get(at).map(|&(_, value)| value)
    }

    /// Fixes a variable, replacing what was known of it.
    pub fn set(&mut self, var: Var, value: bool) {
        match self.0.binary_search_by_key(&var, |&(v, _)| v) {
            Ok(at) => {
                if let Some(literal) = self.0.get_mut(at) {
                    literal.1 = value;
                }
            }
            Err(at) => self.0.insert(at, (var, value)),
        }
    }

    /// Keeps only the literals that `other` has as well.
    pub fn meet(&mut self, other: &Cube) {
        self.0.retain(|&(var, value)| other.get(var) == Some(value));
    }

    /// Keeps only the variables that `keep` likes.
    pub fn retain(&mut self, keep: impl Fn(Var) -> bool) {
        self.0.retain(|&(var, _)| keep(var));
    }

    /// Whether nothing is fixed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(Var, bool)> for Cube {
    /// A variable that comes twice keeps its first value.
    fn from_iter<T: IntoIterator<Item = (Var, bool)>>(iter: T) -> Self {
        let mut literals: Vec<_> = iter.into_iter().collect();
        literals.sort_by_key(|&(var, _)| var);
        literals.dedup_by_key(|&mut (var, _)| var);
        Cube(literals)
    }
}

impl Arena {
    /// The function's value under an assignment.
    pub fn eval(&self, mut d: Dd, value: impl Fn(Var) -> bool) -> u32 {
        loop {
            match (d.as_leaf(), self.split(d)) {
                (Some(leaf), _) => return leaf,
                (None, Some((var, lo, hi))) => d = if value(var) { hi } else { lo },
                (None, None) => return 0,
            }
        }
    }

    /// A member of a set, with as few variables set as a greedy walk finds; `None` for the empty set.
    pub fn member(&self, mut d: Dd) -> Option<Cube> {
        let mut literals = Vec::new();
        while let Some((var, lo, hi)) = self.split(d) {
            let value = lo == Dd::FALSE;
            literals.push((var, value));
            d = if value { hi } else { lo };
        }
        (d != Dd::FALSE).then_some(Cube(literals))
    }

    /// Up to `limit` paths to leaves other than 0, each with its leaf.
    pub fn paths(&self, d: Dd, limit: usize) -> Vec<(Cube, u32)> {
        let mut found = Vec::new();
        let mut path: Vec<(Var, bool)> = Vec::new();
        // Each entry: how long the path was, what to append, where to go on.
        let mut rest = vec![(0usize, None, d)];
        while let Some((len, literal, at)) = rest.pop() {
            path.truncate(len);
            path.extend(literal);
            match (at.as_leaf(), self.split(at)) {
                (Some(0), _) => {}
                (Some(leaf), _) => {
                    found.push((Cube(path.clone()), leaf));
                    if found.len() >= limit {
                        break;
                    }
                }
                (None, Some((var, lo, hi))) => {
                    rest.push((path.len(), Some((var, true)), hi));
                    rest.push((path.len(), Some((var, false)), lo));
                }
                (None, None) => {}
            }
        }
        found
    }

    /// Literals that every member of the set has, as far as they stand in one line from the root.
    pub fn forced(&self, mut d: Dd) -> Vec<(Var, bool)> {
        let mut literals = Vec::new();
        while let Some((var, lo, hi)) = self.split(d) {
            if lo == Dd::FALSE {
                literals.push((var, true));
                d = hi;
            } else if hi == Dd::FALSE {
                literals.push((var, false));
                d = lo;
            } else {
                break;
            }
        }
        literals
    }

    /// The variables the function depends on, in order; gives up after `limit` nodes.
    pub fn support(&self, d: Dd, limit: usize) -> Option<Vec<Var>> {
        let mut seen = FxHashSet::default();
        let mut rest = vec![d];
        let mut vars = Vec::new();
        while let Some(at) = rest.pop() {
            let Some((var, lo, hi)) = self.split(at) else { continue };
            if !seen.insert(at) {
                continue;
            }
            if seen.len() > limit {
                return None;
            }
            vars.push(var);
            rest.extend([lo, hi]);
        }
        vars.sort_unstable();
        vars.dedup();
        Some(vars)
    }

    /// Whether the function depends on a variable that `wanted` likes, all of which are in `bands`.
    pub fn tests(&self, d: Dd, bands: Bands, wanted: &dyn Fn(Var) -> bool) -> bool {
        self.any_variable(&[d], bands, wanted)
    }

    /// The variables in `bands` that any of the functions depends on, in order.
    pub fn variables(&self, functions: &[Dd], bands: Bands) -> Vec<Var> {
        let mut vars = Vec::new();
        self.any_variable(functions, bands, |var| {
            vars.push(var);
            false
        });
        vars.sort_unstable();
        vars.dedup();
        vars
    }

    /// Whether `wanted` likes a variable in `bands` that one of the functions depends on; it is asked of each node.
    fn any_variable(&self, functions: &[Dd], bands: Bands, mut wanted: impl FnMut(Var) -> bool) -> bool {
        let mut seen = FxHashSet::default();
        let mut rest = functions.to_vec();
        while let Some(at) = rest.pop() {
            let Some((var, lo, hi)) = self.split(at).filter(|_| self.bands(at).meets(bands)) else { continue };
            if !seen.insert(at) {
                continue;
            }
            if Bands::of(var).meets(bands) && wanted(var) {
                return true;
            }
            rest.extend([lo, hi]);
        }
        false
    }

    /// The different leaves of the function, in order.
    pub fn leaves(&self, d: Dd) -> Vec<u32> {
        let mut seen = FxHashSet::default();
        let mut rest = vec![d];
        let mut leaves = Vec::new();
        while let Some(at) = rest.pop() {
            if !seen.insert(at) {
                continue;
            }
            leaves.extend(at.as_leaf());
            if let Some((_, lo, hi)) = self.split(at) {
                rest.extend([lo, hi]);
            }
        }
        leaves.sort_unstable();
        leaves
    }
}
