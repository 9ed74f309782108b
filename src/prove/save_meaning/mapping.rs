//! What the entries of a set of ipset give to packets (`set_target_v3` in `xt_set.c`).
//!
//! The bits of the mark that the entry has a mask for are replaced; the priority is the entry's, 0 where it says none.
//! Of networks inside each other the smallest answers.

use super::Reading;
use super::ipset::{expires, region, specificity};
use super::words::Word;
use crate::packet::Field;
use crate::prove::block::Step;
use crate::prove::dd::{Bounded, Dd};
use crate::save::ipset::{Element, Ipset, Kind};

/// The steps for the mark and the priority, as far as they are asked for; `None` where the model cannot tell.
pub(super) fn given(
    set: &Ipset,
    source: &[bool],
    (mark, priority): (bool, bool),
    reading: &mut Reading<'_>,
) -> Bounded<Option<Vec<Step>>> {
    let Kind::Parts { hash, parts } = &set.kind else { return Ok(None) };
    if expires(set) {
        return Ok(None);
    }
    if source.len() < parts.len() || set.family.is_some_and(|of| of != reading.space.family()) {
        return Ok(Some(Vec::new()));
    }
    let mut elements: Vec<&Element> = set.elements.iter().collect();
    elements.sort_by_key(|element| specificity(element));
    let mut regions = Vec::with_capacity(elements.len());
    for element in elements {
        let Some(region) = region(element, parts, *hash, set, source, reading)? else { return Ok(None) };
        regions.push((region, element));
    }
    let mut new = (Word::of(Field::Mark, reading)?, Word::of(Field::Priority, reading)?);
    for (region, element) in regions {
        let (mark, mask) = element.mark.map_or((0, 0), |mark| (mark.value, mark.mask));
        let kept = (Word::of(Field::Mark, reading)?, Word::of(Field::Priority, reading)?);
        let gives = !element.nomatch;
        let (marked, placed) = if gives {
            let marked = kept.0.and(u128::from(!mask)).xor(mark.into(), reading)?;
            let priority = element.priority.unwrap_or(0);
            (marked, kept.1.and(0).xor(priority.into(), reading)?)
        } else {
            kept
        };
        new = (choose(region, marked, new.0, reading)?, choose(region, placed, new.1, reading)?);
    }
    // Both are given at once: the mark may be what the set is asked for.
    let mut changes = Vec::new();
    for (asked, word, field) in [(mark, new.0, Field::Mark), (priority, new.1, Field::Priority)] {
        if asked && let Step::Assign(own) = word.assigned(field, reading)? {
            changes.extend(own);
        }
    }
    Ok(Some(vec![Step::Assign(changes)]))
}

/// One word for the packets of a set, another for the others.
fn choose(packets: Dd, inside: Word, outside: Word, reading: &mut Reading<'_>) -> Bounded<Word> {
    let others = reading.space.dd.not(packets)?;
    inside.combine(outside, reading, |reading, a, b| {
        let a = reading.space.dd.and(packets, a)?;
        let b = reading.space.dd.and(others, b)?;
        reading.space.dd.or(a, b)
    })
}
