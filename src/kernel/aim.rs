//! What packets are aimed at: the tests of a rule and of the rules that lead to it, as sets of values.
//!
//! An aim knows neither iptables nor nft; `from_save` and `from_nft` make aims of rules, tests make their own.
//! An aim that says too little only costs chance: whether two rulesets agree is seen in what the kernel does.
//!
//! Invariant: names of interfaces in a pool can be given to interfaces (1 to 15 bytes, no `/` or blank).

use std::collections::{BTreeMap, BTreeSet};

use super::case::Burst;
use crate::packet::{Field, Hook, Interval, IntervalSet, L4};

/// A packet wanted.
#[derive(Clone, Debug, Default)]
pub struct Aim {
    /// For people: which rule.
    pub label: String,
    /// Where the rule stands; `None` for anywhere.
    pub hook: Option<Hook>,
    /// What must hold together.
    pub wants: Vec<(Field, Values)>,
    /// Constants to draw from that nothing has to meet: what the rule sets, where it translates to.
    pub also: Vec<(Field, Interval)>,
    /// Ranges of ports that the rule translates to.
    pub picks: Vec<(u16, u16)>,
    /// When the rule counts packets or measures time: how many it takes to see it.
    pub burst: Option<Burst>,
}

/// The values of a field that are wanted.
#[derive(Clone, PartialEq, Debug)]
pub enum Values {
    Numbers(IntervalSet),
    /// Those with `value` under `mask`; `negated`: the others.
    Bits {
        value: u128,
        mask: u128,
        negated: bool,
    },
    /// Names of interfaces.
    Names {
        names: Vec<Name>,
        negated: bool,
    },
}

/// A name, or with `wildcard` all names that begin so.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Name {
    pub text: String,
    pub wildcard: bool,
}

impl Name {
    /// Whether an interface has the name.
    pub fn matches(&self, interface: &str) -> bool {
        if self.wildcard { interface.starts_with(&self.text) } else { interface == self.text }
    }
}

impl Values {
    /// One number.
    pub fn one(value: u128) -> Self {
        Values::Numbers(IntervalSet::point(value))
    }

    /// A range of numbers.
    pub fn range(lo: u128, hi: u128) -> Self {
        Values::Numbers(IntervalSet::range(lo, hi))
    }

    /// One exact name.
    pub fn name(text: &str) -> Self {
        Values::Names { names: vec![Name { text: text.to_owned(), wildcard: false }], negated: false }
    }
}

/// Constants of rulesets by kind, with their neighbours.
#[derive(Clone, Debug, Default)]
pub struct Pools {
    numbers: BTreeMap<Field, BTreeSet<u128>>,
    /// Names of interfaces to make.
    pub interfaces: BTreeSet<String>,
    /// Bounds of the port ranges that NAT picks from.
    pub nat_ports: BTreeSet<u16>,
    /// Log groups in use.
    pub groups: BTreeSet<u16>,
}

/// At most so many interfaces are made; each takes time on both sides.
const MOST_INTERFACES: usize = 40;

impl Pools {
    /// Takes in the constants of an aim.
    pub fn learn(&mut self, aim: &Aim) {
        for (field, interval) in &aim.also {
            self.learn_interval(*field, *interval);
        }
        self.nat_ports.extend(aim.picks.iter().flat_map(|(lo, hi)| [*lo, *hi]));
        for (field, values) in &aim.wants {
            match values {
                Values::Numbers(set) => {
                    for interval in sample(set.intervals(), 64) {
                        self.learn_interval(*field, interval);
                    }
                }
                Values::Bits { value, mask, .. } => {
                    self.learn_interval(*field, Interval::point(*value));
                    self.learn_interval(*field, Interval::point(value | !mask & max_value(field.width())));
                }
                Values::Names { names, .. } => names.iter().for_each(|name| self.learn_name(name)),
            }
        }
    }

    /// Takes in an interval of values: its ends, its middle, and what lies next to it.
    pub fn learn_interval(&mut self, field: Field, Interval { lo, hi }: Interval) {
        let most = max_value(field.width());
        let pool = self.numbers.entry(class(field)).or_default();
        let around = [lo.checked_sub(1), Some(lo), Some(lo / 2 + hi / 2), Some(hi), hi.checked_add(1)];
        pool.extend(around.into_iter().flatten().filter(|value| *value <= most));
    }

    /// Takes in the name of an interface: one that matches, and one that is longer.
    fn learn_name(&mut self, name: &Name) {
        self.learn_interface(&format!("{}{}", name.text, if name.wildcard { "0" } else { "" }));
        self.learn_interface(&format!("{}7", name.text));
    }

    /// Takes in a name if an interface can have it.
    fn learn_interface(&mut self, name: &str) {
        let fit = name.len() <= 15
            && !matches!(name, "" | "lo" | "lo7" | "." | "..")
            && name.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'/' | b':' | b'%'));
        if fit && self.interfaces.len() < MOST_INTERFACES {
            self.interfaces.insert(name.to_owned());
        }
    }

    /// Takes in the log groups that a text of either language names, and the interfaces that it sends copies to.
    pub fn learn_text(&mut self, text: &str) {
        let words: Vec<&str> = text.split_whitespace().collect();
        for pair in words.windows(2) {
            match pair {
                ["--nflog-group" | "group", number] => {
                    self.groups.extend(number.trim_end_matches([';', '}']).parse::<u16>());
                }
                ["--oif" | "device", name] => self.learn_interface(name.trim_matches(['"', ';'])),
                ["-j", "NFLOG"] => {
                    self.groups.insert(0);
                }
                _ => {}
            }
        }
    }

    /// The constants that a field is tested against, in either direction.
    pub fn values(&self, field: Field) -> impl ExactSizeIterator<Item = u128> {
        self.numbers
            .get(&class(field))
            .map(|pool| pool.iter().copied().collect::<Vec<_>>())
            .unwrap_or_default()
            .into_iter()
    }
}

/// Fields that share a pool: source and destination, a port of any protocol.
const fn class(field: Field) -> Field {
    match field {
        Field::IpDaddr => Field::IpSaddr,
        Field::Ip6Daddr => Field::Ip6Saddr,
        Field::Sport(_) | Field::Dport(_) => Field::Sport(L4::Th),
        Field::IpProtocol | Field::Ip6Nexthdr => Field::L4proto,
        Field::Ip6Hoplimit => Field::IpTtl,
        Field::Ip6Dscp => Field::IpDscp,
        other => other,
    }
}

/// At most `most` of a slice, evenly.
pub fn sample<T: Copy>(all: &[T], most: usize) -> impl Iterator<Item = T> {
    all.iter().step_by(all.len().div_ceil(most.max(1)).max(1)).copied()
}

/// Greatest value of a field of `width` bits.
pub const fn max_value(width: u32) -> u128 {
    if width >= 128 { u128::MAX } else { (1 << width) - 1 }
}
