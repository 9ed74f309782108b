//! Sets of ipset that rules write to, where `ipset save` says how they are keyed (`xt_set.c`, `ip_set_core.c`, `*_kadt`
//! in `ip_set_hash_*.c` and `ip_set_bitmap_*.c`, `mtype_add` in `ip_set_hash_gen.h`).
//!
//! Such a set is state: it begins with the elements that are known, and whoever asks it, adds or deletes shares it. A
//! packet without what the set asks for neither is in it nor changes it.

use bstr::BStr;

use super::Reading;
use super::ipset::{Question, WITH_PORTS, address, ports};
use super::sets::{Add, Uses};
use crate::packet::{Family, Field, Interval, IntervalSet, L4};
use crate::prove::block::{Effect, Step};
use crate::prove::dd::{Bounded, Dd};
use crate::prove::vocabulary::{self, FirstElement};
use crate::save::ipset::{Element, Ipset, Kind, Part, PartKind};

/// Seconds that an element can last, and elements that there is room for where the set does not say.
const LONGEST: u64 = 2_147_483;
const USUAL_ROOM: u32 = 65_536;
/// Elements that one written as a range is told by.
const MOST: u128 = 65_536;

/// What stands in the place of a port.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// The kind has none.
    None,
    Ports,
    /// Type and code of ICMP.
    Types,
    /// Only the protocol.
    Bare,
}

/// A set, with what rules do to it.
pub(super) struct Changing<'a> {
    name: &'a BStr,
    set: &'a Ipset,
    uses: &'a Uses,
    hash: bool,
    parts: &'a [PartKind],
}

type Key = Vec<(Field, Option<u128>)>;

impl<'a> Changing<'a> {
    /// `None` where the model does not know such sets.
    pub fn new(name: &'a BStr, set: &'a Ipset, uses: &'a Uses) -> Option<Self> {
        let Kind::Parts { hash, parts } = &set.kind else { return None };
        let known = |part: &PartKind| !matches!(part, PartKind::Iface);
        let learns = !hash && parts.contains(&PartKind::Mac);
        let changing = Changing { name, set, uses, hash: *hash, parts };
        (parts.iter().all(known) && !learns && changing.has_single_addresses()).then_some(changing)
    }

    /// What is added to nets is as long as the longest of them.
    fn has_single_addresses(&self) -> bool {
        let all = if self.set.family == Some(Family::Ip6) { u128::MAX } else { u32::MAX.into() };
        let single = |part: &Part| match part {
            Part::Net(net) => net.mask == all,
            Part::Addresses(lo, hi) => lo == hi,
            _ => true,
        };
        let elements = &self.set.elements;
        !self.parts.contains(&PartKind::Net)
            || self.set.netmask.is_none() && elements.iter().all(|e| !e.nomatch && e.parts.iter().all(single))
    }

    /// The steps of `-m set`: packets that are in the set go on, or those that are not.
    pub fn asked(&self, question: Question<'_>, negated: bool, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
        let nobody = vec![Step::Test(Dd::constant(negated))];
        if question.of(self.parts).exceptions || !self.takes(question.source, reading) {
            return Ok(nobody);
        }
        let shape = match (reading.rule.protocol(), self.shapes(reading).as_slice()) {
            (Some((protocol, false)), shapes) if self.has_ports() => match self.shape_of(protocol, reading) {
                Some(shape) if shapes.contains(&shape) => shape,
                _ => return Ok(nobody),
            },
            (_, [only]) => *only,
            _ => return Ok(vec![self.unknown()]),
        };
        let key = self.key(shape, question.source, reading);
        let able = self.able(shape, question.source, reading)?;
        let implied =
            matches!(reading.rule.protocol(), Some((_, false))) && reading.space.first_fragment()? == Dd::TRUE;
        if negated && able != Dd::TRUE && (!implied || self.parts.contains(&PartKind::Mac)) {
            return Ok(vec![self.unknown()]);
        }
        let own = self.own(shape, reading);
        let words = vocabulary::member(&own, &vocabulary::key(&key));
        let reads = bands(&key, reading);
        let mut steps =
            vec![Step::Test(able), Step::Effect { effect: Effect::Other(format!("asks for {words}")), reads }];
        let (contents, place) = (self.contents(shape, &own), place(&own));
        let Some(contents) = contents else { return Ok(vec![self.unknown()]) };
        steps.extend(reading.consult(contents, Some(place), !negated)?);
        Ok(steps)
    }

