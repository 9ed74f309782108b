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
        if !Bands(node.bands).meets(self.bands) {
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
    pub fn restrict(&mut self, d: Dd, cube: &Cube) -> Bounded<Dd> {
        let bands = cube.literals().iter().fold(Bands::default(), |bands, &(var, _)| bands.union(Bands::of(var)));
        if !self.bands(d).meets(bands) {
            return Ok(d);
        }
        self.begin();
        self.restrict_step(d, cube, bands, &mut FxHashMap::default())
    }

    fn restrict_step(&mut self, d: Dd, cube: &Cube, bands: Bands, done: &mut FxHashMap<Dd, Dd>) -> Bounded<Dd> {
        let node = self.node(d);
        if !Bands(node.bands).meets(bands) {
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
