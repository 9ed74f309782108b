//! Adding to and subtracting from a hop count, which stays between 0 and 255 (net/netfilter/xt_HL.c).
//!
//! Invariant: values that do not change are left out, and the rest stands once each.

/// First and last value, and what they become.
type Outcome = (u64, u64, u64);

/// What each value becomes when `by` is taken off; nothing goes below 0.
pub fn less(by: u64) -> Vec<Outcome> {
    let floor = (1, by.min(255), 0);
    std::iter::once(floor).chain((by + 1..=255).map(|n| (n, n, n - by))).collect()
}

/// What each value becomes when `by` is added; nothing goes above 255.
pub fn more(by: u64) -> Vec<Outcome> {
    let room = 255u64.saturating_sub(by);
    let exact = (0..room).map(|n| (n, n, n + by));
    let ceiling = (room < 255).then_some((room, 254, 255));
    exact.chain(ceiling).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_comes_out_clamped() {
        let apply = |outcomes: &[Outcome], n: u64| {
            let mut found = outcomes.iter().filter(|(lo, hi, _)| (*lo..=*hi).contains(&n));
            let new = found.next().map_or(n, |o| o.2);
            assert!(found.next().is_none(), "{n} twice");
            new
        };
        for by in [1, 2, 63, 254, 255] {
            let (less, more) = (less(by), more(by));
            for n in 0..=255 {
                assert_eq!(apply(&less, n), n.saturating_sub(by), "{n} - {by}");
                assert_eq!(apply(&more, n), (n + by).min(255), "{n} + {by}");
            }
        }
    }
}
