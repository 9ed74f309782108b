//! Many dumps judged at once, answers in the order of the dumps.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Host, Options, assess};
use crate::diag::Source;
use crate::parallel;

/// Judges all dumps on the machine's processors; `done` hears how many are finished.
pub fn assess_all(sources: &[Source], options: &Options, done: &(dyn Fn(usize) + Sync)) -> Vec<Host> {
    let finished = AtomicUsize::new(0);
    parallel::map(sources.iter().collect(), |source| {
        let host = assess(source, options);
        done(finished.fetch_add(1, Ordering::Relaxed) + 1);
        host
    })
}
