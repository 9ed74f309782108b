//! From rules to chains to base chains: each chain is summed up once, called chains first.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::calls::Calls;
use super::lists::rules_block;
use super::program::{Answers, Base, Bucket, ChainId, Flow, Program};
use super::rules::{Surroundings, gone, jumped};
use super::sequence::Workshop;
use super::{Block, CONTINUE, RETURN, Terms, Verdict};
use crate::prove::dd::{Arena, Bounded, Cube, Dd};

/// What each base chain of `program` does to every packet, policies applied, in the order of `program.bases`.
///
/// `buckets` gives each occurrence its bucket, `answers` says what each bucket answers.
///
/// # Errors
/// When the arena's budget is used up.
pub fn summarize(
    dd: &mut Arena,
    terms: &mut Terms,
    program: &Program,
    buckets: &[Bucket],
    answers: &[Answers],
) -> Bounded<Vec<Block>> {
    let calls = Calls::new(dd, program);
    let mut shop = Workshop { dd, terms, answers };
    let mut summaries = Summaries { done: FxHashMap::default(), leaves: FxHashMap::default() };
    for &id in calls.order.iter().rev() {
        let empty = Cube::default();
        let known = calls.known.get(&id).unwrap_or(&empty);
        let rules = program.chain(id).map(|chain| chain.rules.as_slice()).unwrap_or_default();
        let mut flow = |shop: &mut Workshop<'_>, flow: &Flow| summaries.flow(shop, flow);
        let mut around = Surroundings { known, buckets, flow: &mut flow };
        let block = rules_block(&mut shop, rules, &mut around)?;
        summaries.done.insert(id, Rc::new(Called::new(block)));
    }
    program.bases.iter().map(|base| summaries.base(&mut shop, base)).collect()
}

/// A chain's summary, and what callers make of it.
struct Called {
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
struct Summaries {
    done: FxHashMap<ChainId, Rc<Called>>,
    leaves: FxHashMap<u32, Rc<Block>>,
}

impl Summaries {
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
        self.done.get(&id).cloned().ok_or_else(|| {
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
