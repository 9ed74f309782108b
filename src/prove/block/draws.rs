//! How often draws are made: an upper bound, the same for all packets.
//!
//! A draw is fresh each time and independent of all others, so any variable that nothing else uses can
//! stand for it. So it is enough to know how many may have been used up: what comes later uses those
//! behind. (For state, the n-th answer is what it is, and who asks is counted exactly, as an effect.)

/// Draws from one bucket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Draws {
    bucket: u32,
    /// The most that one packet makes.
    made: u32,
    /// The most that a packet makes which goes on behind the block; one that goes back to the calling chain does not.
    passed: u32,
}

/// Draws of a block, by bucket.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Drawn(Vec<Draws>);

impl Drawn {
    /// One draw.
    pub fn once(bucket: u32) -> Self {
        Drawn(vec![Draws { bucket, made: 1, passed: 1 }])
    }

    /// Whether there are no draws.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The most draws from a bucket that packets which go on have made.
    pub fn passed(&self, bucket: u32) -> u32 {
        self.get(bucket).map_or(0, |draws| draws.passed)
    }

    fn get(&self, bucket: u32) -> Option<&Draws> {
        let at = self.0.binary_search_by_key(&bucket, |draws| draws.bucket).ok()?;
        self.0.get(at)
    }

    /// Buckets that packets have drawn from when they come to `later`, which draws again: the bucket, how
    /// often before, and how often in `later`.
    pub fn again<'a>(&'a self, later: &'a Drawn) -> impl Iterator<Item = (u32, u32, u32)> + 'a {
        let (few, many) = if self.0.len() < later.0.len() { (self, later) } else { (later, self) };
        few.0.iter().filter(|draws| many.get(draws.bucket).is_some()).filter_map(|draws| {
            let before = self.passed(draws.bucket);
            let then = later.get(draws.bucket).map_or(0, |draws| draws.made);
            (before > 0).then_some((draws.bucket, before, then))
        })
    }

    /// First these, then `later`.
    #[must_use]
    pub fn then(&self, later: &Drawn) -> Drawn {
        self.merge(later, |a, b| Draws { made: a.made.max(a.passed + b.made), passed: a.passed + b.passed, ..a })
    }

    /// These, or `other` for other packets.
    #[must_use]
    pub fn or(&self, other: &Drawn) -> Drawn {
        self.merge(other, |a, b| Draws { made: a.made.max(b.made), passed: a.passed.max(b.passed), ..a })
    }

    /// No packet goes on.
    pub fn end(&mut self) {
        self.0.iter_mut().for_each(|draws| draws.passed = 0);
    }

    /// Packets go on that did not.
    pub fn go_on(&mut self) {
        self.0.iter_mut().for_each(|draws| draws.passed = draws.made);
    }

    fn merge(&self, other: &Drawn, both: impl Fn(Draws, Draws) -> Draws) -> Drawn {
        if self.is_empty() || other.is_empty() {
            return if self.is_empty() { other.clone() } else { self.clone() };
        }
        let mut merged: Vec<Draws> = Vec::with_capacity(self.0.len() + other.0.len());
        let (mut x, mut y) = (self.0.iter().peekable(), other.0.iter().peekable());
        while let (Some(&&a), Some(&&b)) = (x.peek(), y.peek()) {
            merged.push(match a.bucket.cmp(&b.bucket) {
                std::cmp::Ordering::Less => a,
                std::cmp::Ordering::Greater => b,
                std::cmp::Ordering::Equal => both(a, b),
            });
            if a.bucket <= b.bucket {
                x.next();
            }
            if b.bucket <= a.bucket {
                y.next();
            }
        }
        merged.extend(x.chain(y).copied());
        Drawn(merged)
    }
}
