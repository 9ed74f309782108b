//! The values that the rules of a run test one field for.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use crate::ir::{Name, Step, Test};
use crate::packet::Interval;

/// Numbers, or names; `exclusive` when no value may be there twice.
pub enum Values {
    /// Those taken so far, where that matters.
    Numbers {
        exclusive: Option<BTreeMap<u128, u128>>,
    },
    Names {
        all: Names,
        exclusive: bool,
    },
}

impl Values {
    /// Those of a step that tests values.
    pub fn of(step: &Step, exclusive: bool) -> Option<Self> {
        let mut values = match step {
            Step::Test(Test::In { .. }) => Values::Numbers { exclusive: exclusive.then(BTreeMap::new) },
            Step::Test(Test::Named { .. }) => Values::Names { all: Names::default(), exclusive },
            _ => return None,
        };
        values.admit(|| step).then_some(values)
    }

    /// Whether no value may be there twice.
    pub const fn is_exclusive(&self) -> bool {
        match self {
            Values::Numbers { exclusive } => exclusive.is_some(),
            Values::Names { exclusive, .. } => *exclusive,
        }
    }

    /// Whether they are numbers.
    pub const fn are_numbers(&self) -> bool {
        matches!(self, Values::Numbers { .. })
    }

    /// Takes in the values of a step, which is of the kind of the first one and only looked at where they matter; not
    /// when one is there already that may not be there twice.
    pub fn admit<'s>(&mut self, step: impl FnOnce() -> &'s Step) -> bool {
        let known = match self {
            Values::Numbers { exclusive: None } => return true,
            known => known,
        };
        match (known, step()) {
            (Values::Numbers { exclusive: Some(known) }, Step::Test(Test::In { set, .. })) => {
                if set.intervals().iter().any(|&i| overlaps(known, i)) {
                    return false;
                }
                known.extend(set.intervals().iter().map(|i| (i.lo, i.hi)));
                true
            }
            (Values::Names { all, exclusive }, Step::Test(Test::Named { names, .. })) => {
                if *exclusive && names.iter().any(|n| all.clashes(n)) {
                    return false;
                }
                names.iter().for_each(|name| all.add(name));
                true
            }
            _ => false,
        }
    }

    /// Puts them into the test that the first ones came from; numbers are told.
    pub fn store(self, test: &mut Test, numbers: Vec<Interval>) {
        match (self, test) {
            (Values::Numbers { .. }, Test::In { set, .. }) => *set = numbers.into(),
            (Values::Names { all, .. }, Test::Named { names, .. }) => *names = all.list.into(),
            _ => {}
        }
    }
}

fn overlaps(known: &BTreeMap<u128, u128>, i: Interval) -> bool {
    known.range(..=i.hi).next_back().is_some_and(|(_, &hi)| hi >= i.lo)
}

/// Whether everything that is called `inner` is also called `outer`.
fn covers(outer: &Name, inner: &Name) -> bool {
    if outer.wildcard { inner.text.starts_with(&outer.text) } else { outer == inner }
}

/// Names without repeats, in order.
#[derive(Default)]
pub struct Names {
    list: Vec<Name>,
    known: FxHashSet<Name>,
    wildcards: Vec<Name>,
}

impl Names {
    fn covered(&self, name: &Name) -> bool {
        self.known.contains(name) || self.wildcards.iter().any(|w| covers(w, name))
    }

    fn clashes(&self, name: &Name) -> bool {
        self.covered(name) || name.wildcard && self.list.iter().any(|known| covers(name, known))
    }

    /// A set that holds `eth*` must not hold `eth0` as well: nft takes them for conflicting intervals.
    fn add(&mut self, name: &Name) {
        if self.covered(name) {
            return;
        }
        if name.wildcard {
            self.list.retain(|known| !covers(name, known));
            self.wildcards.push(name.clone());
        }
        self.known.insert(name.clone());
        self.list.push(name.clone());
    }
}
