//! Many dumps judged at once, answers in the order of the dumps.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Host, Options, assess};
use crate::diag::Source;

/// Judges all dumps on the machine's processors; `done` hears how many are finished.
pub fn assess_all(sources: &[Source], options: &Options, done: &(dyn Fn(usize) + Sync)) -> Vec<Host> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(sources.len().max(1));
    let (next, finished) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let hosts = Mutex::new(Vec::with_capacity(sources.len()));
    let work = || {
        while let Some((at, source)) = take(sources, &next) {
            let host = assess(source, options);
            if let Ok(mut hosts) = hosts.lock() {
                hosts.push((at, host));
            }
            done(finished.fetch_add(1, Ordering::Relaxed) + 1);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    let mut hosts = hosts.into_inner().unwrap_or_default();
    hosts.sort_by_key(|(at, _)| *at);
    hosts.into_iter().map(|(_, host)| host).collect()
}

fn take<'a>(sources: &'a [Source], next: &AtomicUsize) -> Option<(usize, &'a Source)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    sources.get(at).map(|source| (at, source))
}
