//! How packets surely leave a chain by one rule.

use super::GOES_ON;
use super::sample::Sample;
use crate::prove::dd::{Arena, Bounded, Dd};

/// The ways out of a rule; packets of which nothing is said may go on.
///
/// The set and what becomes of its packets are kept apart, so that neither is made anew for the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ways {
    /// The packets of which something is said.
    of: Dd,
    /// What becomes of them, by leaves.
    told: Dd,
}

impl Ways {
    /// Every packet may go on.
    pub const NONE: Ways = Ways { of: Dd::FALSE, told: Dd::leaf(GOES_ON) };

    /// The packets of this set leave in this one way.
    pub fn one(of: Dd, way: u32) -> Ways {
        Ways { of, told: Dd::leaf(way) }
    }

    /// The packets of this set leave as the leaves say.
    pub fn told(of: Dd, told: Dd) -> Ways {
        if told == Dd::leaf(GOES_ON) { Ways::NONE } else { Ways { of, told } }
    }

    /// The way, if there is one only; `GOES_ON` if there is none.
    pub fn only(self) -> Option<u32> {
        if self.of == Dd::FALSE { Some(GOES_ON) } else { self.told.as_leaf() }
    }

    /// The diagram that says it for each packet.
    pub fn diagram(self, dd: &mut Arena) -> Bounded<Dd> {
        dd.ite(self.of, self.told, Dd::leaf(GOES_ON))
    }

    /// The way of one packet.
    pub fn of(self, dd: &Arena, sample: &Sample) -> u32 {
        if sample.eval(dd, self.of) == 0 { GOES_ON } else { sample.eval(dd, self.told) }
    }

    /// Whether packets of a set surely leave in a way that `wanted` likes, which is not `GOES_ON`.
    pub fn take(self, dd: &mut Arena, set: Dd, wanted: impl Fn(u32) -> bool) -> Bounded<bool> {
        if let Some(way) = self.only() {
            return Ok(wanted(way) && dd.meets(set, self.of)?);
        }
        let set = dd.and(set, self.of)?;
        dd.meets_where(set, self.told, wanted)
    }

    /// The packets of a set that may go on.
    pub fn remaining(self, dd: &mut Arena, set: Dd) -> Bounded<Dd> {
        let outside = dd.where_zero(self.of, set, 0)?;
        if outside == set || self.only().is_some() {
            return Ok(outside);
        }
        let inside = dd.and(set, self.of)?;
        let staying = dd.where_zero(self.told, inside, 0)?;
        dd.or(outside, staying)
    }

    /// The same ways, but `to` instead of `from`, which is not `GOES_ON`.
    pub fn with(self, dd: &mut Arena, from: u32, to: u32) -> Bounded<Ways> {
        Ok(Ways { told: dd.otherwise(self.told, from, Dd::leaf(to))?, ..self })
    }
}
