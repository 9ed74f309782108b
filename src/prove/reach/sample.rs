//! Example packets: drawn from a set at random, always the same ones for the same set and number.

use crate::prove::dd::{Arena, Cube, Dd, Var};

/// A packet: what a set asks for, everything else drawn.
pub(super) struct Sample {
    asked: Cube,
    seed: u64,
}

impl Sample {
    /// The n-th example of a set; `None` when it is empty.
    pub fn of(dd: &Arena, set: Dd, n: u64) -> Option<Sample> {
        let seed = n.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(0x2545_f491_4f6c_dd1d);
        let mut literals = Vec::new();
        let mut at = set;
        while let Some((var, lo, hi)) = dd.split(at) {
            let value = match (lo == Dd::FALSE, hi == Dd::FALSE) {
                (true, _) => true,
                (_, true) => false,
                _ => drawn(seed, var),
            };
            literals.push((var, value));
            at = if value { hi } else { lo };
        }
        (at != Dd::FALSE).then(|| Sample { asked: literals.into_iter().collect(), seed })
    }

    /// The value of a function for this packet.
    pub fn eval(&self, dd: &Arena, d: Dd) -> u32 {
        dd.eval(d, |var| self.asked.get(var).unwrap_or_else(|| drawn(self.seed, var)))
    }
}

fn drawn(seed: u64, var: Var) -> bool {
    let mut h = seed ^ u64::from(var.0).wrapping_mul(0xd6e8_feb8_6659_fd93);
    h = (h ^ (h >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    (h ^ (h >> 29)) & 1 == 1
}
