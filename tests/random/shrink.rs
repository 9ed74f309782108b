//! From a dump with which something fails to a small one with which it still fails.
//!
//! Invariant: the result fails as well, and no single piece of it can be taken away so that it still fails (unless
//! the tries ran out).

use crate::dump::{Chain, Dump, Part, Rule};

/// Takes away what is not needed, largest pieces first; `fails` is asked at most `tries` times.
pub fn shrink(dump: &Dump, tries: usize, fails: &mut dyn FnMut(&Dump) -> bool) -> Dump {
    let mut best = dump.clone();
    let mut left = tries;
    loop {
        let before = best.clone();
        for cut in [tables, rules, chains, parts, options] {
            take_away(&mut best, cut, &mut left, fails);
        }
        if best == before || left == 0 {
            return best;
        }
    }
}

/// A way to cut: the dump without its pieces `from..to` of one kind; `None` when it has no piece `from`.
type Cut = fn(&Dump, usize, usize) -> Option<Dump>;

/// Halves, quarters, ... and single pieces of one kind.
fn take_away(best: &mut Dump, cut: Cut, left: &mut usize, fails: &mut dyn FnMut(&Dump) -> bool) {
    let mut size = (0..).take_while(|at| cut(best, *at, at + 1).is_some()).count().div_ceil(2);
    while size > 0 {
        let mut from = 0;
        while let Some(smaller) = cut(best, from, from + size) {
            if *left == 0 {
                return;
            }
            *left -= 1;
            if fails(&smaller) { *best = smaller } else { from += size }
        }
        size /= 2;
    }
}

/// Retains what is not in `from..to` of all the pieces that are asked about, in order.
struct Range {
    at: usize,
    from: usize,
    to: usize,
    cut: bool,
}

impl Range {
    const fn new(from: usize, to: usize) -> Self {
        Range { at: 0, from, to, cut: false }
    }

    fn keeps(&mut self) -> bool {
        let inside = (self.from..self.to).contains(&self.at);
        self.at += 1;
        self.cut |= inside;
        !inside
    }

    fn result(&self, dump: Dump) -> Option<Dump> {
        self.cut.then_some(dump)
    }
}

fn tables(dump: &Dump, from: usize, to: usize) -> Option<Dump> {
    let (mut dump, mut range) = (dump.clone(), Range::new(from, to));
    dump.tables.retain(|_| range.keeps());
    range.result(dump)
}

fn all_rules(dump: &mut Dump) -> impl Iterator<Item = &mut Rule> {
    dump.tables.iter_mut().flat_map(|table| &mut table.chains).flat_map(|chain| &mut chain.rules)
}

fn rules(dump: &Dump, from: usize, to: usize) -> Option<Dump> {
    let (mut dump, mut range) = (dump.clone(), Range::new(from, to));
    for chain in dump.tables.iter_mut().flat_map(|table| &mut table.chains) {
        chain.rules.retain(|_| range.keeps());
    }
    range.result(dump)
}

/// User-defined chains with the rules that jump to them, and base chains without rules.
fn chains(dump: &Dump, from: usize, to: usize) -> Option<Dump> {
    let (mut dump, mut range) = (dump.clone(), Range::new(from, to));
    for table in &mut dump.tables {
        let mut gone: Vec<String> = Vec::new();
        table.chains.retain(|chain: &Chain| {
            let keeps = range.keeps();
            if !keeps {
                gone.push(chain.name.clone());
            }
            keeps
        });
        let leads_away = |rule: &Rule| rule.0.iter().any(|part| part.name.get(1).is_some_and(|to| gone.contains(to)));
        table.chains.iter_mut().for_each(|chain| chain.rules.retain(|rule| !leads_away(rule)));
    }
    range.result(dump)
}

fn parts(dump: &Dump, from: usize, to: usize) -> Option<Dump> {
    let (mut dump, mut range) = (dump.clone(), Range::new(from, to));
    all_rules(&mut dump).for_each(|rule| rule.0.retain(|_| range.keeps()));
    range.result(dump)
}

fn options(dump: &Dump, from: usize, to: usize) -> Option<Dump> {
    let (mut dump, mut range) = (dump.clone(), Range::new(from, to));
    all_rules(&mut dump)
        .flat_map(|rule| &mut rule.0)
        .for_each(|part: &mut Part| part.options.retain(|_| range.keeps()));
    range.result(dump)
}
