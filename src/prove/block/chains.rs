//! From rules to chains to base chains: each chain is summed up once, called chains first.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::calls::Calls;
use super::lists::rules_block;
use super::program::{Answers, Base, Bucket, ChainId, Flow, Program};
use super::rules::{Surroundings, gone, jumped};
use super::sequence::Workshop;
use super::twins::{Side, Twins};
use super::{Block, CONTINUE, RETURN, Terms, Verdict};
use crate::prove::dd::{Arena, Bounded, Cube, Dd};

/// What each base chain of two programs does to every packet, policies applied, in the order of their `bases`.
///
/// `buckets` gives each occurrence its bucket, `answers` says what each bucket answers.
///
/// # Errors
/// When the arena's budget is used up.
pub fn summarize_both(
    dd: &mut Arena,
    terms: &mut Terms,
    programs: [&Program; 2],
    buckets: [&[Bucket]; 2],
    answers: &[Answers],
) -> Bounded<[Vec<Block>; 2]> {
    let mut shop = Workshop { dd, terms, answers };
    let [left, right] = programs;
    let (left, left_blocks) = summed(&mut shop, left, buckets[0], None)?;
    // A place that is unknown has a line of its own ruleset.
    let twins = shop.terms.unknowns().is_empty().then(|| Twins::new(&left));
    let (_, right_blocks) = summed(&mut shop, right, buckets[1], twins.as_ref())?;
    Ok([left_blocks, right_blocks])
}

/// The same for one program.
///
/// # Errors
/// When the arena's budget is used up.
#[cfg(test)]
pub fn summarize(
    dd: &mut Arena,
    terms: &mut Terms,
    program: &Program,
    buckets: &[Bucket],
    answers: &[Answers],
) -> Bounded<Vec<Block>> {
    summed(&mut Workshop { dd, terms, answers }, program, buckets, None).map(|(_, blocks)| blocks)
}

/// One program, and what its base chains do; `twins` are chains that need not be summed up again.
pub(super) fn summed<'a>(
    shop: &mut Workshop<'_>,
    program: &'a Program,
    buckets: &'a [Bucket],
    twins: Option<&Twins<'_>>,
) -> Bounded<(Side<'a>, Vec<Block>)> {
    let Calls { order, known } = Calls::new(shop.dd, program);
    let mut side = Side { program, buckets, known, summaries: Summaries::default() };
    for &id in order.iter().rev() {
        let twin = twins.map_or(Ok(None), |twins| twins.of(shop, &side, id))?;
        let called = match twin {
            Some(called) => called,
            None => Rc::new(Called::new(side.sum(shop, id)?)),
        };
        side.summaries.done.insert(id, called);
    }
    let blocks = program.bases.iter().map(|base| side.summaries.base(shop, base)).collect::<Bounded<_>>()?;
    Ok((side, blocks))
}

impl Side<'_> {
    /// What a chain does, whose callees are summed up.
    fn sum(&mut self, shop: &mut Workshop<'_>, id: ChainId) -> Bounded<Block> {
        let empty = Cube::default();
        let known = self.known.get(&id).unwrap_or(&empty);
        let rules = self.program.chain(id).map(|chain| chain.rules.as_slice()).unwrap_or_default();
        let mut flow = |shop: &mut Workshop<'_>, flow: &Flow| self.summaries.flow(shop, flow);
        rules_block(shop, rules, &mut Surroundings { known, buckets: self.buckets, flow: &mut flow })
    }
}

/// A chain's summary, and what callers make of it.
pub(super) struct Called {
    own: Block,
    jumped: std::cell::OnceCell<Rc<Block>>,
    gone: std::cell::OnceCell<Rc<Block>>,
}

impl Called {
    fn new(own: Block) -> Self {
        Called { own, jumped: std::cell::OnceCell::new(), gone: std::cell::OnceCell::new() }
    }
}

/// Summaries of chains, and blocks of verdicts.
#[derive(Default)]
pub(super) struct Summaries {
    done: FxHashMap<ChainId, Rc<Called>>,
    leaves: FxHashMap<u32, Rc<Block>>,
}

impl Summaries {
    /// What is made of a chain, if it is summed up.
    pub fn get(&self, id: ChainId) -> Option<Rc<Called>> {
        self.done.get(&id).cloned()
    }

    fn flow(&mut self, shop: &mut Workshop<'_>, flow: &Flow) -> Bounded<Rc<Block>> {
        match flow {
            Flow::Continue => Ok(self.leaf(CONTINUE)),
            Flow::Return => Ok(self.leaf(RETURN)),
            Flow::Verdict(verdict) => {
                let leaf = shop.terms.leaf(verdict);
                Ok(self.leaf(leaf))
            }
            Flow::Jump(id) => match self.called(shop, *id) {
                Ok(called) => cached(&called.jumped, || jumped(shop, &called.own)),
                Err(leaf) => Ok(self.leaf(leaf)),
            },
            Flow::Goto(id) => match self.called(shop, *id) {
                Ok(called) => cached(&called.gone, || gone(shop, &called.own)),
                Err(leaf) => Ok(self.leaf(leaf)),
            },
        }
    }

    fn leaf(&mut self, leaf: u32) -> Rc<Block> {
        Rc::clone(self.leaves.entry(leaf).or_insert_with(|| Rc::new(Block::ending(leaf))))
    }

    /// The summary; a chain that is not summed up before its caller calls itself, which no kernel loads.
    fn called(&self, shop: &mut Workshop<'_>, id: ChainId) -> Result<Rc<Called>, u32> {
        self.get(id).ok_or_else(|| {
            shop.terms.leaf(&Verdict::Unknown { line: 0, why: "a chain is missing or calls itself".to_owned() })
        })
    }

    fn base(&mut self, shop: &mut Workshop<'_>, base: &Base) -> Bounded<Block> {
        let leaf = shop.terms.leaf(&base.policy);
        match self.called(shop, base.chain) {
            Ok(called) => {
                let ended = shop.dd.otherwise(called.own.verdict, RETURN, Dd::leaf(CONTINUE))?;
                let verdict = shop.dd.otherwise(ended, CONTINUE, Dd::leaf(leaf))?;
                Ok(Block { verdict, ..called.own.clone() })
            }
            Err(unknown) => Ok(Block::ending(unknown)),
        }
    }
}

fn cached(cell: &std::cell::OnceCell<Rc<Block>>, make: impl FnOnce() -> Bounded<Block>) -> Bounded<Rc<Block>> {
    if let Some(block) = cell.get() {
        return Ok(Rc::clone(block));
    }
    let block = Rc::new(make()?);
    Ok(Rc::clone(cell.get_or_init(|| block)))
}
