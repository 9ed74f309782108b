//! Properties of the packet's connection: `helper`, `connlabel`, `connbytes` (`xt_helper.c`, `xt_connlabel.c`,
//! `xt_connbytes.c`).

use bstr::{BStr, ByteSlice};

use crate::packet::{CtDirection, CtKey, Field, Interval, IntervalSet};
use crate::prove::block::{KEEP, Step};
use crate::prove::dd::{Bounded, Dd};
use crate::prove::save_meaning::{Reading, options};
use crate::prove::space::Slot;
use crate::save::ast::Part;
use crate::save::option::Value;

/// The helper of the connection that this one was expected by. `!` holds where there is none.
///
/// The kernel compares as many letters as the helper's name has, so `ftp-2121` matches `ftp`. The model takes it
/// that no helper's name begins that of another otherwise.
pub fn helper(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let Some((option, name)) = part.get("helper").zip(part.text("helper")) else {
        return Ok(options::not_understood(part));
    };
    let field = Field::Ct(CtKey::Helper);
    let present = reading.space.present(field)?;
    let named = if name.is_empty() {
        Dd::TRUE
    } else {
        let names: IntervalSet = names(name).map(|name| Interval::point(reading.space.text(field, name))).collect();
        reading.space.within(field, &names)?
    };
    let set = reading.space.dd.and(present, named)?;
    Ok(vec![Step::Test(reading.negated_if(option.negated, set)?)])
}

/// Names of helpers that the kernel can hold (`NF_CT_HELPER_NAME_LEN`): as written, and without a port behind it.
fn names(name: &BStr) -> impl Iterator<Item = &BStr> {
    const LONGEST: usize = 15;
    let is_port = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let end = name.rfind_byte(b'-').filter(|&at| is_port(&name[at + 1..]));
    [Some(name), end.map(|at| name[..at].as_bstr())].into_iter().flatten().filter(|name| name.len() <= LONGEST)
}

/// `!` holds without a connection. With `--set`, what has a connection has the label from then on.
pub fn connlabel(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let Some((option, bit)) = part.get("label").zip(part.number("label")) else {
        return Ok(options::not_understood(part));
    };
    let label = Field::Ct(CtKey::Label);
    let (tracked, labelled) = (reading.space.tracked()?, reading.space.any_bit(label, 1 << bit.min(127))?);
    if part.has("set") {
        let slot = reading.space.slot(label);
        let Slot::Bits(vars) = &*slot else { return Ok(options::not_understood(part)) };
        let Some(&var) = vars.iter().nth_back(bit.min(127) as usize) else { return Ok(options::not_understood(part)) };
        let set = reading.space.dd.ite(tracked, Dd::TRUE, Dd::leaf(KEEP))?;
        let holds = reading.negated_if(option.negated, tracked)?;
        return Ok(vec![Step::Assign(vec![(var, set)]), Step::Test(holds)]);
    }
    let set = reading.space.dd.and(tracked, labelled)?;
    Ok(vec![Step::Test(reading.negated_if(option.negated, set)?)])
}

/// Never without a connection; a template counts nothing. A negation reaches the kernel as a range whose ends are
/// swapped, so one number alone is never negated. Connections that nothing counts are outside the model.
pub fn connbytes(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let direction = match part.number("connbytes-dir") {
        Some(0) => Some(CtDirection::Original),
        Some(1) => Some(CtDirection::Reply),
        Some(2) => None,
        _ => return Ok(options::not_understood(part)),
    };
    let key = match part.number("connbytes-mode") {
        Some(0) => CtKey::Packets(direction),
        Some(1) => CtKey::Bytes(direction),
        Some(2) => CtKey::Avgpkt(direction),
        _ => return Ok(options::not_understood(part)),
    };
    let Some((option, &Value::Range(lo, hi))) = part.get("connbytes").map(|option| (option, &option.value)) else {
        return Ok(options::not_understood(part));
    };
    let inside = reading.space.within(Field::Ct(key), &IntervalSet::range(lo.into(), hi.into()))?;
    let set = reading.negated_if(option.negated && lo != hi, inside)?;
    let (tracked, template) = (reading.space.tracked()?, reading.space.has_template()?);
    Ok(vec![Step::Test(reading.space.dd.minus(tracked, template)?), Step::Test(set)])
}
