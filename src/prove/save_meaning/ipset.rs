//! The packets that are in a set, where the text of `ipset save` says what is in it (`ip_set_core.c`,
//! `ip_set_hash_gen.h`, `ip_set_getport.c`, `ip_set_list_set.c`).
//!
//! A packet without what the set asks for (a port, an interface, an Ethernet header) is never in it. Ports of bridges
//! are not in the model.

use std::collections::BTreeSet;

use bstr::BStr;

use super::Reading;
use crate::packet::{Family, Field, Interval, IntervalSet, L4, PayloadBase};
use crate::prove::dd::{Bounded, Dd};
use crate::prove::vocabulary;
use crate::save::ipset::{Element, Ipset, Ipsets, Kind, Part, PartKind};
use crate::save::option::Value;

/// What of a packet is looked up, and which elements answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question<'a> {
    /// For each part of an element, whether the packet's source is asked.
    pub source: &'a [bool],
    /// `--return-nomatch`: exceptions answer yes, and other elements no.
    pub exceptions: bool,
}

impl Question<'_> {
    /// Asked of a set of such elements: only networks have exceptions, and of other sets they are not asked.
    pub fn of(self, parts: &[PartKind]) -> Self {
        Question { exceptions: self.exceptions && parts.contains(&PartKind::Net), ..self }
    }
}

/// The interfaces that elements name.
pub(super) fn names(ipsets: &Ipsets) -> impl Iterator<Item = (Vec<u8>, bool)> {
    let elements = ipsets.names().filter_map(|name| ipsets.get(name.as_ref())).flat_map(|set| &set.elements);
    elements.flat_map(|element| {
        element.parts.iter().filter_map(|part| match part {
            Part::Iface(name, _) => Some((name.name.to_vec(), name.wildcard || element.wildcard)),
            _ => None,
        })
    })
}

/// The directions of `src,dst`; `true` for `src`.
pub(super) fn directions(value: &Value) -> Vec<bool> {
    let Value::List(parts) = value else { return Vec::new() };
    let [_, Value::List(directions)] = parts.as_slice() else { return Vec::new() };
    directions.iter().map(|direction| *direction == Value::Number(1)).collect()
}

/// The packets that are in the set `name`; `None` where the model cannot tell.
pub(super) fn members(name: &BStr, question: Question<'_>, reading: &mut Reading<'_>) -> Bounded<Option<Dd>> {
    let ipsets = reading.ipsets;
    let Some(set) = ipsets.get(name) else { return Ok(None) };
    if matches!(set.kind, Kind::Parts { .. }) {
        return if set.elements.is_empty() {
            waiting(name, set, question, reading)
        } else {
            timed(set, question, reading)
        };
    }
    if expires(set) || set.elements.is_empty() {
        return Ok(None);
    }
    let mut all = Vec::with_capacity(set.elements.len());
    for element in &set.elements {
        let Some(Part::Set(member)) = element.parts.first() else { return Ok(None) };
        if reading.written.contains_key(member) {
            return Ok(None);
        }
        let Some(member) = ipsets.get(member.as_ref()).filter(|m| !expires(m)) else { return Ok(None) };
        let Some(member) = of_set(member, question, reading)? else { return Ok(None) };
        all.push(member);
    }
    reading.space.dd.any(&all).map(Some)
}

/// An empty set waits for somebody to fill it, and so does its twin on the other side: they are asked for the same
/// addresses, and are taken to be filled alike.
fn waiting(name: &BStr, set: &Ipset, question: Question<'_>, reading: &mut Reading<'_>) -> Bounded<Option<Dd>> {
    let Kind::Parts { parts, .. } = &set.kind else { return Ok(None) };
    let family = reading.space.family();
    let only_addresses = parts.iter().all(|part| matches!(part, PartKind::Ip | PartKind::Net));
    if question.of(parts).exceptions || !only_addresses || set.netmask.is_some() || set.family != Some(family) {
        return Ok(None);
    }
    if question.source.len() < parts.len() {
        return Ok(Some(Dd::FALSE));
    }
    let asked = question.source.iter().take(parts.len()).map(|&source| (address(family, source), None));
    let key = vocabulary::key(&asked.collect::<Vec<_>>());
    let all = reading.ipsets.names().map(|name| name.as_slice());
    let twin = format!("{}.{}", reading.table.name(), vocabulary::name_among(name, all));
    let words = vocabulary::member(&twin, &key);
    let in_it = if reading.moves_addresses { reading.space.volatile(&words)? } else { reading.space.opaque(&words)? };
    Ok(Some(in_it))
}

