//! `set` (`xt_set.c`): whether the packet is in a set of ipset.

use bstr::ByteSlice;

use super::unmodelled;
use crate::prove::block::Step;
use crate::prove::dd::Bounded;
use crate::prove::save_meaning::changing::Changing;
use crate::prove::save_meaning::ipset::{self, Question};
use crate::prove::save_meaning::{Reading, options, sets};
use crate::save::ast::Part;

/// Options that ask for the counters of the element, which are state.
const COUNTERS: [&str; 6] = ["packets-eq", "packets-lt", "packets-gt", "bytes-eq", "bytes-lt", "bytes-gt"];

/// Whether elements are counted does not matter to the packet.
pub fn set(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let Some(option) = part.get("match-set") else { return Ok(options::not_understood(part)) };
    let Some((name, key)) = sets::name_and_key(&option.value) else { return Ok(options::not_understood(part)) };
    if COUNTERS.iter().any(|option| part.has(option)) {
        return unmodelled::condition(part, reading);
    }
    let source = ipset::directions(&option.value);
    let question = Question { source: &source, exceptions: part.has("return-nomatch") };
    let (written, ipsets) = (reading.written, reading.ipsets);
    if let (Some(set), Some(uses)) = (ipsets.get(name.as_bstr()), written.get(&name)) {
        return match Changing::new(name.as_bstr(), set, uses) {
            Some(changing) => changing.asked(question, option.negated, reading),
            None => Ok(vec![Step::Unknown(format!("the set {name}, which rules change"))]),
        };
    }
    if written.contains_key(&name) || reading.ipsets.get(name.as_bstr()).is_none() {
        let key = if part.has("return-nomatch") { format!("{key} as an exception") } else { key };
        return sets::contains(name.as_bstr(), &key, option.negated, reading);
    }
    Ok(vec![match ipset::members(name.as_bstr(), question, reading)? {
        Some(inside) => Step::Test(reading.negated_if(option.negated, inside)?),
        None => Step::Unknown(format!(
            "the set {name}, with elements that the model does not have, exceptions that expire, or nothing in it yet but \
             ports"
        )),
    }])
}
