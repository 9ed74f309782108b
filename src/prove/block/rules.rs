//! The block of one rule.

use std::ops::ControlFlow;
use std::rc::Rc;

use super::draws::Drawn;
use super::lists::{Cow, Entry, branches_block};
use super::program::{Branch, Flow, OccurrenceId, Step, When, local_answer};
use super::sequence::{On, Workshop};
use super::{Block, Bucket, CONTINUE, KEEP, Key, RETURN, Verdict};
use crate::prove::dd::range::Known;
use crate::prove::dd::{Bands, Bounded, Cube, Dd, Over, Ranges, Substitution, Var, Where};
use crate::prove::space::bands;

/// A rule half read: what its steps have done so far to the packets that are still in it.
struct Progress {
    block: Block,
    /// The packets that have passed all tests.
    inside: Dd,
    /// Latest answers of the rule's occurrences.
    answers: Substitution,
}

/// What a rule needs to know of its surroundings.
pub(super) struct Surroundings<'a> {
    /// Literals that hold wherever the rule is reached.
    pub known: &'a Cube,
    /// The bucket of each occurrence.
    pub buckets: &'a [Bucket],
    /// What happens to packets that go somewhere.
    pub flow: &'a mut dyn FnMut(&mut Workshop<'_>, &Flow) -> Bounded<Rc<Block>>,
}

/// What some steps of a rule do to every packet: a block that `CONTINUE`s to the next rule.
pub(super) fn steps_block(
    shop: &mut Workshop<'_>,
    line: u32,
    steps: &[Cow<'_>],
    around: &mut Surroundings<'_>,
) -> Bounded<Rc<Block>> {
    if let [only] = steps
        && let Step::Flow(flow) = &**only
    {
        return (around.flow)(shop, flow);
    }
    done(shop, line, steps, around).map(Rc::new)
}

fn done(shop: &mut Workshop<'_>, line: u32, steps: &[Cow<'_>], around: &mut Surroundings<'_>) -> Bounded<Block> {
    let mut at = Progress { block: Block::identity(), inside: Dd::TRUE, answers: Substitution::default() };
    for step in steps {
        if let Some(set) = step.tested(shop.dd)?
            && !at.test(shop, set, around.known)?
        {
            return at.give_up(shop, line, BLIND);
        }
        match &**step {
            Step::Test(_) | Step::In(_) | Step::Among(_) => {}
            Step::Consult(occurrence) => {
                if !at.consult(shop, *occurrence, around.buckets)? {
                    return at.give_up(shop, line, "one packet asks a limit or a random choice too often");
                }
            }
            Step::Effect { effect, reads } => {
                if shop.is_blind(&at.block, On::Set(at.inside), *reads)? {
                    return at.give_up(shop, line, BLIND);
                }
                let key = shop.terms.key(effect);
                at.count(shop, key, Dd::TRUE, *reads)?;
            }
            Step::EffectOn { packets, effect } => {
                let Some(packets) = at.read(shop, *packets)? else { return at.give_up(shop, line, BLIND) };
                let key = shop.terms.key(effect);
                at.count(shop, key, packets, Bands::default())?;
            }
            Step::Assign(changes) => {
                if !at.assign(shop, changes)? {
                    return at.give_up(shop, line, BLIND);
                }
            }
            Step::Flow(flow) => {
                let block = (around.flow)(shop, flow)?;
                return shop.join(&at.block, On::Set(at.inside), &block);
            }
            Step::Dispatch(branches) => return at.dispatch(shop, line, branches, around),
            Step::Unknown(why) => return at.give_up(shop, line, why),
            Step::UnknownOn { packets, why } => {
                let Some(packets) = at.read(shop, *packets)? else { return at.give_up(shop, line, BLIND) };
                at.lose(shop, line, packets, why)?;
            }
        }
        if at.inside == Dd::FALSE {
            break;
        }
    }
    Ok(at.block)
}

const BLIND: &str = "a lookup or an effect reads what an earlier statement has changed";

