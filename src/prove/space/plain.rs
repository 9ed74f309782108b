//! The plainest packet of a set: usual values wherever the set leaves a choice.
//!
//! What is told as an example, and what a trace assumes of fields that the user did not name, comes from
//! one table here, so that a packet reads like one that somebody sends and a kernel would take it.

use super::{Slot, Space, bands, slots};
use crate::packet::{CtKey, Family, Field, IntervalSet, L4};
use crate::prove::dd::{Bounded, Cube, Dd, Var};

const TEST_NET_1: u128 = 0xc000_0201;
const TEST_NET_2: u128 = 0xc633_6401;
const DOC_V6: u128 = 0x2001_0db8_0000_0000_0000_0000_0000_0001;
const DOC_V6_2: u128 = 0x2001_0db8_0001_0000_0000_0000_0000_0001;

impl Space {
    /// Usual values of a field, the most usual first; none where 0 is as good as any.
    fn usual(&self, field: Field, protocol: Option<u128>) -> &'static [u128] {
        let v4 = self.family == Family::Ip;
        match field {
            Field::IpSaddr | Field::Ip6Saddr if v4 => &[TEST_NET_1, 0x0a00_0001, 0xcb00_7101],
            Field::IpSaddr | Field::Ip6Saddr => &[DOC_V6, 0xfd00_0000_0000_0000_0000_0000_0000_0001],
            Field::IpDaddr | Field::Ip6Daddr if v4 => &[TEST_NET_2, 0x0a00_0002, 0xcb00_7102],
            Field::IpDaddr | Field::Ip6Daddr => &[DOC_V6_2, 0xfd00_0000_0000_0000_0000_0000_0000_0002],
            Field::L4proto if v4 => &[6, 17, 1],
            Field::L4proto => &[6, 17, 58],
            Field::Sport(_) => match protocol {
                Some(1) => &[0x0800],
                Some(58) => &[0x8000],
                _ => &[40_000, 1024],
            },
            Field::Dport(_) if matches!(protocol, Some(1 | 58)) => &[],
            Field::Dport(_) => &[80, 443, 8080, 40_001],
            Field::TcpFlags => &[2, 16],
            Field::Ct(CtKey::State) => &[slots::NEW, 2, 4],
            Field::IpTtl | Field::Ip6Hoplimit => &[64],
            _ => &[],
        }
    }

    /// A member of a set with as many usual values as it allows; `None` for the empty set.
    pub fn plainest(&mut self, set: Dd) -> Bounded<Option<Cube>> {
        let mut rest = set;
        for field in self.common() {
            let protocol = self.protocol_in(rest);
            if let Slot::Bits(bits) | Slot::Codes(bits, _) = &*self.slot(field) {
                rest = self.pin_field(rest, field, bits, protocol)?;
            }
        }
        for (field, bits) in [(Field::Iifname, bands::IIF), (Field::Oifname, bands::OIF)] {
            rest = self.without_loopback(rest, field, bits)?;
        }
        Ok(self.dd.member(rest))
    }

    /// The layer-4 protocol of every packet of a set that leaves no choice of it.
    fn protocol_in(&self, set: Dd) -> Option<u128> {
        let member = self.dd.member(set)?;
        let bits: Vec<Var> = (0..8).map(|i| Var::new(bands::PROTOCOL, i)).collect();
        bits.iter().try_fold(0, |n, &bit| Some(n << 1 | u128::from(member.get(bit)?)))
    }

    /// A value for the bits of a field that some packets of a (not empty) set have: a usual one if there is one.
    ///
    /// Answers the packets that have it, and the value.
    pub fn choose(&mut self, set: Dd, field: Option<Field>, bits: &[Var]) -> Bounded<(Dd, u128)> {
        let protocol = self.protocol_in(set);
        let width = bits.len() as u32;
        let whole = if width >= 128 { u128::MAX } else { (1 << width) - 1 };
        let usual: Vec<u128> = match field.map(|field| (field, self.slot(field))) {
            Some((field, slot)) => match &*slot {
                Slot::Codes(_, codes) => {
                    let code = |value: &u128| codes.iter().position(|code| code == value).map(|at| at as u128);
                    self.usual(field, protocol).iter().filter_map(code).collect()
                }
                _ => self.usual(field, protocol).to_vec(),
            },
            None => Vec::new(),
        };
        for value in usual.into_iter().chain([0]) {
            let chosen = self.dd.masked(bits, whole, value)?;
            let chosen = self.dd.and(set, chosen)?;
            if chosen != Dd::FALSE {
                return Ok((chosen, value));
            }
        }
        let member = self.dd.member(set).unwrap_or_default();
        let lowest = bits.iter().fold(0, |n, &bit| n << 1 | u128::from(member.get(bit) == Some(true)));
        // The first host of a network rather than its address.
        for value in [lowest | 1, lowest] {
            let chosen = self.dd.masked(bits, whole, value)?;
            let chosen = self.dd.and(set, chosen)?;
            if chosen != Dd::FALSE {
                return Ok((chosen, value));
            }
        }
        Ok((set, lowest))
    }

    /// Fields whose value matters for whether a packet looks usual, in the order in which they are chosen.
    fn common(&self) -> [Field; 9] {
        let v4 = self.family == Family::Ip;
        [
            self.fragment_offset(),
            Field::L4proto,
            Field::Dport(L4::Th),
            Field::Sport(L4::Th),
            if v4 { Field::IpSaddr } else { Field::Ip6Saddr },
            if v4 { Field::IpDaddr } else { Field::Ip6Daddr },
            Field::TcpFlags,
            Field::Ct(CtKey::State),
            if v4 { Field::IpTtl } else { Field::Ip6Hoplimit },
        ]
    }

    /// The common field that a variable belongs to.
    pub fn common_field(&mut self, var: Var) -> Option<Field> {
        self.common().into_iter().find(|&field| match &*self.slot(field) {
            Slot::Bits(bits) | Slot::Codes(bits, _) => bits.contains(&var),
            Slot::Constant(_) => false,
        })
    }

    fn pin_field(&mut self, set: Dd, field: Field, bits: &[Var], protocol: Option<u128>) -> Bounded<Dd> {
        if set == Dd::FALSE || self.usual(field, protocol).is_empty() && field != self.fragment_offset() {
            return Ok(set);
        }
        Ok(self.choose(set, Some(field), bits)?.0)
    }

    /// Packets of a set that do not pass the loopback interface, if there are any.
    fn without_loopback(&mut self, set: Dd, field: Field, band: u32) -> Bounded<Dd> {
        let lo = self.names.classes(b"lo", false);
        if lo.is_empty() || !self.dd.bands(set).meets(crate::prove::dd::Bands(1 << band)) {
            return Ok(set);
        }
        let others = lo.complement(self.names.width()).intersection(&self.all_names());
        let others = self.in_names(field, &others)?;
        let others = self.dd.and(set, others)?;
        Ok(if others == Dd::FALSE { set } else { others })
    }

    fn all_names(&self) -> IntervalSet {
        IntervalSet::range(0, self.names.len() as u128 - 1)
    }

    /// A name that an interface of this class could have; empty for the missing interface.
    pub fn name_of(&self, class: u128) -> String {
        self.names.example(class)
    }

    /// What a packet has for a field that has bits; 0 where the cube leaves it open.
    pub fn number_in(&mut self, cube: &Cube, field: Field) -> u128 {
        let slot = self.slot(field);
        let bits: &[Var] = match &*slot {
            Slot::Constant(value) => return *value,
            Slot::Bits(bits) | Slot::Codes(bits, _) => bits,
        };
        let number = bits.iter().fold(0, |n, &bit| n << 1 | u128::from(cube.get(bit) == Some(true)));
        match &*slot {
            Slot::Codes(_, codes) => codes.get(number as usize).copied().unwrap_or(0),
            _ => number,
        }
    }
}
