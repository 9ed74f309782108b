//! Sets of packets as conditions that people can read.

use std::collections::BTreeMap;

use crate::packet::{Hook, Interval, IntervalSet};
use crate::prove::dd::{Cube, Dd, Var};
use crate::prove::space::{Shown, Space, bands};

/// What a region says about one field.
#[derive(Clone)]
enum Values {
    In(IntervalSet),
    /// Through masks: any of these.
    Masked(Vec<(u128, u128)>),
}

/// Paths through one field's bits that are looked at before giving up on listing them all.
const MOST_PATHS: usize = 2000;

struct Lister<'a> {
    space: &'a Space,
    hook: Hook,
    limit: usize,
    found: Vec<Vec<(Shown, Values)>>,
    more: bool,
}

/// Up to `limit` regions whose union is `set`, and whether there are more.
///
/// That a packet is no later fragment is not written down.
pub(super) fn regions(space: &Space, hook: Hook, set: Dd, limit: usize) -> (Vec<String>, bool) {
    let mut lister = Lister { space, hook, limit, found: Vec::new(), more: false };
    lister.explore(set, &mut Vec::new(), None);
    let texts = lister.found.iter().map(|conditions| text(space, conditions)).collect();
    (texts, lister.more)
}

impl Lister<'_> {
    fn explore(&mut self, set: Dd, conditions: &mut Vec<(Shown, Values)>, protocol: Option<u8>) {
        if self.found.len() >= self.limit {
            self.more |= set != Dd::FALSE;
            return;
        }
        let Some((var, ..)) = self.space.dd.split(set) else {
            if set == Dd::TRUE {
                self.found.push(conditions.clone());
            }
            return;
        };
        let shown = self.space.shown(var, protocol);
        for (rest, paths) in self.exits(set, &shown) {
            let mut values = values(&paths, shown.bits.len() as u32, shown.has_named_bits());
            let universe = self.space.possible_values(&shown, self.hook);
            if let Values::In(set) = &mut values {
                *set = set.intersection(&universe);
            }
            let shown = shown.clone().out_of(universe);
            let known = match (&values, var.band()) {
                (Values::In(set), bands::PROTOCOL) => set.as_point().map(|number| number as u8),
                _ => protocol,
            };
            conditions.push((shown, values));
            self.explore(rest, conditions, known);
            conditions.pop();
        }
    }

    /// Where the paths through one field's bits lead, each with the values that lead there.
    fn exits(&mut self, set: Dd, shown: &Shown) -> Vec<(Dd, Vec<(u128, u128)>)> {
        let mut exits: Vec<(Dd, Vec<(u128, u128)>)> = Vec::new();
        let mut rest = vec![(set, 0u128, 0u128)];
        let mut steps = 0;
        while let Some((at, mask, value)) = rest.pop() {
            steps += 1;
            if steps > MOST_PATHS {
                self.more = true;
                break;
            }
            let split = self.space.dd.split(at);
            let bit = split.and_then(|(var, ..)| shown.bits.iter().position(|&bit| bit == var));
            if let (Some((_, lo, hi)), Some(bit)) = (split, bit) {
                let weight = 1u128 << (shown.bits.len() - 1 - bit);
                rest.push((hi, mask | weight, value | weight));
                rest.push((lo, mask | weight, value));
            } else if at != Dd::FALSE {
                match exits.iter_mut().find(|(exit, _)| *exit == at) {
                    Some((_, paths)) => paths.push((mask, value)),
                    None => exits.push((at, vec![(mask, value)])),
                }
            }
        }
        exits
    }
}

