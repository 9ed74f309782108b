//! Questions about two sets that stop at the first packet that answers them, and make no diagrams.

use rustc_hash::FxHashSet;
use smallvec::SmallVec;

use super::arena::Arena;
use super::{Bounded, Cube, Dd, Var};

/// What is left of each of some sets.
type Sets = SmallVec<[Dd; 3]>;

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

    /// A member that all the sets have in common, with the values that `wanted` says where these allow them; what
    /// the sets do not ask about is left out. `None` where they have none.
    pub fn common_member(&mut self, sets: &[Dd], wanted: impl Fn(Var) -> bool) -> Bounded<Option<Cube>> {
        let mut walk = Walk { literals: Vec::new(), empty: FxHashSet::default() };
        let found = self.common_step(Sets::from_slice(sets), &wanted, &mut walk)?;
        Ok(found.then(|| walk.literals.into_iter().collect()))
    }

    fn common_step(&mut self, sets: Sets, wanted: &dyn Fn(Var) -> bool, walk: &mut Walk) -> Bounded<bool> {
        if sets.contains(&Dd::FALSE) {
            return Ok(false);
        }
        let Some(var) = sets.iter().filter_map(|&set| Some(self.split(set)?.0)).min() else { return Ok(true) };
        if walk.empty.contains(&sets) {
            return Ok(false);
        }
        self.tick()?;
        let first = wanted(var);
        for value in [first, !first] {
            let side = |&set: &Dd| match self.split(set) {
                Some((at, _, hi)) if at == var && value => hi,
                Some((at, lo, _)) if at == var => lo,
                _ => set,
            };
            let sides = sets.iter().map(side).collect();
            walk.literals.push((var, value));
            if self.common_step(sides, wanted, walk)? {
                return Ok(true);
            }
            walk.literals.pop();
        }
        walk.empty.insert(sets);
        Ok(false)
    }
}

/// On the way down through several sets.
struct Walk {
    literals: Vec<(Var, bool)>,
    /// What was found to have nothing in common.
    empty: FxHashSet<Sets>,
}

#[cfg(test)]
mod tests {
    use super::super::{Arena, Budget, Dd, OutOfBudget, Var};

    #[test]
    fn a_common_member_is_in_every_set() {
        let mut dd = Arena::new(Budget::default());
        let vars: Vec<Dd> = (0..4).map(|n| dd.var(Var::new(n, 0)).unwrap()).collect();
        let (either, same) = (dd.or(vars[0], vars[2]).unwrap(), dd.same(vars[1], vars[3]).unwrap());
        let (outside, sets) = (dd.not(vars[0]).unwrap(), [either, same]);
        for wanted in [false, true] {
            for sets in [&sets[..], &[either, same, outside], &[same], &[]] {
                let member = dd.common_member(sets, |_| wanted).unwrap().unwrap();
                for &set in sets {
                    assert_eq!(dd.eval(set, |var| member.get(var).unwrap_or(wanted)), 1);
                }
            }
        }
        let neither = dd.not(either).unwrap();
        assert_eq!(dd.common_member(&[same, either, neither], |_| true), Ok(None));
        assert_eq!(dd.with_steps(1, |dd| dd.common_member(&[either], |_| true)), Err(OutOfBudget::Steps));
    }

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