/// Elements that expire are in the set as long as those of the other side that have as many seconds left.
fn timed(set: &Ipset, question: Question<'_>, reading: &mut Reading<'_>) -> Bounded<Option<Dd>> {
    let left = |element: &Element| element.timeout.or(set.timeout).unwrap_or(0);
    if set.elements.iter().all(|element| left(element) == 0) {
        return of_set(set, question, reading);
    }
    // Where one lies inside another, what is left of that changes with time.
    if set.elements.iter().any(|element| element.nomatch) {
        return Ok(None);
    }
    let times: BTreeSet<u64> = set.elements.iter().map(left).collect();
    let mut members = Dd::FALSE;
    for seconds in times {
        let elements = set.elements.iter().filter(|element| left(element) == seconds).cloned().collect();
        let group = Ipset { elements, ..set.clone() };
        let Some(mut group) = of_set(&group, question, reading)? else { return Ok(None) };
        if seconds > 0 {
            let there = reading.space.opaque(&vocabulary::lasting(seconds))?;
            group = reading.space.dd.and(group, there)?;
        }
        members = reading.space.dd.or(members, group)?;
    }
    Ok(Some(members))
}

pub(super) fn expires(set: &Ipset) -> bool {
    set.timeout.is_some() || set.elements.iter().any(|element| element.timeout.is_some())
}

fn of_set(set: &Ipset, question: Question<'_>, reading: &mut Reading<'_>) -> Bounded<Option<Dd>> {
    let Kind::Parts { hash, parts } = &set.kind else { return Ok(None) };
    let question = question.of(parts);
    let family = reading.space.family();
    if question.source.len() < parts.len() || set.family.is_some_and(|of| of != family) {
        return Ok(Some(Dd::FALSE));
    }
    if let Some(addresses) = plain_addresses(set, parts) {
        let field = address(family, question.source.first() == Some(&true));
        let inside = !question.exceptions;
        return if inside { reading.space.within(field, &addresses).map(Some) } else { Ok(Some(Dd::FALSE)) };
    }
    let mut elements: Vec<&Element> = set.elements.iter().collect();
    // Of nets that hold the packet the smallest decides, the first part before the others.
    elements.sort_by_key(|element| specificity(element));
    let mut regions = Vec::with_capacity(elements.len());
    for element in elements {
        match region(element, parts, *hash, set, question.source, reading)? {
            Some(region) => regions.push((region, element.nomatch == question.exceptions)),
            None => return Ok(None),
        }
    }
    decided(&regions, reading).map(Some)
}

/// The set as addresses, where it is made of nothing else and has no exceptions.
fn plain_addresses(set: &Ipset, parts: &[PartKind]) -> Option<IntervalSet> {
    let simple = matches!(parts, [PartKind::Ip | PartKind::Net]) && set.netmask.is_none();
    if !simple || set.elements.iter().any(|element| element.nomatch) {
        return None;
    }
    let interval = |element: &Element| match element.parts.as_slice() {
        [Part::Addresses(lo, hi)] if lo <= hi => Some(Interval::new(*lo, *hi)),
        [Part::Net(net)] => net.interval(set.family?),
        _ => None,
    };
    set.elements.iter().map(interval).collect()
}

/// How many bits of addresses an element fixes, part by part.
pub(super) fn specificity(element: &Element) -> Vec<u32> {
    let bits = |part: &Part| match part {
        Part::Net(net) => Some(net.mask.count_ones()),
        Part::Addresses(..) => Some(u128::BITS),
        _ => None,
    };
    element.parts.iter().filter_map(bits).collect()
}

/// Later regions decide before earlier ones.
fn decided(regions: &[(Dd, bool)], reading: &mut Reading<'_>) -> Bounded<Dd> {
    if regions.iter().all(|(_, yes)| *yes) {
        let all: Vec<Dd> = regions.iter().map(|(region, _)| *region).collect();
        return reading.space.dd.any(&all);
    }
    let mut inside = Dd::FALSE;
    for &(region, yes) in regions {
        inside = if yes {
            reading.space.dd.or(inside, region)?
        } else {
            let outside = reading.space.dd.not(region)?;
            reading.space.dd.and(inside, outside)?
        };
    }
    Ok(inside)
}

