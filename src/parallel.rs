//! Work shared out to the machine's processors.
//!
//! Invariant: answers come in the order of the work, so that nothing depends on who was faster.

use std::num::NonZero;
use std::sync::Mutex;
use std::thread::{available_parallelism, scope};

/// What `work` makes of each item, in their order; one thread for each processor.
pub fn map<T: Send, R: Send>(items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    map_on(available_parallelism().map_or(1, NonZero::get), items, work)
}

/// The same on so many threads at most.
pub fn map_on<T: Send, R: Send>(threads: usize, items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let threads = threads.min(items.len());
    if threads < 2 {
        return items.into_iter().map(work).collect();
    }
    let done = Mutex::new(Vec::with_capacity(items.len()));
    let waiting = Mutex::new(items.into_iter().enumerate());
    let next = || waiting.lock().ok()?.next();
    let worker = || {
        while let Some((at, item)) = next() {
            let answer = work(item);
            if let Ok(mut done) = done.lock() {
                done.push((at, answer));
            }
        }
    };
    scope(|scope| {
        for _ in 1..threads {
            scope.spawn(worker);
        }
        worker();
    });
    let mut done = done.into_inner().unwrap_or_default();
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, answer)| answer).collect()
}

/// Items that make up one piece of work, and that are not worth more threads than one.
const PIECE: usize = 2048;

/// What `work` makes of each of the numbers below `count`, in their order; so many are worth it that each thread gets
/// a long piece.
pub fn numbers<R: Send>(count: usize, work: impl Fn(usize) -> R + Sync) -> Vec<R> {
    if count < 2 * PIECE {
        return (0..count).map(work).collect();
    }
    let pieces = (0..count).step_by(PIECE).map(|from| from..count.min(from + PIECE)).collect();
    let done = map(pieces, |piece: std::ops::Range<usize>| piece.map(&work).collect::<Vec<R>>());
    let mut all = Vec::with_capacity(count);
    done.into_iter().for_each(|piece| all.extend(piece));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_in_order() {
        for count in [0, 1, 2, 1000, 10_000] {
            let squares = map((0..count).collect(), |n: u64| n * n);
            assert_eq!(squares, (0..count).map(|n| n * n).collect::<Vec<_>>());
            assert_eq!(numbers(count as usize, |n| (n * n) as u64), squares);
            assert_eq!(map_on(7, (0..count).collect(), |n: u64| n * n), squares);
        }
    }
}
