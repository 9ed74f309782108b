//! Example packets: drawn at random from what several sets have in common, always the same ones for the same
//! sets and number.

use crate::prove::dd::{Arena, Bounded, Cube, Dd, Var};

/// A packet: what the sets ask for, everything else drawn.
pub(super) struct Sample {
    asked: Cube,
    seed: u64,
}

impl Sample {
    /// The n-th example of what sets have in common; `None` when that is nothing.
    pub fn of(dd: &mut Arena, sets: &[Dd], n: u64) -> Bounded<Option<Sample>> {
        let seed = n.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(0x2545_f491_4f6c_dd1d);
        let asked = dd.common_member(sets, |var| drawn(seed, var))?;
        Ok(asked.map(|asked| Sample { asked, seed }))
    }

    /// The value of a function for this packet.
    pub fn eval(&self, dd: &Arena, d: Dd) -> u32 {
        dd.eval(d, |var| self.value(var))
    }

    /// The value of a variable.
    pub fn value(&self, var: Var) -> bool {
        self.asked.get(var).unwrap_or_else(|| drawn(self.seed, var))
    }
}

fn drawn(seed: u64, var: Var) -> bool {
    let mut h = seed ^ u64::from(var.0).wrapping_mul(0xd6e8_feb8_6659_fd93);
    h = (h ^ (h >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    (h ^ (h >> 29)) & 1 == 1
}