    /// The steps of `--add-set`, where it is given, or of `--del-set`.
    pub fn changed(&self, add: Option<Add>, source: &[bool], reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
        if !self.takes(source, reading) {
            return Ok(Vec::new());
        }
        let shape = match (self.has_ports() && self.hash, reading.rule.protocol()) {
            (true, Some((protocol, false))) => match self.shape_of(protocol, reading) {
                Some(shape) => shape,
                None => return Ok(vec![self.unknown()]),
            },
            (true, _) => return Ok(vec![self.unknown()]),
            (false, _) if self.has_ports() => Shape::Ports,
            (false, _) => Shape::None,
        };
        let key = self.key(shape, source, reading);
        let mut able = self.able(shape, source, reading)?;
        if add.is_some() {
            let bound = self.bound(&key, reading)?;
            able = reading.space.dd.and(able, bound)?;
        }
        let own = self.own(shape, reading);
        let Some(contents) = self.contents(shape, &own) else { return Ok(vec![self.unknown()]) };
        let (op, time) = add.map_or(("delete", None), |add| self.operation(add));
        let effect = Effect::Other(vocabulary::set_update(op, &own, &vocabulary::key(&key), time));
        let reads = bands(&key, reading);
        let changed = reading.occurrence(contents, Some(place(&own)), 1);
        let mut steps = vec![Step::Test(able), Step::Effect { effect, reads }, Step::Consult(changed)];
        if add.is_some() {
            // Where it is full nothing is added, and the rule goes on all the same.
            let room = vocabulary::room(&own, self.room());
            steps.push(Step::Consult(reading.occurrence(room, Some(format!("room in {own}")), 1)));
        }
        Ok(steps)
    }

    fn unknown(&self) -> Step {
        Step::Unknown(format!("the set {}, which rules change in ways that the model does not know", self.name))
    }

    /// Whether packets of the family, looked up by so many parts, can be in the set.
    fn takes(&self, source: &[bool], reading: &Reading<'_>) -> bool {
        source.len() >= self.parts.len() && self.set.family.is_none_or(|family| family == reading.space.family())
    }

    fn has_ports(&self) -> bool {
        self.parts.contains(&PartKind::Port)
    }

    /// The shapes of elements that there are, and of those that rules add.
    fn shapes(&self, reading: &Reading<'_>) -> Vec<Shape> {
        if !self.has_ports() {
            return vec![Shape::None];
        }
        let protocol = |part: &Part| match part {
            Part::Port(protocol, ..) => Some(*protocol),
            _ => None,
        };
        let there = self.set.elements.iter().flat_map(|element| &element.parts).filter_map(protocol);
        let added = self.uses.adds.iter().filter_map(|add| add.protocol).filter(|(_, negated)| !negated);
        let protocols = there.chain(added.map(|(protocol, _)| protocol)).filter(|_| self.hash);
        let mut shapes: Vec<Shape> = Vec::new();
        for shape in protocols.filter_map(|protocol| self.shape_of(protocol, reading)) {
            if !shapes.contains(&shape) {
                shapes.push(shape);
            }
        }
        if shapes.is_empty() { vec![Shape::Ports] } else { shapes }
    }

    /// `None` for the other family's ICMP.
    fn shape_of(&self, protocol: u8, reading: &Reading<'_>) -> Option<Shape> {
        let own = if reading.space.family() == Family::Ip6 { 58 } else { 1 };
        match protocol {
            _ if !self.hash || WITH_PORTS.contains(&protocol) => Some(Shape::Ports),
            1 | 58 => (protocol == own).then_some(Shape::Types),
            _ => Some(Shape::Bare),
        }
    }

    /// The name of what holds the elements of a shape, as the table's own set.
    fn own(&self, shape: Shape, reading: &Reading<'_>) -> String {
        let suffix = match shape {
            Shape::None | Shape::Ports => "",
            Shape::Types => "_icmp",
            Shape::Bare => "_protocols",
        };
        let place = if self.uses.tables.len() > 1 { "all tables" } else { reading.table.name() };
        let all = reading.ipsets.names().map(|name| name.as_slice());
        format!("{place}.{}{suffix}", vocabulary::name_among(self.name, all))
    }

