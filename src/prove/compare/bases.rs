//! Base chains of two programs, brought together by hook, priority and type.

use std::collections::BTreeSet;

use crate::prove::block::{Answers, BaseKey, Block, Bucket, CONTINUE, Program, Terms, Verdict, Workshop};
use crate::prove::dd::{Arena, Bounded, Dd};

/// One side's rules and what they mean.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    pub program: &'a Program,
    pub buckets: &'a [Bucket],
    /// By base chain of the program.
    pub blocks: &'a [Block],
}

/// The keys of all base chains of either side, sorted.
pub(super) fn keys(sides: &[Side<'_>; 2]) -> Vec<BaseKey> {
    let all: BTreeSet<BaseKey> = sides.iter().flat_map(|side| side.program.bases.iter().map(|base| base.key)).collect();
    all.into_iter().collect()
}

/// What one side does at a key: an empty chain that accepts, one base chain, or several in a row.
///
/// Several of one priority run in the order in which they were registered, which a text does not fix:
/// `None` when it matters.
pub(super) fn block_at(
    dd: &mut Arena,
    terms: &mut Terms,
    answers: &[Answers],
    side: &Side<'_>,
    key: BaseKey,
) -> Bounded<Option<Block>> {
    let accept = terms.leaf(&Verdict::Accept);
    let idle = Block::identity().with_verdict(Dd::leaf(accept));
    let here = side.program.bases.iter().zip(side.blocks).filter(|(base, _)| base.key == key);
    let busy: Vec<&Block> = here.map(|(_, block)| block).filter(|block| **block != idle).collect();
    match busy.as_slice() {
        [] => Ok(Some(idle)),
        [only] => Ok(Some((*only).clone())),
        [a, b] => {
            let mut shop = Workshop { dd, terms, answers };
            let one = in_row(&mut shop, a, b, accept)?;
            let other = in_row(&mut shop, b, a, accept)?;
            Ok((one == other).then_some(one))
        }
        _ => Ok(None),
    }
}

/// Whether a side has base chains of another type at the same hook and priority, and it matters in which
/// order they run: nothing says so.
pub(super) fn order_matters(
    dd: &mut Arena,
    terms: &mut Terms,
    answers: &[Answers],
    side: &Side<'_>,
    key: BaseKey,
) -> Bounded<bool> {
    let beside: BTreeSet<BaseKey> = side.program.bases.iter().map(|base| base.key).collect();
    let accept = terms.leaf(&Verdict::Accept);
    let Some(own) = block_at(dd, terms, answers, side, key)? else { return Ok(true) };
    for other in beside.into_iter().filter(|o| (o.hook, o.priority) == (key.hook, key.priority) && *o != key) {
        let Some(other) = block_at(dd, terms, answers, side, other)? else { return Ok(true) };
        let mut shop = Workshop { dd, terms, answers };
        if in_row(&mut shop, &own, &other, accept)? != in_row(&mut shop, &other, &own, accept)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// `accept` is final for its own chain only.
fn in_row(shop: &mut Workshop<'_>, a: &Block, b: &Block, accept: u32) -> Bounded<Block> {
    let accepted = shop.dd.is(a.verdict, accept)?;
    let verdict = shop.dd.ite(accepted, Dd::leaf(CONTINUE), a.verdict)?;
    shop.sequence(&a.clone().with_verdict(verdict), b)
}
