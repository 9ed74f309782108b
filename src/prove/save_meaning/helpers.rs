//! What connection tracking makes of helpers in templates (`-j CT --helper`).
//!
//! A template's helper goes to the connection that the packet opens, unless that one was expected
//! (`nf_conntrack_core.c`, `init_conntrack`). That is modelled as one more base chain right behind connection
//! tracking, where each packet that opens a connection takes its way through the raw table once more. It can
//! be told there what raw saw as long as the tests look at nothing that connection tracking changes; others
//! are unknown.

use rustc_hash::FxHashMap;

use super::{Reading, head, parts};
use crate::packet::{CtKey, Field, IntervalSet};
use crate::prove::block::{ChainId, Effect, Flow, Step, Verdict};
use crate::prove::dd::{Bands, Bounded};
use crate::prove::vocabulary;
use crate::save::ast::{Part, Rule, Table, Target};

/// Right behind connection tracking (`NF_IP_PRI_CONNTRACK` + 1).
pub(super) const PRIORITY: i32 = -199;
/// `ct state` of packets that open a connection that nobody expected.
const NEW: u128 = 8;

/// Matches that see the same before and behind connection tracking; sorted.
const LASTING: &[&str] = &[
    "addrtype",
    "comment",
    "dscp",
    "hl",
    "icmp",
    "icmp6",
    "iprange",
    "length",
    "mac",
    "mark",
    "multiport",
    "owner",
    "pkttype",
    "tcp",
    "tos",
    "ttl",
    "udp",
];

/// Whether a rule of the table gives a helper.
pub(super) fn are_given(table: &Table) -> bool {
    table.rules().any(|rule| matches!(&rule.target, Target::Extension(part) if name(part).is_some()))
}

fn name(part: &Part) -> Option<String> {
    let helper = part.text("helper").filter(|name| !name.is_empty())?;
    (part.extension.name == "CT" && !part.has("notrack")).then(|| helper.to_string())
}

/// The rules of a base chain behind which none gives a helper.
pub(super) fn up_to_last<'a, 'b>(rules: &'a [&'b Rule]) -> &'a [&'b Rule] {
    let may_give = |rule: &&Rule| match &rule.target {
        Target::Chain { .. } => true,
        Target::Extension(part) => name(part).is_some(),
        Target::None => false,
    };
    let end = rules.iter().rposition(may_give).map_or(0, |last| last + 1);
    rules.get(..end).unwrap_or(rules)
}

/// A rule of the raw table as far as it has a say in who gets a helper.
pub(super) fn steps(reading: &mut Reading<'_>, chains: &FxHashMap<&[u8], ChainId>) -> Bounded<Vec<Step>> {
    let rule = reading.rule;
    let Some(last) = last_steps(rule, reading, chains)? else { return Ok(Vec::new()) };
    let mut steps = head::steps(reading)?;
    for part in &rule.matches {
        if LASTING.contains(&part.extension.name) {
            steps.extend(parts::read_match(part, reading)?);
        } else {
            steps.push(Step::Unknown(format!("the extension {} before a helper", part.extension.name)));
        }
    }
    steps.extend(last);
    Ok(steps)
}

/// What the target does about helpers; `None` for nothing. What raw dropped does not come here, and what it
/// took out of tracking opens no connection.
fn last_steps(
    rule: &Rule,
    reading: &mut Reading<'_>,
    chains: &FxHashMap<&[u8], ChainId>,
) -> Bounded<Option<Vec<Step>>> {
    let accept = Step::Flow(Flow::Verdict(Verdict::Accept));
    Ok(match &rule.target {
        Target::None => None,
        Target::Chain { name, goto, .. } => Some(vec![super::chains::call(name, *goto, chains)]),
        Target::Extension(part) => match part.extension.name {
            "CT" if part.has("notrack") => None,
            "CT" => match name(part) {
                // The first template stays: nothing behind the rule has a say.
                None => Some(vec![accept]),
                Some(helper) => {
                    let new = reading.space.within(Field::Ct(CtKey::State), &IntervalSet::point(NEW))?;
                    let effect = Effect::Other(vocabulary::helper(&helper));
                    let effect = Step::Effect { effect, reads: Bands::default() };
                    Some(vec![Step::Test(new), effect, accept])
                }
            },
            "ACCEPT" | "QUEUE" | "NFQUEUE" => Some(vec![accept]),
            "RETURN" => Some(vec![Step::Flow(Flow::Return)]),
            _ => None,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted() {
        assert!(LASTING.is_sorted());
    }
}
