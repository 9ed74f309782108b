//! Work shared out to the machine's processors.
//!
//! Threads are made once: each has a heap of its own, and to fill that takes longer than much of what is shared out.
//! Invariant: answers come in the order of the work, so that nothing depends on who was faster.

use std::num::NonZero;
use std::ops::Range;
use std::sync::{LazyLock, Mutex};
use std::thread::{available_parallelism, scope};

use rayon::{ThreadPool, ThreadPoolBuilder};

/// Threads beside the one that shares work out; none on a machine with one processor.
static BESIDE: LazyLock<Option<ThreadPool>> = LazyLock::new(|| {
    let beside = processors() - 1;
    (beside > 0).then(|| ThreadPoolBuilder::new().num_threads(beside).build().ok()).flatten()
});

/// Held by the one who shares work out. Threads wait for what they do, and so for what that shares out: if they were to
/// do that too, nobody would. It is done without them.
static SHARES_OUT: Mutex<()> = Mutex::new(());

fn processors() -> usize {
    available_parallelism().map_or(1, NonZero::get)
}

/// What `work` makes of each item, in their order; one thread for each processor.
pub fn map<T: Send, R: Send>(items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    map_beside(items, work, || ())
}

/// The same, where this thread does something else first.
fn map_beside<T: Send, R: Send>(items: Vec<T>, work: impl Fn(T) -> R + Sync, first: impl FnOnce()) -> Vec<R> {
    // One item is not worth making the threads for.
    let shared = if items.len() > 1 { BESIDE.as_ref().zip(SHARES_OUT.try_lock().ok()) } else { None };
    let Some((beside, _held)) = shared else {
        first();
        return items.into_iter().map(work).collect();
    };
    share_out(items, work, |worker| {
        beside.in_place_scope(|scope| {
            (0..beside.current_num_threads()).for_each(|_| scope.spawn(|_| worker()));
            first();
            worker();
        });
    })
}

/// Hands what `work` makes of each item to `take`, in their order, while so many next ones are worked on.
pub fn flow<T: Send, R: Send>(
    mut items: impl Iterator<Item = T>,
    at_once: usize,
    work: impl Fn(T) -> R + Sync,
    mut take: impl FnMut(R),
) {
    let mut done = Vec::new();
    loop {
        let next: Vec<T> = items.by_ref().take(at_once).collect();
        if next.is_empty() {
            return done.into_iter().for_each(take);
        }
        let ready = std::mem::take(&mut done);
        done = map_beside(next, &work, || ready.into_iter().for_each(&mut take));
    }
}

/// The same on so many threads at most, which are made for it.
pub fn map_on<T: Send, R: Send>(threads: usize, items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let threads = threads.min(items.len());
    share_out(items, work, |worker| {
        scope(|scope| {
            (1..threads).for_each(|_| _ = scope.spawn(worker));
            worker();
        });
    })
}

/// The answers for all items, where `run` runs what it is given on some threads.
fn share_out<T: Send, R: Send>(
    items: Vec<T>,
    work: impl Fn(T) -> R + Sync,
    run: impl FnOnce(&(dyn Fn() + Sync)),
) -> Vec<R> {
    let done = Mutex::new(Vec::with_capacity(items.len()));
    let waiting = Mutex::new(items.into_iter().enumerate());
    let next = || waiting.lock().ok()?.next();
    run(&|| {
        while let Some((at, item)) = next() {
            let answer = work(item);
            if let Ok(mut done) = done.lock() {
                done.push((at, answer));
            }
        }
    });
    let mut done = done.into_inner().unwrap_or_default();
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, answer)| answer).collect()
}

/// Items that make up one piece of work.
const PIECE: usize = 1024;

/// Pieces that are worked on together while those before are taken.
const AT_ONCE: usize = 16;

/// Rules, or other items that take as little, that are worth threads: to make one, and to fill its heap, takes as long as
/// 20,000 of them. Fewer where the program watches itself, so that short dumps show what long ones do.
const MANY: usize = if cfg!(debug_assertions) { 2 } else { 32 } * PIECE;

/// Whether so many items, of which each takes little, are worth threads.
pub const fn are_many(count: usize) -> bool {
    count >= MANY
}

/// What `work` makes of each of the numbers below `count`, in their order; so many are worth it that each thread gets
/// a long piece.
pub fn numbers<R: Send>(count: usize, work: impl Fn(usize) -> R + Sync) -> Vec<R> {
    gathered(count, |piece, out| out.extend(piece.map(&work)))
}

/// What `work` adds for each piece of the numbers below `count`, in their order.
pub fn gathered<R: Send>(count: usize, work: impl Fn(Range<usize>, &mut Vec<R>) + Sync) -> Vec<R> {
    let mut pieces = pieces(count, |piece| {
        let mut out = Vec::new();
        work(piece, &mut out);
        out
    });
    if let [_] = pieces.as_slice() {
        return pieces.pop().unwrap_or_default();
    }
    let mut all = Vec::with_capacity(pieces.iter().map(Vec::len).sum());
    pieces.into_iter().for_each(|piece| all.extend(piece));
    all
}

