//! Questions about two sets that stop at the first packet that answers them, and make no diagrams.

use rustc_hash::FxHashSet;

use super::arena::Arena;
use super::{Bounded, Dd};

impl Arena {
    /// Whether two sets have a member in common.
    pub fn meets(&mut self, a: Dd, b: Dd) -> Bounded<bool> {
        self.meets_where(a, b, |leaf| leaf != 0)
    }

    /// Whether some member of the set `a` has a value in `b` that `wanted` likes.
    pub fn meets_where(&mut self, a: Dd, b: Dd, wanted: impl Fn(u32) -> bool) -> Bounded<bool> {
        let mut seen = FxHashSet::default();
        let mut rest = vec![(a, b)];
        while let Some((a, b)) = rest.pop() {
            if a == Dd::FALSE {
                continue;
            }
            if let Some(leaf) = b.as_leaf() {
                if wanted(leaf) {
                    return Ok(true);
                }
                continue;
            }
            if !seen.insert((a, b)) {
                continue;
            }
            self.tick()?;
            let (x, y) = (self.node(a), self.node(b));
            let var = x.var.min(y.var);
            let (a0, a1) = if x.var == var { (x.lo, x.hi) } else { (a, a) };
            let (b0, b1) = if y.var == var { (y.lo, y.hi) } else { (b, b) };
            rest.extend([(a1, b1), (a0, b0)]);
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Arena, Budget, Dd, OutOfBudget, Var};

    #[test]
    fn common_members_are_found() {
        let mut dd = Arena::new(Budget::default());
        let (a, b) = (Var::new(1, 0), Var::new(2, 0));
        let (x, y) = (dd.var(a).unwrap(), dd.var(b).unwrap());
        let (both, not_x) = (dd.and(x, y).unwrap(), dd.not(x).unwrap());
        for (left, right, want) in
            [(x, y, true), (both, x, true), (both, not_x, false), (Dd::FALSE, x, false), (Dd::TRUE, both, true)]
        {
            assert_eq!(dd.meets(left, right), Ok(want));
        }
        let values = dd.ite(x, Dd::leaf(7), Dd::leaf(9)).unwrap();
        assert_eq!(dd.meets_where(both, values, |leaf| leaf == 9), Ok(false));
        assert_eq!(dd.meets_where(y, values, |leaf| leaf == 9), Ok(true));
        assert_eq!(dd.with_steps(1, |dd| dd.meets(both, not_x)), Err(OutOfBudget::Steps));
    }
}