impl Progress {
    /// A function of the packet as it is now, as one of the packet that came; `None` where that is not known.
    fn read(&mut self, shop: &mut Workshop<'_>, d: Dd) -> Bounded<Option<Dd>> {
        let Some(d) = shop.rewrite(&self.block, On::Set(self.inside), d)? else { return Ok(None) };
        self.answers.apply(shop.dd, d).map(Some)
    }

    /// Lets only the packets of a set stay in the rule; false where it is not known which these are.
    fn test(&mut self, shop: &mut Workshop<'_>, set: Dd, known: &Cube) -> Bounded<bool> {
        let set = shop.dd.restrict(set, known)?;
        let Some(set) = self.read(shop, set)? else { return Ok(false) };
        self.inside = shop.dd.and(self.inside, set)?;
        Ok(true)
    }

    fn consult(&mut self, shop: &mut Workshop<'_>, occurrence: OccurrenceId, buckets: &[Bucket]) -> Bounded<bool> {
        let Some(&bucket) = buckets.get(occurrence.0) else { return Ok(false) };
        let Some(bits) = shop.next_answer(&self.block, On::Set(self.inside), bucket)? else { return Ok(false) };
        for (&answer, bit) in bits.iter().zip(0..) {
            self.answers.insert(local_answer(occurrence, bit), answer);
        }
        if shop.is_drawn(bucket) {
            self.block.draws = self.block.draws.then(&Drawn::once(bucket.0));
        } else {
            self.count(shop, Key::Consult(bucket.0), Dd::TRUE, Bands::default())?;
        }
        Ok(true)
    }

    fn count(&mut self, shop: &mut Workshop<'_>, key: Key, packets: Dd, reads: Bands) -> Bounded<()> {
        let packets = shop.dd.and(self.inside, packets)?;
        let once = shop.finish(Dd::leaf(CONTINUE), Vec::new(), vec![(key, packets)], Drawn::default(), reads);
        // The packets inside are told by the packet that came, so the effect must not be moved again.
        self.block = shop.beside(&self.block, &once)?;
        Ok(())
    }

    fn assign(&mut self, shop: &mut Workshop<'_>, changes: &[(Var, Dd)]) -> Bounded<bool> {
        let mut fresh = Vec::with_capacity(changes.len());
        for &(var, function) in changes {
            let Some(function) = self.read(shop, function)? else { return Ok(false) };
            fresh.push((var, function));
        }
        fresh.sort_unstable_by_key(|&(var, _)| var);
        let mut all = self.block.changes.clone();
        for (var, function) in fresh {
            let here = Where::Set(self.inside);
            match all.binary_search_by_key(&var, |&(v, _)| v) {
                Ok(at) => {
                    if let Some(old) = all.get_mut(at) {
                        old.1 = shop.dd.over(here, Over::But(KEEP), function, old.1)?;
                    }
                }
                Err(at) => all.insert(at, (var, shop.dd.over(here, Over::But(KEEP), function, Dd::leaf(KEEP))?)),
            }
        }
        self.block.changes = all;
        let block = std::mem::replace(&mut self.block, Block::identity());
        self.block = shop.finish(block.verdict, block.changes, block.effects, block.draws, block.reads);
        Ok(true)
    }

    fn dispatch(
        mut self,
        shop: &mut Workshop<'_>,
        line: u32,
        branches: &[Branch],
        around: &mut Surroundings<'_>,
    ) -> Bounded<Block> {
        if let Some(entries) = self.entries(shop, branches, around)? {
            let all = branches_block(shop, &entries)?;
            return shop.join(&self.block, On::Set(self.inside), &all);
        }
        let mut parts = Vec::with_capacity(branches.len());
        for Branch { when, flow } in branches {
            let set = when.set(shop.dd)?;
            let set = shop.dd.restrict(set, around.known)?;
            let Some(set) = self.read(shop, set)? else { return self.give_up(shop, line, BLIND) };
            let set = shop.dd.and(self.inside, set)?;
            if set == Dd::FALSE || *flow == Flow::Continue {
                continue;
            }
            let block = (around.flow)(shop, flow)?;
            let moved = shop.after(&self.block, On::Set(set), &block)?;
            let part = shop.place(&Block::identity(), On::Set(set), moved.as_ref().unwrap_or(&block))?;
            parts.push(part);
        }
        let all = fold_beside(shop, &parts)?;
        shop.place(&self.block, On::Set(self.inside), &all)
    }

