//! Forgetting variables: what some, or all, of their values allow.

use rustc_hash::FxHashMap;

use super::arena::Arena;
use super::{Bands, Bounded, Dd, Var};

impl Arena {
    /// The assignments that can be made members of a set by giving the variables that `forget` names,
    /// all of them in `bands`, other values.
    pub fn exists(&mut self, set: Dd, bands: Bands, forget: &dyn Fn(Var) -> bool) -> Bounded<Dd> {
        self.begin();
        self.exists_step(set, bands, forget, &mut FxHashMap::default())
    }

    /// The assignments that stay members of a set whatever the values of these variables.
    pub fn for_all(&mut self, set: Dd, bands: Bands, forget: &dyn Fn(Var) -> bool) -> Bounded<Dd> {
        if !self.bands(set).meets(bands) {
            return Ok(set);
        }
        let outside = self.not(set)?;
        let reached = self.exists(outside, bands, forget)?;
        self.not(reached)
    }

    fn exists_step(
        &mut self,
        set: Dd,
        bands: Bands,
        forget: &dyn Fn(Var) -> bool,
        done: &mut FxHashMap<Dd, Dd>,
    ) -> Bounded<Dd> {
        let node = self.node(set);
        if !node.bands().meets(bands) {
            return Ok(set);
        }
        if let Some(&result) = done.get(&set) {
            return Ok(result);
        }
        self.tick()?;
        self.enter()?;
        let lo = self.exists_step(node.lo, bands, forget, done)?;
        let hi = self.exists_step(node.hi, bands, forget, done)?;
        let forgotten = Bands::of(Var(node.var)).meets(bands) && forget(Var(node.var));
        let result = if forgotten { self.or_step(lo, hi)? } else { self.mk(node.var, lo, hi)? };
        done.insert(set, result);
        self.leave();
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Arena, Bands, Budget, Dd, Var};

    #[test]
    fn forgotten_variables_no_longer_matter() {
        let mut dd = Arena::new(Budget::default());
        let (a, b) = (Var::new(1, 0), Var::new(2, 0));
        let (x, y) = (dd.var(a).unwrap(), dd.var(b).unwrap());
        let (both, either) = (dd.and(x, y).unwrap(), dd.or(x, y).unwrap());
        let band = Bands::of(b);
        assert_eq!(dd.exists(both, band, &|_| true), Ok(x));
        assert_eq!(dd.exists(either, band, &|_| true), Ok(Dd::TRUE));
        assert_eq!(dd.exists(both, band, &|_| false), Ok(both));
        assert_eq!(dd.for_all(both, band, &|_| true), Ok(Dd::FALSE));
        assert_eq!(dd.for_all(either, band, &|_| true), Ok(x));
        assert_eq!(dd.for_all(x, band, &|_| true), Ok(x));
    }
}
