//! Runs of rules, and the branches of maps, made into one block top down ([`crate::prove::dd::list`]).

use std::ops::ControlFlow;
use std::rc::Rc;

use smallvec::SmallVec;

use super::program::{Rule, Step};
use super::rules::{Surroundings, steps_block};
use super::sequence::Workshop;
use super::{Block, CONTINUE};
use crate::prove::dd::list::{self, Outcome, together};
use crate::prove::dd::range::Known;
use crate::prove::dd::{Bands, Bounded, Cube, Dd, Range, Ranges, Var};
use crate::prove::space::bands;

/// Conditions on the packet as it comes, and what is done with packets that satisfy them.
pub(super) type Entry = (Ranges, Rc<Block>);

/// The rules one after another.
pub(super) fn rules_block(shop: &mut Workshop<'_>, rules: &[Rule], around: &mut Surroundings<'_>) -> Bounded<Block> {
    let mut runs: Vec<Block> = Vec::new();
    let mut run: Vec<Entry> = Vec::new();
    // Bands of what the run's rules change: conditions on them are not about the packet as it comes.
    let mut changed = Bands::default();
    for rule in rules {
        let Some(Conditions { ranges, among, mut rest }) = conditions(shop, rule, around.known)? else { continue };
        let asked =
            ranges.iter().chain(among.unwrap_or_default()).fold(Bands::default(), |all, r| all.union(r.bands()));
        // A lookup asked behind a change is another one.
        let asked = bands::asked_by(asked);
        if asked.meets(changed) {
            runs.push(entries_block(shop, &std::mem::take(&mut run))?);
            changed = Bands::default();
        }
        let block = steps_block(shop, rule.line, &rest, around)?;
        let changes = block.changes.iter().fold(Bands::default(), |all, &(var, _)| all.union(Bands::of(var)));
        changed = changed.union(changes);
        match among {
            None => {
                let last = ranges.is_empty() && !shop.dd.has_leaf(block.verdict, CONTINUE);
                run.push((ranges, block));
                if last {
                    break;
                }
            }
            // Each value is an entry, unless packets that have one may get another by this very rule.
            Some(among) if !asked.meets(changes) => {
                let with = |range: &Range| together(ranges.iter().copied().chain([*range]));
                run.extend(among.iter().filter_map(with).map(|(ranges, _)| (ranges, Rc::clone(&block))));
            }
            Some(among) => {
                let set = shop.dd.any_range(among)?;
                rest.insert(0, Cow::Owned(Step::Test(set)));
                run.push((ranges, steps_block(shop, rule.line, &rest, around)?));
            }
        }
    }
    runs.push(entries_block(shop, &run)?);
    in_row(shop, &runs)
}

/// Entries one after another; what they change is not in their conditions.
fn entries_block(shop: &mut Workshop<'_>, entries: &[Entry]) -> Bounded<Block> {
    list::build(&mut Blocks { shop, disjoint: false }, entries)
}

/// Entries of which at most one concerns any packet.
pub(super) fn branches_block(shop: &mut Workshop<'_>, entries: &[Entry]) -> Bounded<Block> {
    list::build(&mut Blocks { shop, disjoint: true }, entries)
}

fn in_row(shop: &mut Workshop<'_>, blocks: &[Block]) -> Bounded<Block> {
    match blocks {
        [] => Ok(Block::identity()),
        [only] => Ok(only.clone()),
        _ => {
            let (left, right) = blocks.split_at(blocks.len() / 2);
            let left = in_row(shop, left)?;
            if !shop.dd.has_leaf(left.verdict, CONTINUE) {
                return Ok(left);
            }
            let right = in_row(shop, right)?;
            shop.sequence(&left, &right)
        }
    }
}

/// A rule, its conditions apart that hold before anything else happens in it.
pub(super) struct Conditions<'a> {
    /// All of these.
    pub ranges: Ranges,
    /// And any of these, on variables of their own.
    pub among: Option<&'a [Range]>,
    /// The other steps.
    pub rest: Vec<Cow<'a>>,
}

/// A rule where literals are known; `None` where no packet satisfies its conditions.
pub(super) fn conditions<'a>(shop: &mut Workshop<'_>, rule: &'a Rule, known: &Cube) -> Bounded<Option<Conditions<'a>>> {
    let tests = rule.steps.iter().take_while(|step| step.is_test()).count();
    let (tests, others) = rule.steps.split_at(tests);
    let mut ranges = Ranges::new();
    let mut among: Option<&'a [Range]> = None;
    let mut sets: SmallVec<[Dd; 4]> = SmallVec::new();
    let mut rest: Vec<Cow<'a>> = Vec::with_capacity(others.len());
    for step in tests {
        match step {
            Step::In(range) => match range.under(known) {
                ControlFlow::Continue(range) => ranges.push(range),
                ControlFlow::Break(Known::Always) => {}
                ControlFlow::Break(Known::Never) => return Ok(None),
                ControlFlow::Break(Known::InParts) => sets.push(shop.dd.range(*range)?),
            },
            Step::Test(set) => sets.push(*set),
            Step::Among(values) if among.is_none() && values.iter().all(|range| range.is_free_of(known)) => {
                among = Some(values);
            }
            _ => rest.push(Cow::Borrowed(step)),
        }
    }
    for set in sets {
        let set = shop.dd.restrict(set, known)?;
        match list::as_ranges(shop.dd, set) {
            _ if set == Dd::FALSE => return Ok(None),
            Some(points) => ranges.extend(points),
            None => rest.push(Cow::Owned(Step::Test(set))),
        }
    }
    let Some((ranges, over)) = together(ranges) else { return Ok(None) };
    for range in over {
        rest.insert(0, Cow::Owned(Step::Test(shop.dd.range(range)?)));
    }
    if let Some(values) = among
        && ranges.iter().any(|range| values.iter().any(|value| value.overlaps(*range)))
    {
        rest.insert(0, Cow::Owned(Step::Test(shop.dd.any_range(values)?)));
        among = None;
    }
    rest.extend(others.iter().map(Cow::Borrowed));
    Ok(Some(Conditions { ranges, among, rest }))
}

/// A step of the rule, or one made of it.
pub(super) type Cow<'a> = std::borrow::Cow<'a, Step>;

/// Lists whose entries are blocks.
struct Blocks<'a, 'b> {
    shop: &'a mut Workshop<'b>,
    /// No two entries concern the same packet.
    disjoint: bool,
}

impl Outcome for Blocks<'_, '_> {
    type Entry = Rc<Block>;
    type Value = Block;

    fn nothing(&mut self) -> Block {
        Block::identity()
    }

    fn is_final(&self, entry: &Rc<Block>) -> bool {
        !self.shop.dd.has_leaf(entry.verdict, CONTINUE)
    }

    fn is_constant(&self, entry: &Rc<Block>) -> bool {
        entry.bands == Bands::default()
    }

    fn everywhere(&mut self, entry: &Rc<Block>) -> Block {
        (**entry).clone()
    }

    fn inside(&mut self, ranges: &[Range], hi: Block, lo: Block) -> Bounded<Block> {
        self.shop.inside(ranges, &hi, &lo)
    }

    fn then(&mut self, left: Block, right: Block) -> Bounded<Block> {
        if self.disjoint { self.shop.beside(&left, &right) } else { self.shop.sequence(&left, &right) }
    }

    fn choose(&mut self, var: Var, lo: Block, hi: Block) -> Bounded<Block> {
        self.shop.choose(var, &lo, &hi)
    }
}