    fn key(&self, shape: Shape, source: &[bool], reading: &Reading<'_>) -> Key {
        let family = reading.space.family();
        let mut key = Key::new();
        for (part, &source) in self.parts.iter().zip(source) {
            match (part, shape) {
                (PartKind::Ip | PartKind::Net, _) => key.push((address(family, source), self.set.netmask)),
                (PartKind::Mark, _) => key.push((Field::Mark, self.set.markmask.map(u128::from))),
                (PartKind::Mac, _) => key.push((if source { Field::EtherSaddr } else { Field::EtherDaddr }, None)),
                (PartKind::Port, Shape::Ports) => {
                    key.extend(self.hash.then_some((Field::L4proto, None)));
                    key.push((if source { Field::Sport(L4::Th) } else { Field::Dport(L4::Th) }, None));
                }
                (PartKind::Port, Shape::Types) if family == Family::Ip6 => {
                    key.extend([(Field::Icmp6Type, None), (Field::Icmp6Code, None)]);
                }
                (PartKind::Port, Shape::Types) => key.extend([(Field::IcmpType, None), (Field::IcmpCode, None)]),
                (PartKind::Port, _) => key.push((Field::L4proto, None)),
                (PartKind::Iface, _) => {}
            }
        }
        key
    }

    /// The packets that have what is asked for.
    fn able(&self, shape: Shape, source: &[bool], reading: &mut Reading<'_>) -> Bounded<Dd> {
        let family = reading.space.family();
        let all = (0, u16::MAX);
        let mut able = match shape {
            Shape::None => Dd::TRUE,
            Shape::Ports => ports(if self.hash { &WITH_PORTS } else { &[6, 17] }, all, true, reading)?,
            Shape::Types => ports(&[if family == Family::Ip6 { 58 } else { 1 }], all, true, reading)?,
            Shape::Bare => {
                let with: IntervalSet = WITH_PORTS.iter().chain(&[1, 58]).map(|&p| Interval::point(p.into())).collect();
                let bare = reading.space.protocol(&with.complement(8))?;
                let first = if family == Family::Ip6 { reading.space.first_fragment()? } else { Dd::TRUE };
                reading.space.dd.and(bare, first)?
            }
        };
        for (part, &source) in self.parts.iter().zip(source) {
            if *part == PartKind::Mac {
                let field = if source { Field::EtherSaddr } else { Field::EtherDaddr };
                let present = reading.space.present(field)?;
                able = reading.space.dd.and(able, present)?;
            }
        }
        Ok(able)
    }

    /// The packets whose key the set can hold.
    fn bound(&self, key: &Key, reading: &mut Reading<'_>) -> Bounded<Dd> {
        let mut bound = Dd::TRUE;
        for &(field, mask) in key {
            let own = match (self.hash, self.parts, self.set.range) {
                (true, [PartKind::Ip], _) => {
                    let zero = reading.space.masked(field, mask.unwrap_or(u128::MAX) & all(field), 0)?;
                    reading.space.dd.not(zero)?
                }
                (false, [PartKind::Ip | PartKind::Port], Some((lo, hi))) => {
                    reading.space.within(field, &IntervalSet::range(lo, hi))?
                }
                _ if matches!(field, Field::EtherSaddr | Field::EtherDaddr) => {
                    let zero = reading.space.masked(field, all(field), 0)?;
                    reading.space.dd.not(zero)?
                }
                _ => Dd::TRUE,
            };
            bound = reading.space.dd.and(bound, own)?;
        }
        Ok(bound)
    }

    /// How long an element that is added stays; `Some(0)` for ever, `None` where there are no times.
    fn time(&self, said: Option<u64>) -> Option<u64> {
        self.set.timeout.map(|own| said.unwrap_or(own).min(LONGEST))
    }

