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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_in_order() {
        for count in [0, 1, 2, 1000] {
            let squares = map((0..count).collect(), |n: u64| n * n);
            assert_eq!(squares, (0..count).map(|n| n * n).collect::<Vec<_>>());
            assert_eq!(map_on(7, (0..count).collect(), |n: u64| n * n), squares);
        }
    }
}
