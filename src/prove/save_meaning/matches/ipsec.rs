//! `policy` (`xt_policy.c`): the IPsec transforms done to a packet that came in, or to be done to one that goes out.
//!
//! A transform is asked for by its request id and SPI; its protocol, mode and end points are not in the model. Nor
//! are several elements for packets that came in, where the kernel compares with memory that is not theirs.

use super::unmodelled;
use crate::packet::{Field, IntervalSet, IpsecDirection, IpsecKey, RtKey};
use crate::prove::block::Step;
use crate::prove::dd::{Bounded, Dd};
use crate::prove::save_meaning::Reading;
use crate::save::ast::{Opt, Part};
use crate::save::option::Value;

/// `XFRM_MAX_DEPTH`
const DEEPEST: u8 = 6;

pub fn policy(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let direction = if part.number("dir") == Some(0) { IpsecDirection::In } else { IpsecDirection::Out };
    let handled = match direction {
        IpsecDirection::In => Field::Secpath,
        IpsecDirection::Out => Field::Rt(RtKey::Ipsec),
    };
    let handled = reading.space.masked(handled, 1, 1)?;
    if part.number("pol") == Some(0) {
        return Ok(vec![Step::Test(reading.space.dd.not(handled)?)]);
    }
    let elements = elements(part);
    let known = elements.iter().flatten().all(|option| key(option).is_some());
    if !known || (direction == IpsecDirection::In && elements.len() > 1) {
        return unmodelled::condition(part, reading);
    }
    let set = match elements.as_slice() {
        elements if part.has("strict") => each(elements, direction, reading)?,
        [element] if !element.is_empty() => any(element, direction, reading)?,
        _ => handled,
    };
    Ok(vec![Step::Test(set)])
}

/// The options between one `--next` and the next.
fn elements(part: &Part) -> Vec<Vec<&Opt>> {
    let mut elements = vec![Vec::new()];
    for option in &part.options {
        match (option.spec.name, elements.last_mut()) {
            ("dir" | "pol" | "strict", _) => {}
            ("next", _) => elements.push(Vec::new()),
            (_, Some(element)) => element.push(option),
            (_, None) => {}
        }
    }
    elements
}

fn key(option: &Opt) -> Option<IpsecKey> {
    match option.spec.name {
        "reqid" => Some(IpsecKey::Reqid),
        "spi" => Some(IpsecKey::Spi),
        _ => None,
    }
}

/// The transform with this number is there, and the element fits it.
fn fits(element: &[&Opt], direction: IpsecDirection, number: u8, reading: &mut Reading<'_>) -> Bounded<Dd> {
    let mut set = there(direction, number, reading)?;
    for option in element {
        let (Some(key), Value::Number(value)) = (key(option), &option.value) else { continue };
        let field = Field::Ipsec { dir: direction, spnum: number, key };
        let equal = reading.space.within(field, &IntervalSet::point((*value).into()))?;
        let equal = reading.negated_if(option.negated, equal)?;
        set = reading.space.dd.and(set, equal)?;
    }
    Ok(set)
}

/// There are at least so many transforms and one more.
fn there(direction: IpsecDirection, number: u8, reading: &mut Reading<'_>) -> Bounded<Dd> {
    let mut set = Dd::TRUE;
    for number in 0..=number {
        let field = Field::Ipsec { dir: direction, spnum: number, key: IpsecKey::Reqid };
        let present = reading.space.present(field)?;
        set = reading.space.dd.and(set, present)?;
    }
    Ok(set)
}

/// The element fits any transform.
fn any(element: &[&Opt], direction: IpsecDirection, reading: &mut Reading<'_>) -> Bounded<Dd> {
    let sets: Bounded<Vec<Dd>> = (0..DEEPEST).map(|number| fits(element, direction, number, reading)).collect();
    reading.space.dd.any(&sets?)
}

/// Each element fits its transform, and there are no more of these.
fn each(elements: &[Vec<&Opt>], direction: IpsecDirection, reading: &mut Reading<'_>) -> Bounded<Dd> {
    let mut set = Dd::TRUE;
    for (element, number) in elements.iter().zip(0..) {
        let fits = fits(element, direction, number, reading)?;
        set = reading.space.dd.and(set, fits)?;
    }
    let further = there(direction, elements.len() as u8, reading)?;
    let no_further = reading.space.dd.not(further)?;
    reading.space.dd.and(set, no_further)
}