    /// The branches as a list about the packet as it came; `None` where they are no list, or where the rule
    /// has changed what they ask for.
    fn entries(
        &self,
        shop: &mut Workshop<'_>,
        branches: &[Branch],
        around: &mut Surroundings<'_>,
    ) -> Bounded<Option<Vec<Entry>>> {
        let changed = self.block.changes.iter().fold(Bands::default(), |all, &(var, _)| all.union(Bands::of(var)));
        let mut entries = Vec::with_capacity(branches.len());
        for Branch { when, flow } in branches {
            let When::Ranges(ranges) = when else { return Ok(None) };
            if ranges.iter().any(|range| bands::asked_by(range.bands()).meets(changed)) {
                return Ok(None);
            }
            let mut left = Ranges::new();
            let mut never = *flow == Flow::Continue;
            for range in ranges {
                match range.under(around.known) {
                    ControlFlow::Continue(range) => left.push(range),
                    ControlFlow::Break(Known::Always) => {}
                    ControlFlow::Break(Known::Never) => never = true,
                    ControlFlow::Break(Known::InParts) => return Ok(None),
                }
            }
            if !never {
                entries.push((left, (around.flow)(shop, flow)?));
            }
        }
        Ok(Some(entries))
    }

    /// What happens to some of the packets is not known.
    fn lose(&mut self, shop: &mut Workshop<'_>, line: u32, packets: Dd, why: &str) -> Bounded<()> {
        let lost = shop.dd.and(self.inside, packets)?;
        let leaf = shop.terms.leaf(&Verdict::Unknown { line, why: why.to_owned() });
        self.block = shop.join(&self.block, On::Set(lost), &Block::ending(leaf))?;
        self.inside = shop.dd.minus(self.inside, lost)?;
        Ok(())
    }

    fn give_up(self, shop: &mut Workshop<'_>, line: u32, why: &str) -> Bounded<Block> {
        let leaf = shop.terms.leaf(&Verdict::Unknown { line, why: why.to_owned() });
        shop.join(&self.block, On::Set(self.inside), &Block::ending(leaf))
    }
}

fn fold_beside(shop: &mut Workshop<'_>, blocks: &[Block]) -> Bounded<Block> {
    match blocks {
        [] => Ok(Block::identity()),
        [only] => Ok(only.clone()),
        _ => {
            let (left, right) = blocks.split_at(blocks.len() / 2);
            let (left, right) = (fold_beside(shop, left)?, fold_beside(shop, right)?);
            shop.beside(&left, &right)
        }
    }
}

/// A called chain's block as the caller sees it: `RETURN` and the end of the chain go on.
pub(super) fn jumped(shop: &mut Workshop<'_>, block: &Block) -> Bounded<Block> {
    let verdict = shop.dd.otherwise(block.verdict, RETURN, Dd::leaf(CONTINUE))?;
    let mut draws = block.draws.clone();
    if verdict != block.verdict {
        draws.go_on();
    }
    Ok(Block { verdict, draws, ..block.clone() })
}

/// A chain's block as the end of another: whoever comes back from it returns from both.
pub(super) fn gone(shop: &mut Workshop<'_>, block: &Block) -> Bounded<Block> {
    let verdict = shop.dd.otherwise(block.verdict, CONTINUE, Dd::leaf(RETURN))?;
    let mut draws = block.draws.clone();
    draws.end();
    Ok(Block { verdict, draws, ..block.clone() })
}
