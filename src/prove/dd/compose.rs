//! Replacing variables: by constants (`restrict`) or by functions (`Substitution`).

use rustc_hash::FxHashMap;

use super::arena::Arena;
use super::paths::Cube;
use super::{Bands, Bounded, Dd, Var};

/// Functions that take the place of variables, all at once; remembers what it has rewritten.
///
/// Where it is known outside which set nothing is replaced ([`Substitution::insert_where`]), the rest is rewritten as if
/// all were inside, by functions that no longer ask for what is known there. What is asked both on the way to a variable
/// and by its function (a long list of dates, say) is so met once, where composing would meet it once for each node.
#[derive(Default)]
pub struct Substitution {
    by_var: FxHashMap<Var, Dd>,
    bands: Bands,
    /// Diagrams and a leaf of each: where all have it, nothing is replaced.
    idle: Vec<(Dd, u32)>,
    /// What that comes to, once it was asked for.
    inside: Option<Inside>,
    done: FxHashMap<Dd, Dd>,
}

/// Where something is replaced.
struct Inside {
    set: Dd,
    /// The functions, as short as they may be there; none where they are as they were.
    by_var: Option<FxHashMap<Var, Dd>>,
}

impl Substitution {
    /// Puts the set `function` in the place of `var`.
    pub fn insert(&mut self, var: Var, function: Dd) {
        self.insert_where(var, function, (Dd::TRUE, 0));
    }

    /// The same; the function is the variable itself wherever the diagram has this leaf.
    pub fn insert_where(&mut self, var: Var, function: Dd, idle: (Dd, u32)) {
        self.by_var.insert(var, function);
        self.bands = self.bands.union(Bands::of(var));
        if self.idle.last() != Some(&idle) {
            self.idle.push(idle);
        }
        self.inside = None;
        self.done.clear();
    }

    /// Whether nothing is replaced.
    pub fn is_empty(&self) -> bool {
        self.by_var.is_empty()
    }

    /// `d` with each variable replaced.
    pub fn apply(&mut self, arena: &mut Arena, d: Dd) -> Bounded<Dd> {
        if !arena.bands(d).meets(self.bands) {
            return Ok(d);
        }
        let inside = match self.inside.take() {
            Some(inside) => inside,
            None => self.shortened(arena)?,
        };
        arena.begin();
        let replaced = step(arena, d, self.bands, inside.by_var.as_ref().unwrap_or(&self.by_var), &mut self.done)?;
        let set = self.inside.insert(inside).set;
        arena.ite(set, replaced, d)
    }

    /// Where something is replaced, and by what there.
    fn shortened(&self, arena: &mut Arena) -> Bounded<Inside> {
        let mut set = Dd::FALSE;
        for &(diagram, leaf) in &self.idle {
            let busy = arena.differ(diagram, Dd::leaf(leaf))?;
            set = arena.or(set, busy)?;
        }
        if set == Dd::TRUE {
            return Ok(Inside { set, by_var: None });
        }
        let short = self.by_var.iter().map(|(&var, &function)| Ok((var, arena.simplify(function, set)?)));
        let by_var = Some(short.collect::<Bounded<_>>()?);
        Ok(Inside { set, by_var })
    }
}

fn step(
    arena: &mut Arena,
    d: Dd,
    bands: Bands,
    by_var: &FxHashMap<Var, Dd>,
    done: &mut FxHashMap<Dd, Dd>,
) -> Bounded<Dd> {
    let node = arena.node(d);
    if !node.bands().meets(bands) {
        return Ok(d);
    }
    if let Some(&result) = done.get(&d) {
        return Ok(result);
    }
    arena.tick()?;
    arena.enter()?;
    let lo = step(arena, node.lo, bands, by_var, done)?;
    let hi = step(arena, node.hi, bands, by_var, done)?;
    let test = match by_var.get(&Var(node.var)) {
        Some(&function) => function,
        None => arena.var(Var(node.var))?,
    };
    let result = arena.ite_step(test, hi, lo)?;
    done.insert(d, result);
    arena.leave();
    Ok(result)
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

#[cfg(test)]
mod tests {
    use super::super::{Arena, Budget, Piece, Var};
    use super::*;

    /// A list asked by what is replaced and by what it is replaced in is walked once, not once for each of its nodes.
    #[test]
    fn a_list_asked_twice_is_walked_once() {
        let mut dd = Arena::new(Budget::default());
        let bits: Vec<Var> = (0..20).map(|at| Var::new(1, at)).collect();
        let (bit, other) = (Var::new(3, 0), Var::new(4, 0));
        let pieces = (0..1000u128).map(|n| Piece { lo: n * 997, hi: n * 997 + 700 + n % 13, value: Dd::TRUE });
        let listed = dd.piecewise(&bits, &pieces.collect::<Vec<_>>(), Dd::FALSE).unwrap();
        let [set, copied] = [bit, other].map(|var| dd.var(var).unwrap());
        let asked = dd.and(listed, set).unwrap();
        let function = dd.ite(listed, copied, set).unwrap();
        let wanted = dd.and(listed, copied).unwrap();
        let mut substitution = Substitution::default();
        substitution.insert_where(bit, function, (listed, 0));
        assert_eq!(dd.with_steps(200_000, |dd| substitution.apply(dd, asked)), Ok(wanted));
        let mut composed = Substitution::default();
        composed.insert(bit, function);
        assert!(
            dd.with_steps(200_000, |dd| composed.apply(dd, asked)).is_err(),
            "the test no longer shows the difference"
        );
    }
}
