//! Facts about single rules, packet by packet, as the kernel's `xt_*.c` have them.
//!
//! Each table says of a rule's matches which packets satisfy them. A packet is a list of fields with their
//! values, everything else being 0 or absent.

mod matches;
mod same;
mod targets;

use rustc_hash::FxHashMap;

use super::SaveRules;
use crate::diag::Source;
use crate::packet::{CtKey, Family, Field, L4};
use crate::prove::Ruleset;
use crate::prove::block::{Bucket, Trace, walk};
use crate::prove::dd::{Budget, Var};
use crate::prove::space::{Names, Slot, Space};
use crate::save::parse;

/// A packet: what its fields hold, and which conditions without bits are true of it.
#[derive(Clone, Default)]
struct Packet {
    fields: Vec<(Field, u128)>,
    holds: Vec<&'static str>,
    /// What every limit and random choice answers.
    answer: bool,
}

impl Packet {
    fn with(mut self, field: Field, value: u128) -> Self {
        self.fields.push((field, value));
        self
    }

    fn that(mut self, holds: &'static str) -> Self {
        self.holds.push(holds);
        self
    }

    /// `ct state` as nft numbers it.
    fn state(self, state: u128) -> Self {
        self.with(Field::Ct(CtKey::State), state)
    }

    fn later_fragment(self) -> Self {
        self.with(Field::IpFragOff, 185)
    }

    fn lucky(mut self) -> Self {
        self.answer = true;
        self
    }

    fn bits(&self, space: &mut Space) -> FxHashMap<Var, bool> {
        let mut bits = FxHashMap::default();
        for &(field, value) in &self.fields {
            let (vars, value) = match &*space.slot(field) {
                Slot::Constant(_) => continue,
                Slot::Bits(vars) => (vars.clone(), value),
                Slot::Codes(vars, codes) => {
                    (vars.clone(), codes.iter().position(|&code| code == value).unwrap() as u128)
                }
            };
            bits.extend(vars.iter().rev().enumerate().map(|(weight, &var)| (var, value >> weight & 1 == 1)));
        }
        for words in &self.holds {
            let condition = space.opaque(words).unwrap();
            bits.insert(space.dd.split(condition).unwrap().0, true);
        }
        bits
    }
}

fn packet() -> Packet {
    Packet::default()
}

fn tcp(sport: u128, dport: u128) -> Packet {
    packet().with(Field::L4proto, 6).with(Field::Sport(L4::Tcp), sport).with(Field::Dport(L4::Tcp), dport)
}

fn udp(sport: u128, dport: u128) -> Packet {
    packet().with(Field::L4proto, 17).with(Field::Sport(L4::Udp), sport).with(Field::Dport(L4::Udp), dport)
}

const INVALID: u128 = 1;
const ESTABLISHED: u128 = 2;
const NEW: u128 = 8;
const UNTRACKED: u128 = 64;

/// What the only rules of a table do to a packet, and the packet's fields afterwards.
struct Done {
    trace: Trace,
    after: FxHashMap<Var, bool>,
    space: Space,
}

impl Done {
    fn field(&mut self, field: Field) -> u128 {
        match &*self.space.slot(field) {
            Slot::Constant(value) => *value,
            Slot::Bits(vars) => self.number(vars),
            Slot::Codes(vars, codes) => codes[self.number(vars) as usize],
        }
    }

    fn number(&self, vars: &[Var]) -> u128 {
        vars.iter().fold(0, |n, var| n << 1 | u128::from(self.after.get(var).copied().unwrap_or_default()))
    }

    fn effects(&self) -> Vec<String> {
        self.trace.effects.iter().map(|(effect, _)| effect.to_string()).collect()
    }
}

/// Takes a packet through the built-in chain of the first rule.
#[track_caller]
fn run(family: Family, table: &str, rules: &str, packet: &Packet) -> Done {
    let text = format!("*{table}\n{rules}\nCOMMIT\n");
    let parsed = parse(&Source::new(0, "test", text.clone().into()).unwrap(), Some(family));
    assert!(parsed.diagnostics.is_empty(), "{text}: {:?}", parsed.diagnostics);
    let rules = SaveRules(&parsed.dump);
    let facts = rules.facts(family);
    let mut space = Space::new(family, Names::new(facts.names), facts.tracks, Budget::default());
    let program = rules.program(&mut space).unwrap();
    let mut after = packet.bits(&mut space);
    let buckets: Vec<Bucket> = (0..program.occurrences.len() as u32).map(Bucket).collect();
    let bit = |var: Var| match var.band() {
        crate::prove::space::bands::ANSWER => packet.answer,
        _ => after.get(&var).copied().unwrap_or_default(),
    };
    let trace = walk(&space.dd, &program, &buckets, &program.bases[0], &bit);
    after.extend(trace.changed.iter().map(|(&var, &value)| (var, value)));
    Done { trace, after, space }
}
