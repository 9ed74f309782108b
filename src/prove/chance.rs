//! Random draws and exact probabilities: what chance means to the prover.
//!
//! A draw is fresh each time it is made and independent of everything else. Its probabilities are those
//! that the ruleset's writer meant: iptables stores `--probability` as a multiple of 2^-31, so a fraction
//! that is this close to one with a small denominator is taken for it ([`meant`]), and `numgen random
//! mod N` for N equally likely numbers, though the kernel makes them of 32 random bits. No probability of
//! a draw is off by more than 2^-31 for that, and nothing else is rounded: sums and products are exact, or
//! are given up ([`Ratio`]).

/// What one draw may come out as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Chance {
    /// One bit, which is 1 in `part` of `whole` cases.
    Yes { part: u64, whole: u64 },
    /// A number below this one, each equally likely.
    Below(u32),
}

impl Chance {
    /// Bits that hold what comes out.
    pub fn width(self) -> u32 {
        match self {
            Chance::Yes { .. } => 1,
            Chance::Below(modulus) => (32 - modulus.saturating_sub(1).leading_zeros()).max(1),
        }
    }
}

/// The steps in which iptables stores probabilities, as a power of two.
const STEPS: u32 = 31;
/// Denominators up to here can be meant: two such fractions are 2^-28 apart at least.
const LARGEST: u64 = 1 << 14;

/// The fraction that `part` of `whole` was rounded from: the one with the smallest denominator within 2^-31,
/// or the same in lowest terms where there is none with a denominator up to 2^14.
///
/// Always and never are neither made nor lost.
pub fn meant(part: u64, whole: u64) -> (u64, u64) {
    let divisor = gcd(part, whole).max(1);
    let (part, whole) = (part / divisor, whole / divisor);
    if part == 0 || part >= whole {
        return (part, whole);
    }
    // Every fraction this close with such a denominator is a convergent of the continued fraction.
    let (mut n, mut d) = (u128::from(part), u128::from(whole));
    let (mut before, mut last) = ((0u128, 1u128), (1u128, 0u128));
    while d != 0 {
        let whole_part = n / d;
        (n, d) = (d, n % d);
        let next = (whole_part * last.0 + before.0, whole_part * last.1 + before.1);
        (before, last) = (last, next);
        if next.1 > u128::from(LARGEST) {
            break;
        }
        if 0 < next.0 && next.0 < next.1 && is_close(next, part, whole) {
            return (next.0 as u64, next.1 as u64);
        }
    }
    (part, whole)
}

/// Whether the two differ by 2^-31 at most.
fn is_close((a, b): (u128, u128), part: u64, whole: u64) -> bool {
    let (x, y) = (a * u128::from(whole), b * u128::from(part));
    // |a/b - part/whole| = |x - y| / (b * whole); b is small, so the shift loses nothing where it matters.
    x.abs_diff(y).checked_mul(1 << STEPS).is_some_and(|apart| apart <= b * u128::from(whole))
}

/// The greatest common divisor.
pub(super) fn gcd<T: Copy + PartialEq + Default + std::ops::Rem<Output = T>>(a: T, b: T) -> T {
    if b == T::default() { a } else { gcd(b, a % b) }
}

/// An exact probability in lowest terms; operations are `None` where the number is too large to hold.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Ratio {
    part: u128,
    whole: u128,
}

impl Ratio {
    pub const ONE: Ratio = Ratio { part: 1, whole: 1 };

    /// `part` of `whole`; a whole of 0 is taken for 1.
    pub fn new(part: u128, whole: u128) -> Ratio {
        let divisor = gcd(part, whole).max(1);
        Ratio { part: part / divisor, whole: (whole / divisor).max(1) }
    }

    /// Numerator and denominator.
    pub fn parts(self) -> (u128, u128) {
        (self.part, self.whole)
    }

    pub fn is_zero(self) -> bool {
        self.part == 0
    }

    pub fn plus(self, other: Ratio) -> Option<Ratio> {
        let common = gcd(self.whole, other.whole);
        let (mine, theirs) = (other.whole / common, self.whole / common);
        let part = self.part.checked_mul(mine)?.checked_add(other.part.checked_mul(theirs)?)?;
        Some(Ratio::new(part, self.whole.checked_mul(mine)?))
    }

    pub fn times(self, other: Ratio) -> Option<Ratio> {
        let (a, b) = (Ratio::new(self.part, other.whole), Ratio::new(other.part, self.whole));
        Some(Ratio { part: a.part.checked_mul(b.part)?, whole: a.whole.checked_mul(b.whole)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: u64 = 1 << 31;

    #[test]
    fn what_iptables_rounds_is_told_again() {
        for n in (2..200).chain([255, 256, 1000, 9999, 16_384]) {
            let stored = (ONE as f64 / n as f64).round() as u64;
            assert_eq!(meant(stored, ONE), (1, n));
            assert_eq!(meant(ONE - stored, ONE), (n - 1, n));
            // kube-proxy writes ten digits, iptables-save eleven.
            let typed = format!("{:.10}", 1.0 / n as f64).parse::<f64>().unwrap();
            assert_eq!(meant((typed * ONE as f64).round() as u64, ONE), (1, n));
        }
        assert_eq!(meant(ONE * 33 / 100, ONE), (33, 100));
    }

    #[test]
    fn other_fractions_are_left_alone() {
        assert_eq!(meant(1, ONE), (1, ONE), "seldom is not never");
        assert_eq!(meant(ONE - 1, ONE), (ONE - 1, ONE), "nearly always is not always");
        assert_eq!(meant(0, ONE), (0, 1));
        assert_eq!(meant(ONE, ONE), (1, 1));
        let third = ONE / 3;
        assert_eq!(meant(third + 3, ONE), (third + 3, ONE));
        assert_eq!(meant(1, 20_000), (1, 20_000));
        assert_ne!(meant(333_333, 1_000_000), (1, 3));
    }

    #[test]
    fn ratios_are_exact_or_nothing() {
        let third = Ratio::new(2, 6);
        assert_eq!(third, Ratio::new(1, 3));
        assert_eq!(third.plus(third).and_then(|two| two.plus(third)), Some(Ratio::ONE));
        assert_eq!(third.times(Ratio::new(3, 4)), Some(Ratio::new(1, 4)));
        let tiny = Ratio::new(1, u128::MAX);
        assert_eq!(tiny.times(third), None);
        assert_eq!(Ratio::new(0, 5), Ratio::new(0, 1));
        assert!(Ratio::new(0, 5).is_zero());
    }
}
