//! The way of one packet through rulesets, rule by rule.
//!
//! What the packet does not say is free until a rule depends on it. Then it gets the most usual value that the
//! rest allows, and the trace says so: nothing is assumed silently, and nothing that no rule asked for. All
//! rulesets of one trace see the same packet, with the same assumptions.

mod packet;
mod tracer;

use bstr::BString;

use super::Ruleset;
use super::block::BaseKey;
use super::dd::{Budget, OutOfBudget};
use super::space::{Names, Space};
use crate::nft::ast::Statement;
use crate::packet::{Family, Hook};

/// A packet's way through some rulesets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Traced {
    pub family: Family,
    /// Hooks on its way, in order.
    pub hooks: Vec<Hook>,
    /// Everything that was assumed of it.
    pub assumed: Vec<String>,
    pub sides: Vec<Way>,
}

/// The way through one ruleset.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Way {
    pub bases: Vec<BaseVisit>,
    /// What became of the packet.
    pub end: String,
    /// A rule on the way is not understood: the end is not known.
    pub unknown: bool,
    /// What was done beside, in order: log lines and other effects, limits that were asked.
    pub effects: Vec<String>,
    /// Fields that ended up with another value.
    pub changes: Vec<String>,
}

/// One base chain on the way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BaseVisit {
    pub key: BaseKey,
    pub chain: BString,
    /// Rules that did something with the packet, or needed an assumption about it.
    pub rules: Vec<RuleVisit>,
    /// Why the chain does not see the packet at all.
    pub skipped: Option<String>,
    pub verdict: String,
    /// Whether the verdict is the policy's.
    pub policy: bool,
}

/// One rule on the way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RuleVisit {
    pub chain: BString,
    /// Calls between the base chain and this rule.
    pub depth: usize,
    pub line: u32,
    /// Whether all its tests held.
    pub matches: bool,
    /// What had to be assumed here.
    pub assumed: Vec<String>,
    /// Effects and changes.
    pub does: Vec<String>,
    /// Where the packet goes: `accept`, `jump x`; nothing for the next rule.
    pub goes: Option<String>,
}

/// Why there is no trace.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TraceError {
    /// The condition of this number is no property of a packet.
    #[error("this says nothing about a packet: {1}")]
    NoProperty(usize, String),
    /// No packet is as the conditions up to this one say.
    #[error("no packet is like that: this contradicts what was said before")]
    Contradiction(usize),
    #[error(
        "say where the packet comes from or goes to: `iif eth0` for this host, `iif eth0 oif eth1` through it, `oif eth1` from it, or --hook"
    )]
    NoWay,
    #[error(transparent)]
    Budget(#[from] OutOfBudget),
}

/// Takes a packet through rulesets; `hook`: only through that one.
///
/// # Errors
/// When the packet makes no sense, or the budget is used up.
pub fn trace(
    sides: &[&(dyn Ruleset + Sync)],
    packet: &[Statement],
    families: &[Family],
    hook: Option<Hook>,
) -> Result<Traced, TraceError> {
    let mut failed = None;
    for &family in families {
        match trace_family(sides, packet, family, hook) {
            // Perhaps it is a packet of the other family.
            Err(error @ TraceError::Contradiction(_)) => failed = failed.or(Some(error)),
            Ok(mut traced) => {
                if families.len() > 1 && !packet::says_family(packet) {
                    traced.assumed.insert(0, if family == Family::Ip { "IPv4" } else { "IPv6" }.to_owned());
                }
                return Ok(traced);
            }
            other => return other,
        }
    }
    Err(failed.unwrap_or(TraceError::NoWay))
}

fn trace_family(
    sides: &[&(dyn Ruleset + Sync)],
    packet: &[Statement],
    family: Family,
    hook: Option<Hook>,
) -> Result<Traced, TraceError> {
    let table = packet::table(packet);
    let mut facts: Vec<_> = sides.iter().map(|side| side.facts(family)).collect();
    let tracks = facts.iter().any(|facts| facts.tracks);
    facts.push(packet::rules(&table).facts(family));
    let names = Names::new(facts.into_iter().flat_map(|facts| facts.names));
    let mut space = Space::new(family, names, tracks, Budget::default());
    let said = packet::said(&table, &mut space)?;
    let hooks = match hook {
        Some(hook) => vec![hook],
        None => packet::way(&mut space, said)?.ok_or(TraceError::NoWay)?,
    };
    let set = packet::on_its_way(&mut space, said, &hooks)?;
    if set == super::dd::Dd::FALSE {
        return Err(TraceError::Contradiction(packet.len().saturating_sub(1)));
    }
    let mut assumed = Vec::new();
    let mut set = set;
    let mut ways = Vec::new();
    for side in sides {
        let program = side.program(&mut space)?;
        let mut tracer = tracer::Tracer::new(&mut space, &program, set);
        ways.push(tracer.run(&hooks)?);
        set = tracer.set();
        assumed.extend(tracer.all_assumed());
    }
    Ok(Traced { family, hooks, assumed, sides: ways })
}