/// The packets that an element stands for.
pub(super) fn region(
    element: &Element,
    kinds: &[PartKind],
    hash: bool,
    set: &Ipset,
    source: &[bool],
    reading: &mut Reading<'_>,
) -> Bounded<Option<Dd>> {
    let mut region = Dd::TRUE;
    for ((part, kind), &source) in element.parts.iter().zip(kinds).zip(source) {
        let packets = match (kind, part) {
            (PartKind::Ip | PartKind::Net, part) => addresses(part, set, source, reading)?,
            (PartKind::Port, &Part::Port(protocol, lo, hi)) => {
                let protocols: &[u8] = if hash { &[protocol] } else { &[TCP, UDP] };
                Some(ports(protocols, (lo, hi), source, reading)?)
            }
            (PartKind::Iface, Part::Iface(name, false)) => {
                let field = if source { Field::Iifname } else { Field::Oifname };
                Some(reading.space.name(field, &name.name, name.wildcard || element.wildcard)?)
            }
            (PartKind::Mac, Part::Mac(bytes)) => Some(ethernet(bytes, source, reading)?),
            (PartKind::Mark, &Part::Mark(mark)) => {
                let mask = set.markmask.unwrap_or(u32::MAX);
                Some(reading.space.masked(Field::Mark, mask.into(), (mark & mask).into())?)
            }
            _ => None,
        };
        let Some(packets) = packets else { return Ok(None) };
        region = reading.space.dd.and(region, packets)?;
    }
    Ok(Some(region))
}

pub(super) fn address(family: Family, source: bool) -> Field {
    match (family, source) {
        (Family::Ip6, true) => Field::Ip6Saddr,
        (Family::Ip6, false) => Field::Ip6Daddr,
        (_, true) => Field::IpSaddr,
        (_, false) => Field::IpDaddr,
    }
}

fn addresses(part: &Part, set: &Ipset, source: bool, reading: &mut Reading<'_>) -> Bounded<Option<Dd>> {
    let field = address(reading.space.family(), source);
    match (part, set.netmask) {
        (Part::Net(net), _) => reading.space.masked(field, net.mask, net.address & net.mask).map(Some),
        (Part::Addresses(lo, hi), None) if lo <= hi => {
            reading.space.within(field, &IntervalSet::range(*lo, *hi)).map(Some)
        }
        (Part::Addresses(lo, hi), Some(mask)) if lo == hi => reading.space.masked(field, mask, lo & mask).map(Some),
        _ => Ok(None),
    }
}

const TCP: u8 = 6;
const UDP: u8 = 17;
/// TCP, UDP, SCTP and UDP-Lite: what has ports for ipset.
pub(super) const WITH_PORTS: [u8; 4] = [TCP, UDP, 132, 136];
const WITH_TYPES: [u8; 2] = [1, 58];

/// Protocols without ports have port 0; ICMP has its type and code there. Of the protocols with either, later
/// fragments are in no set; of the others only those of IPv6.
pub(super) fn ports(protocols: &[u8], (lo, hi): (u16, u16), source: bool, reading: &mut Reading<'_>) -> Bounded<Dd> {
    let numbers: IntervalSet = protocols.iter().map(|&p| Interval::point(p.into())).collect();
    let mut packets = reading.space.protocol(&numbers)?;
    let typed = protocols.iter().any(|p| WITH_TYPES.contains(p));
    let ported = protocols.iter().any(|p| WITH_PORTS.contains(p));
    if typed || ported || reading.space.family() == Family::Ip6 {
        let first = reading.space.first_fragment()?;
        packets = reading.space.dd.and(packets, first)?;
    }
    let values = if lo <= hi { IntervalSet::range(lo.into(), hi.into()) } else { IntervalSet::empty() };
    let inside = match (typed, ported) {
        (true, _) => {
            let field = Field::Payload { base: PayloadBase::Transport, offset: 0, len: 16 };
            reading.space.within(field, &values)?
        }
        (_, true) => {
            let field = if source { Field::Sport(L4::Th) } else { Field::Dport(L4::Th) };
            reading.space.within(field, &values)?
        }
        _ => Dd::constant(values.contains(0)),
    };
    reading.space.dd.and(packets, inside)
}

fn ethernet(bytes: &[u8; 6], source: bool, reading: &mut Reading<'_>) -> Bounded<Dd> {
    let field = if source { Field::EtherSaddr } else { Field::EtherDaddr };
    let address = bytes.iter().fold(0, |address, &byte| address << 8 | u128::from(byte));
    let (present, equal) = (reading.space.present(field)?, reading.space.masked(field, (1 << 48) - 1, address)?);
    reading.space.dd.and(present, equal)
}