/// Masks that are all prefixes make intervals.
fn values(paths: &[(u128, u128)], width: u32, bits: bool) -> Values {
    let whole = if width >= 128 { u128::MAX } else { (1 << width) - 1 };
    let prefix = |mask: u128| (!mask & whole) & (!mask & whole).wrapping_add(1) == 0;
    let free = |mask: u128| (!mask & whole).count_ones();
    if width <= 16 && !bits && !paths.iter().all(|&(mask, _)| prefix(mask)) {
        // Masks that are no prefixes come from the order of numbers: neighbours read better.
        let values: u32 = paths.iter().map(|&(mask, _)| 1 << free(mask)).sum();
        if values <= 4096 {
            return Values::In(paths.iter().flat_map(|&(mask, value)| members(!mask & whole, value)).collect());
        }
    }
    if paths.iter().all(|&(mask, _)| prefix(mask)) {
        let intervals = paths.iter().map(|&(mask, value)| Interval::new(value, value | !mask & whole));
        return Values::In(intervals.collect());
    }
    Values::Masked(paths.to_vec())
}

/// The numbers that differ from `value` in bits of `free` only.
fn members(free: u128, value: u128) -> impl Iterator<Item = Interval> {
    let mut next = Some(0);
    std::iter::from_fn(move || {
        let part = next?;
        // The next number with bits in `free` only; 0 comes again after the last.
        next = Some((part | !free).wrapping_add(1) & free).filter(|&n| n != 0);
        Some(Interval::point(value | part))
    })
}

fn text(space: &Space, conditions: &[(Shown, Values)]) -> String {
    let mut conditions: Vec<&(Shown, Values)> = conditions.iter().collect();
    conditions.sort_by_key(|(shown, _)| shown.rank);
    // `tcp dport 22` says the protocol.
    let named = ["tcp", "udp", "sctp", "dccp", "udplite", "icmp", "icmpv6", "igmp"];
    let said = |shown: &Shown| named.iter().any(|name| shown.name.split(' ').next() == Some(*name));
    let implied = conditions.iter().any(|(shown, _)| said(shown) && shown.rank < 8);
    let whole = |(shown, values): &(Shown, Values)| {
        shown.is_fragment_offset() && matches!(values, Values::In(set) if set.as_point() == Some(0))
    };
    let texts = conditions.iter().filter(|both| !(implied && both.0.name == "meta l4proto" || whole(both)));
    let texts: Vec<String> = texts
        .map(|(shown, values)| match values {
            Values::In(set) => space.show_values(shown, set),
            Values::Masked(list) => {
                let parts: Vec<String> = list.iter().map(|&(m, v)| space.show_masked(shown, m, v)).collect();
                if parts.len() == 1 { parts.join("") } else { format!("({})", parts.join(" or ")) }
            }
        })
        .collect();
    if texts.is_empty() { "any packet".to_owned() } else { texts.join(" ") }
}

/// One packet in words: every field that the cube says something about, the rest of its bits 0.
///
/// That it is no later fragment goes without saying, and interfaces get a name of their class.
pub(super) fn packet(space: &Space, cube: &Cube) -> String {
    let protocol_bits: Vec<Var> = (0..8).map(|i| Var::new(bands::PROTOCOL, i)).collect();
    let number = |bits: &[Var]| bits.iter().fold(0u128, |n, &bit| n << 1 | u128::from(cube.get(bit) == Some(true)));
    let known = cube.literals().iter().any(|(var, _)| var.band() == bands::PROTOCOL);
    let protocol = known.then(|| number(&protocol_bits) as u8);
    let mut fields: BTreeMap<(u32, String), (Shown, u128)> = BTreeMap::new();
    for &(var, _) in cube.literals().iter().filter(|&&(var, _)| !space.says_version(var)) {
        let shown = space.shown(var, protocol);
        let value = number(&shown.bits);
        fields.insert((shown.rank, shown.name.clone()), (shown, value));
    }
    let fields = fields.into_values();
    let conditions: Vec<(Shown, Values)> =
        fields.map(|(shown, value)| (shown.of_one_packet(), Values::In(IntervalSet::point(value)))).collect();
    text(space, &conditions)
}
