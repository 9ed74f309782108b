//! One block after another: the operation that everything is summed up by.

use super::draws::Drawn;
use super::program::{Answers, Bucket, TRAVERSALS};
use super::{Block, CONTINUE, KEEP, Key, Terms, Verdict};
use crate::prove::dd::{Arena, Bands, Bounded, Dd, Over, Range, Substitution, Var, Where};
use crate::prove::space::bands;

/// Where the parts of a computation live: diagrams, numbered terms, and what each bucket answers.
pub struct Workshop<'a> {
    pub dd: &'a mut Arena,
    pub terms: &'a mut Terms,
    /// By bucket.
    pub answers: &'a [Answers],
}

/// Which packets a second block is about, all of which the first lets go on.
#[derive(Clone, Copy)]
pub enum On {
    /// The packets of a set.
    Set(Dd),
    /// All packets that the first block lets go on: where this verdict is `CONTINUE`. Faster than the set
    /// of them, which need not be made.
    Continuing(Dd),
}

impl On {
    fn place(self) -> Where {
        match self {
            On::Set(set) => Where::Set(set),
            On::Continuing(verdict) => Where::Zero(verdict),
        }
    }

    fn nothing(self) -> bool {
        match self {
            On::Set(set) => set == Dd::FALSE,
            On::Continuing(verdict) => verdict.as_leaf().is_some_and(|leaf| leaf != CONTINUE),
        }
    }
}