/// What `work` makes of each piece of the numbers below `count`, in their order.
pub fn pieces<R: Send>(count: usize, work: impl Fn(Range<usize>) -> R + Sync) -> Vec<R> {
    if !are_many(count) {
        return vec![work(0..count)];
    }
    map(in_pieces(count).collect(), work)
}

/// Hands what `work` makes of each piece of the numbers below `count` to `take`, in their order, as [`flow`] does.
pub fn flow_pieces<R: Send>(count: usize, work: impl Fn(Range<usize>) -> R + Sync, take: impl FnMut(R)) {
    flow(in_pieces(count), if are_many(count) { AT_ONCE } else { 1 }, work, take);
}

/// The numbers below `count`, so many together as make up a piece.
fn in_pieces(count: usize) -> impl Iterator<Item = Range<usize>> {
    (0..count).step_by(PIECE).map(move |from| from..count.min(from + PIECE))
}

/// Has `work` fill each piece of the room, told by its first place; answers what it says of them, in their order.
pub fn fill<T: Send, R: Send>(room: &mut [T], work: impl Fn(usize, &mut [T]) -> R + Sync) -> Vec<R> {
    if !are_many(room.len()) {
        return vec![work(0, room)];
    }
    map(room.chunks_mut(PIECE).zip((0..).step_by(PIECE)).collect(), |(room, from)| work(from, room))
}

/// Sorts; equal items are the same, so that it does not matter which comes first.
pub fn sort<T: Ord + Send>(all: &mut [T]) {
    let threads = processors();
    if threads < 2 || !are_many(all.len()) {
        all.sort_unstable();
        return;
    }
    map(all.chunks_mut(all.len().div_ceil(threads)).collect(), |part: &mut [T]| part.sort_unstable());
    // Only to merge what is in order.
    all.sort();
}

/// What `work` makes of each item of a slice, as with [`numbers`].
pub fn map_slice<'s, T: Sync, R: Send>(items: &'s [T], work: impl Fn(&'s T) -> R + Sync) -> Vec<R> {
    let answers = numbers(items.len(), |at| items.get(at).map(&work));
    answers.into_iter().flatten().collect()
}

/// What the threads that share work out keep from one piece of it to the next: one thing for each thread.
pub struct Desks<T>(Mutex<Vec<T>>);

impl<T> Default for Desks<T> {
    fn default() -> Self {
        Desks(Mutex::default())
    }
}

impl<T> Desks<T> {
    /// Does the work at a desk that is free, or at a new one.
    pub fn at<R>(&self, new: impl FnOnce() -> T, work: impl FnOnce(&mut T) -> R) -> R {
        let free = self.0.lock().ok().and_then(|mut desks| desks.pop());
        let mut desk = free.unwrap_or_else(new);
        let done = work(&mut desk);
        if let Ok(mut desks) = self.0.lock() {
            desks.push(desk);
        }
        done
    }
}

/// Lets go of something with so many parts, beside what comes next where they are many.
pub fn let_go(parts: usize, thing: impl Send + 'static) {
    if are_many(parts)
        && let Some(beside) = &*BESIDE
    {
        beside.spawn(move || drop(thing));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_in_order() {
        for count in [0, 1, 2, 1000, 10_000, 50_000] {
            let squares = map((0..count).collect(), |n: u64| n * n);
            assert_eq!(squares, (0..count).map(|n| n * n).collect::<Vec<_>>());
            assert_eq!(numbers(count as usize, |n| (n * n) as u64), squares);
            assert_eq!(map_on(7, (0..count).collect(), |n: u64| n * n), squares);
            let mut taken = Vec::new();
            flow(0..count, 9, |n| n * n, |square| taken.push(square));
            assert_eq!(taken, squares);
            let mut room = vec![0; count as usize];
            let pieces = fill(&mut room, |from, room| {
                room.iter_mut().zip(from as u64..).for_each(|(at, n)| *at = n * n);
                room.len()
            });
            assert_eq!((room, pieces.iter().sum()), (squares, count as usize));
        }
    }

    /// By itself, and by threads of its own, which it waits for.
    #[test]
    fn shared_work_may_share_out_more() {
        let sum = |n: u64| map((0..n).collect(), |m: u64| m).iter().sum::<u64>();
        let by_thread = |n: u64| scope(|scope| scope.spawn(|| sum(n)).join().unwrap_or_default());
        let want: Vec<u64> = (0..100).map(|n| (0..n).sum()).collect();
        assert_eq!(map((0..100).collect(), sum), want);
        assert_eq!(map((0..100).collect(), by_thread), want);
    }
}