    /// With `--exist` an element that is there gets its time anew. One that had none gets one, which is another thing.
    fn operation(&self, add: Add) -> (&'static str, Option<u64>) {
        let time = self.time(add.timeout);
        let times = self.uses.adds.iter().map(|add| self.time(add.timeout));
        let left = self.set.elements.iter().map(|element| Some(self.left(element)));
        let lasting: Vec<bool> = times.chain(left).map(|time| time == Some(0)).collect();
        let op = match add.anew && time.is_some() {
            false => "add",
            true if lasting.iter().all(|lasts| *lasts) => "add",
            true if lasting.iter().all(|lasts| !lasts) => "update",
            true => "update, also what lasts for ever,",
        };
        (op, time.filter(|&seconds| seconds > 0))
    }

    fn left(&self, element: &Element) -> u64 {
        element.timeout.or(self.set.timeout).unwrap_or(0)
    }

    fn room(&self) -> u32 {
        let hosts = self.set.netmask.map_or(1, |mask| (u128::from(u32::MAX) & !mask) + 1);
        match self.set.range {
            Some((lo, hi)) if !self.hash => u32::try_from((hi - lo) / hosts + 1).unwrap_or(USUAL_ROOM),
            _ => self.set.maxelem.filter(|&most| most > 0).unwrap_or(USUAL_ROOM),
        }
    }

    /// What holds the elements of a shape; `None` where they are too many to be told one by one.
    fn contents(&self, shape: Shape, own: &str) -> Option<String> {
        let mut first: Vec<FirstElement> = Vec::new();
        for element in &self.set.elements {
            let Some(keys) = self.keys(element, shape)? else { continue };
            let points = |key: Vec<u128>| key.into_iter().map(|value| (value, value)).collect();
            first.extend(keys.into_iter().map(|key| (points(key), self.left(element))));
        }
        Some(vocabulary::elements(own, first))
    }

    /// The keys that an element stands for, if it is of the shape.
    #[expect(clippy::option_option, reason = "too many keys is another answer than none of this shape")]
    fn keys(&self, element: &Element, shape: Shape) -> Option<Option<Vec<Vec<u128>>>> {
        let mut keys: Vec<Vec<u128>> = vec![Vec::new()];
        for part in &element.parts {
            let values: Vec<Vec<u128>> = match part {
                Part::Addresses(lo, hi) if hi - lo < MOST => {
                    let mask = self.set.netmask.unwrap_or(u128::MAX);
                    let mut masked: Vec<u128> = (*lo..=*hi).map(|address| address & mask).collect();
                    masked.dedup();
                    masked.into_iter().map(|address| vec![address]).collect()
                }
                Part::Addresses(..) => return None,
                Part::Net(net) => vec![vec![net.address]],
                Part::Mark(mark) => vec![vec![u128::from(mark & self.set.markmask.unwrap_or(u32::MAX))]],
                Part::Mac(bytes) => vec![vec![bytes.iter().fold(0, |all, &byte| all << 8 | u128::from(byte))]],
                &Part::Port(protocol, lo, hi) => {
                    let own = match protocol {
                        _ if !self.hash || WITH_PORTS.contains(&protocol) => Shape::Ports,
                        1 | 58 => Shape::Types,
                        _ => Shape::Bare,
                    };
                    if own != shape {
                        return Some(None);
                    }
                    (lo..=hi).map(|port| port_key(protocol, port, own, self.hash)).collect()
                }
                Part::Iface(..) | Part::AnyMac | Part::Set(_) => return None,
            };
            if keys.len() as u128 * values.len() as u128 > MOST {
                return None;
            }
            let with = |key: &Vec<u128>| -> Vec<Vec<u128>> {
                values.iter().map(|value| key.iter().chain(value).copied().collect()).collect()
            };
            keys = keys.iter().flat_map(with).collect();
        }
        Some(Some(keys))
    }
}

fn port_key(protocol: u8, port: u16, shape: Shape, hash: bool) -> Vec<u128> {
    match shape {
        Shape::Types => vec![u128::from(port >> 8), u128::from(port & 0xff)],
        Shape::Bare => vec![protocol.into()],
        _ if hash => vec![protocol.into(), port.into()],
        _ => vec![port.into()],
    }
}

fn all(field: Field) -> u128 {
    u128::MAX >> (128 - field.width())
}

fn place(own: &str) -> String {
    format!("ipset {own}")
}

fn bands(key: &Key, reading: &mut Reading<'_>) -> crate::prove::dd::Bands {
    let fields: Vec<Field> = key.iter().map(|&(field, _)| field).collect();
    reading.space.bands_of(&fields)
}