impl Workshop<'_> {
    /// First `a`, then `b` for the packets that go on.
    pub fn sequence(&mut self, a: &Block, b: &Block) -> Bounded<Block> {
        self.join(a, On::Continuing(a.verdict), b)
    }

    /// First `a`, then `b` for the packets in `on`.
    pub fn join(&mut self, a: &Block, on: On, b: &Block) -> Bounded<Block> {
        if on.nothing() {
            return Ok(a.clone());
        }
        match self.after(a, on, b)? {
            Some(moved) => self.place(a, on, &moved),
            None => self.place(a, on, b),
        }
    }

    /// `a`, and for the packets in `on` also `b`, which speaks of the packet before `a`.
    pub fn place(&mut self, a: &Block, on: On, b: &Block) -> Bounded<Block> {
        let verdict = match on {
            On::Set(set) => self.dd.ite(set, b.verdict, a.verdict)?,
            On::Continuing(_) => self.dd.otherwise(a.verdict, CONTINUE, b.verdict)?,
        };
        let changes = merge(&a.changes, &b.changes, |old, new| {
            let Some(new) = new else { return Ok(old.unwrap_or(Dd::leaf(KEEP))) };
            match old {
                Some(old) => self.dd.over(on.place(), Over::But(KEEP), new, old),
                None => self.within(on, new, KEEP),
            }
        })?;
        let effects = merge(&a.effects, &b.effects, |old, new| {
            let Some(new) = new else { return Ok(old.unwrap_or(Dd::FALSE)) };
            match old {
                Some(old) => self.dd.over(on.place(), Over::Plus, new, old),
                None => self.within(on, new, 0),
            }
        })?;
        Ok(self.finish(verdict, changes, effects, a.draws.then(&b.draws), a.reads.union(b.reads)))
    }

    /// `d` for the packets in `on`, and a constant for all others.
    pub(super) fn within(&mut self, on: On, d: Dd, elsewhere: u32) -> Bounded<Dd> {
        match on {
            On::Set(set) => self.dd.ite(set, d, Dd::leaf(elsewhere)),
            On::Continuing(verdict) => self.dd.where_zero(verdict, d, elsewhere),
        }
    }

    /// Both blocks, which concern different packets.
    pub fn beside(&mut self, a: &Block, b: &Block) -> Bounded<Block> {
        let verdict = self.dd.otherwise(a.verdict, CONTINUE, b.verdict)?;
        let changes = merge(&a.changes, &b.changes, |x, y| match (x, y) {
            (Some(x), Some(y)) => self.dd.otherwise(x, KEEP, y),
            _ => Ok(x.or(y).unwrap_or(Dd::leaf(KEEP))),
        })?;
        let effects = merge(&a.effects, &b.effects, |x, y| match (x, y) {
            (Some(x), Some(y)) => self.dd.add(x, y),
            _ => Ok(x.or(y).unwrap_or(Dd::FALSE)),
        })?;
        Ok(self.finish(verdict, changes, effects, a.draws.or(&b.draws), a.reads.union(b.reads)))
    }

    /// `hi` for packets where `var` holds, and `lo` for the others.
    pub fn choose(&mut self, var: Var, lo: &Block, hi: &Block) -> Bounded<Block> {
        self.either(lo, hi, |dd, lo, hi| dd.choose(var, lo, hi))
    }

    /// `hi` for packets that satisfy all of `ranges`, and `lo` for the others.
    pub fn inside(&mut self, ranges: &[Range], hi: &Block, lo: &Block) -> Bounded<Block> {
        self.either(lo, hi, |dd, lo, hi| dd.inside(ranges, hi, lo))
    }

    /// One of two blocks, as `choose` says of each of their diagrams.
    fn either(
        &mut self,
        lo: &Block,
        hi: &Block,
        mut choose: impl FnMut(&mut Arena, Dd, Dd) -> Bounded<Dd>,
    ) -> Bounded<Block> {
        let verdict = choose(self.dd, lo.verdict, hi.verdict)?;
        let mut part = |none: Dd, x: Option<Dd>, y: Option<Dd>| choose(self.dd, x.unwrap_or(none), y.unwrap_or(none));
        let changes = merge(&lo.changes, &hi.changes, |x, y| part(Dd::leaf(KEEP), x, y))?;
        let effects = merge(&lo.effects, &hi.effects, |x, y| part(Dd::FALSE, x, y))?;
        Ok(self.finish(verdict, changes, effects, lo.draws.or(&hi.draws), lo.reads.union(hi.reads)))
    }

    /// Drops what says nothing, and notes which bands the diagrams test.
    pub fn finish(
        &self,
        verdict: Dd,
        mut changes: Vec<(Var, Dd)>,
        mut effects: Vec<(Key, Dd)>,
        mut draws: Drawn,
        reads: Bands,
    ) -> Block {
        if !self.dd.has_leaf(verdict, CONTINUE) {
            draws.end();
        }
        changes.retain(|&(_, change)| change != Dd::leaf(KEEP));
        effects.retain(|&(_, count)| count != Dd::FALSE);
        let parts = changes.iter().map(|&(_, d)| d).chain(effects.iter().map(|&(_, d)| d));
        let bands = parts.fold(self.dd.bands(verdict), |bands, d| bands.union(self.dd.bands(d)));
        Block { verdict, changes, effects, draws, bands, reads }
    }

    /// `b` as a function of the packet before `a`, for the packets in `on`; `None` where that is `b` itself.
    pub fn after(&mut self, a: &Block, on: On, b: &Block) -> Bounded<Option<Block>> {
        if self.is_blind(a, on, b.reads)? {
            return Ok(Some(self.unknown("an effect reads what an earlier rule has changed".to_owned())));
        }
        let mut substitution = Substitution::default();
        self.substitute_changes(a, on, b.bands, &mut substitution)?;
        if b.bands.meets(bands::LOOKUPS) && !self.shift_lookups(a, on, &b.diagrams(), &mut substitution)? {
            return Ok(Some(self.unknown("a lookup reads what earlier rules have changed in many ways".to_owned())));
        }
        if b.bands.meets(ANSWERS) && !self.shift_answers(a, on, b, &mut substitution)? {
            let why = format!("one packet may ask a limit or a random choice more than {TRAVERSALS} times");
            return Ok(Some(self.unknown(why)));
        }
        if substitution.is_empty() {
            return Ok(None);
        }
        let verdict = substitution.apply(self.dd, b.verdict)?;
        let mut changes = Vec::with_capacity(b.changes.len());
        for &(var, change) in &b.changes {
            changes.push((var, substitution.apply(self.dd, change)?));
        }
        let mut effects = Vec::with_capacity(b.effects.len());
        for &(key, count) in &b.effects {
            effects.push((key, substitution.apply(self.dd, count)?));
        }
        Ok(Some(self.finish(verdict, changes, effects, b.draws.clone(), b.reads)))
    }

    fn unknown(&mut self, why: String) -> Block {
        Block::ending(self.terms.leaf(&Verdict::Unknown { line: 0, why }))
    }

    /// A set as a function of the packet before `a`, for the packets in `on`; `None` where that is not known.
    pub fn rewrite(&mut self, a: &Block, on: On, d: Dd) -> Bounded<Option<Dd>> {
        let mut substitution = Substitution::default();
        let bands = self.dd.bands(d);
        self.substitute_changes(a, on, bands, &mut substitution)?;
        if bands.meets(bands::LOOKUPS) && !self.shift_lookups(a, on, &[d], &mut substitution)? {
            return Ok(None);
        }
        substitution.apply(self.dd, d).map(Some)
    }

    /// Whether an effect after `a` reads, unseen, what `a` changes.
    pub fn is_blind(&mut self, a: &Block, on: On, reads: Bands) -> Bounded<bool> {
        for &(var, change) in &a.changes {
            if Bands::of(var).meets(reads) && self.within(on, change, KEEP)? != Dd::leaf(KEEP) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(super) fn substitute_changes(
        &mut self,
        a: &Block,
        on: On,
        bands: Bands,
        substitution: &mut Substitution,
    ) -> Bounded<()> {
        for &(var, change) in &a.changes {
            if !Bands::of(var).meets(bands) {
                continue;
            }
            let change = self.within(on, change, KEEP)?;
            if change != Dd::leaf(KEEP) {
                let itself = self.dd.var(var)?;
                let function = self.dd.otherwise(change, KEEP, itself)?;
                substitution.insert_where(var, function, (change, KEEP));
            }
        }
        Ok(())
    }

    /// Makes the answers that `b` gets those behind the ones that `a` has used up.
    /// False where there are too many to tell apart.
    fn shift_answers(&mut self, a: &Block, on: On, b: &Block, substitution: &mut Substitution) -> Bounded<bool> {
        for (bucket, before, then) in a.draws.again(&b.draws) {
            if before + then > TRAVERSALS {
                return Ok(false);
            }
            for nth in 0..then {
                for bit in 0..self.width(Bucket(bucket)) {
                    let behind = self.dd.var(Bucket(bucket).answer(nth + before, bit))?;
                    substitution.insert(Bucket(bucket).answer(nth, bit), behind);
                }
            }
        }
        for (bucket, used, wanted) in common_buckets(a, b) {
            let used = self.within(on, used, 0)?;
            if used == Dd::FALSE {
                continue;
            }
            let wanted = self.dd.leaves(wanted).last().copied().unwrap_or(0);
            for nth in 0..wanted {
                if !self.shift_answer(bucket, nth, used, substitution)? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Replaces the n-th answer by the one behind `used` others.
    fn shift_answer(&mut self, bucket: Bucket, nth: u32, used: Dd, to: &mut Substitution) -> Bounded<bool> {
        let counts = self.dd.leaves(used);
        if counts.last().is_some_and(|most| nth + most >= TRAVERSALS) {
            return Ok(false);
        }
        for bit in 0..self.width(bucket) {
            let mut function = Dd::FALSE;
            for &count in &counts {
                let here = self.dd.is(used, count)?;
                let answer = self.dd.var(bucket.answer(nth + count, bit))?;
                function = self.dd.ite(here, answer, function)?;
            }
            to.insert_where(bucket.answer(nth, bit), function, (used, 0));
        }
        Ok(true)
    }

    /// The first unused answer of a bucket after `a`; `None` where there are too many to tell apart.
    pub fn next_answer(&mut self, a: &Block, on: On, bucket: Bucket) -> Bounded<Option<Vec<Dd>>> {
        let width = self.width(bucket);
        if self.is_drawn(bucket) {
            let nth = a.draws.passed(bucket.0);
            if nth >= TRAVERSALS {
                return Ok(None);
            }
            return (0..width).map(|bit| self.dd.var(bucket.answer(nth, bit))).collect::<Bounded<_>>().map(Some);
        }
        let used = self.within(on, a.effect(Key::Consult(bucket.0)), 0)?;
        let mut shift = Substitution::default();
        if !self.shift_answer(bucket, 0, used, &mut shift)? {
            return Ok(None);
        }
        let mut bits = Vec::new();
        for bit in 0..width {
            let answer = self.dd.var(bucket.answer(0, bit))?;
            bits.push(shift.apply(self.dd, answer)?);
        }
        Ok(Some(bits))
    }

    /// Whether a bucket's answers are drawn.
    pub fn is_drawn(&self, bucket: Bucket) -> bool {
        self.answers.get(bucket.0 as usize).is_some_and(|answers| answers.drawn)
    }

    /// Bits of a bucket's answer.
    pub fn width(&self, bucket: Bucket) -> u32 {
        self.answers.get(bucket.0 as usize).map_or(1, |answers| answers.width)
    }
}

const ANSWERS: Bands = Bands(1 << bands::ANSWER);

/// Buckets that both blocks consult, with the counts of each.
fn common_buckets(a: &Block, b: &Block) -> Vec<(Bucket, Dd, Dd)> {
    let (mut x, mut y) = (a.effects.iter().peekable(), b.effects.iter().peekable());
    let mut common = Vec::new();
    while let (Some(&&(p, used)), Some(&&(q, wanted))) = (x.peek(), y.peek()) {
        if let (Key::Consult(bucket), true) = (p, p == q) {
            common.push((Bucket(bucket), used, wanted));
        }
        if p <= q {
            x.next();
        }
        if q <= p {
            y.next();
        }
    }
    common
}

/// Merges two sorted lists; `combine` sees what each has to say about a key.
fn merge<K: Ord + Copy>(
    a: &[(K, Dd)],
    b: &[(K, Dd)],
    mut combine: impl FnMut(Option<Dd>, Option<Dd>) -> Bounded<Dd>,
) -> Bounded<Vec<(K, Dd)>> {
    let (mut x, mut y) = (a.iter().peekable(), b.iter().peekable());
    let mut merged = Vec::with_capacity(a.len() + b.len());
    loop {
        let (key, old, new) = match (x.peek(), y.peek()) {
            (Some(&&(p, old)), Some(&&(q, new))) if p == q => (p, Some(old), Some(new)),
            (Some(&&(p, old)), Some(&&(q, _))) if p < q => (p, Some(old), None),
            (Some(&&(p, old)), None) => (p, Some(old), None),
            (_, Some(&&(q, new))) => (q, None, Some(new)),
            (None, None) => return Ok(merged),
        };
        if old.is_some() {
            x.next();
        }
        if new.is_some() {
            y.next();
        }
        merged.push((key, combine(old, new)?));
    }
}
