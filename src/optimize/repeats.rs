//! Which of many hashes may come again: most that do not are told apart by one look at a few bits.

/// Bits for each hash; one in as many comes out as if it might come again.
const BITS: usize = 16;

/// Hashes of no more need no look of their own.
const FEW: usize = 256;

/// See the module's documentation.
#[derive(Debug)]
pub struct Repeats {
    /// The second bit of each pair says whether the first was set twice.
    pairs: Vec<u64>,
    shift: u32,
}

impl Repeats {
    /// Of all the hashes, of which there are so many.
    pub fn of(count: usize, hashes: impl Iterator<Item = u64>) -> Self {
        if count <= FEW {
            return Repeats { pairs: Vec::new(), shift: 0 };
        }
        let words = (count * BITS / 32).next_power_of_two();
        let mut repeats = Repeats { pairs: vec![0; words], shift: 64 - 5 - words.ilog2() };
        for hash in hashes {
            let (word, bit) = repeats.place(hash);
            let known = repeats.pairs[word];
            repeats.pairs[word] = known | bit | (known & bit) << 1;
        }
        repeats
    }

    /// Whether the hash may have been among them more than once.
    pub fn may_repeat(&self, hash: u64) -> bool {
        if self.pairs.is_empty() {
            return true;
        }
        let (word, bit) = self.place(hash);
        self.pairs[word] & bit << 1 != 0
    }

    /// The word and the first bit of the pair.
    const fn place(&self, hash: u64) -> (usize, u64) {
        let mixed = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> self.shift;
        ((mixed >> 5) as usize, 1 << (2 * (mixed & 31)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_repeats_is_found() {
        for count in [0, 10, 1000, 50_000_u64] {
            let hashes: Vec<u64> =
                (0..count).chain(0..count / 9).map(|n| n.wrapping_mul(0x5851_f42d_4c95_7f2d)).collect();
            let repeats = Repeats::of(hashes.len(), hashes.iter().copied());
            let found =
                |range: std::ops::Range<usize>| hashes[range].iter().filter(|&&h| repeats.may_repeat(h)).count();
            let (again, count) = (count as usize / 9, count as usize);
            assert_eq!(found(0..again), again);
            assert!(count < 1000 || found(again..count) < count / 8, "{}", found(again..count));
        }
    }
}
