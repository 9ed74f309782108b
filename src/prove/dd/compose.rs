//! Replacing variables: by constants (`restrict`) or by functions (`Substitution`).

use rustc_hash::FxHashMap;

use super::arena::Arena;
use super::paths::Cube;
use super::{Bands, Bounded, Dd, Var};

/// Functions that take the place of variables, all at once; remembers what it has rewritten.
#[derive(Default)]
pub struct Substitution {
    by_var: FxHashMap<Var, Dd>,
    bands: Bands,
    done: FxHashMap<Dd, Dd>,
}

impl Substitution {
    /// Puts the set `function` in the place of `var`.
    pub fn insert(&mut self, var: Var, function: Dd) {
        self.by_var.insert(var, function);
        self.bands = self.bands.union(Bands::of(var));
        self.done.clear();
    }

    /// Whether nothing is replaced.
    pub fn is_empty(&self) -> bool {
        self.by_var.is_empty()
    }

    /// `d` with each variable replaced.
    pub fn apply(&mut self, arena: &mut Arena, d: Dd) -> Bounded<Dd> {
        arena.begin();
        self.step(arena, d)
    }

    fn step(&mut self, arena: &mut Arena, d: Dd) -> Bounded<Dd> {
        let node = arena.node(d);
        if !node.bands().meets(self.bands) {
            return Ok(d);
        }
        if let Some(&result) = self.done.get(&d) {
            return Ok(result);
        }
        arena.tick()?;
        arena.enter()?;
        let lo = self.step(arena, node.lo)?;
        let hi = self.step(arena, node.hi)?;
        let test = match self.by_var.get(&Var(node.var)) {
            Some(&function) => function,
            None => arena.var(Var(node.var))?,
        };
        let result = arena.ite_step(test, hi, lo)?;
        self.done.insert(d, result);
        arena.leave();
        Ok(result)
    }
}

impl Arena {
    /// `d` where the literals of `cube` are known to hold; it no longer depends on their variables.
    pub fn restrict(&mut self, mut d: Dd, cube: &Cube) -> Bounded<Dd> {
        // Most often all that is asked for is known.
        while let Some((var, lo, hi)) = self.split(d)
            && let Some(value) = cube.get(var)
        {
            d = if value { hi } else { lo };
        }
        if d.is_leaf() {
            return Ok(d);
        }
        let bands = cube.literals().iter().fold(Bands::default(), |bands, &(var, _)| bands.union(Bands::of(var)));
        if !self.bands(d).meets(bands) {
            return Ok(d);
        }
        self.begin();
        self.restrict_step(d, cube, bands, &mut FxHashMap::default())
    }

    /// A smaller diagram that is the same set inside `care` (Coudert and Madre's *restrict*); outside it is
    /// whatever is short.
    pub fn simplify(&mut self, d: Dd, care: Dd) -> Bounded<Dd> {
        self.begin();
        self.simplify_step(d, care, &mut FxHashMap::default())
    }

    fn simplify_step(&mut self, d: Dd, care: Dd, done: &mut FxHashMap<(Dd, Dd), Dd>) -> Bounded<Dd> {
        if d.is_leaf() || care.is_leaf() {
            return Ok(d);
        }
        if let Some(&result) = done.get(&(d, care)) {
            return Ok(result);
        }
        self.tick()?;
        self.enter()?;
        let (x, y) = (self.node(d), self.node(care));
        let result = if y.var < x.var {
            let either = self.ite_step(y.lo, Dd::TRUE, y.hi)?;
            self.simplify_step(d, either, done)?
        } else {
            let (c0, c1) = if y.var == x.var { (y.lo, y.hi) } else { (care, care) };
            if c0 == Dd::FALSE {
                self.simplify_step(x.hi, c1, done)?
            } else if c1 == Dd::FALSE {
                self.simplify_step(x.lo, c0, done)?
            } else {
                let lo = self.simplify_step(x.lo, c0, done)?;
                let hi = self.simplify_step(x.hi, c1, done)?;
                self.mk(x.var, lo, hi)?
            }
        };
        done.insert((d, care), result);
        self.leave();
        Ok(result)
    }

    fn restrict_step(&mut self, d: Dd, cube: &Cube, bands: Bands, done: &mut FxHashMap<Dd, Dd>) -> Bounded<Dd> {
        let node = self.node(d);
        if !node.bands().meets(bands) {
            return Ok(d);
        }
        if let Some(&result) = done.get(&d) {
            return Ok(result);
        }
        self.tick()?;
        self.enter()?;
        let result = match cube.get(Var(node.var)) {
            Some(true) => self.restrict_step(node.hi, cube, bands, done)?,
            Some(false) => self.restrict_step(node.lo, cube, bands, done)?,
            None => {
                let lo = self.restrict_step(node.lo, cube, bands, done)?;
                let hi = self.restrict_step(node.hi, cube, bands, done)?;
                self.mk(node.var, lo, hi)?
            }
        };
        done.insert(d, result);
        self.leave();
        Ok(result)
    }
}
