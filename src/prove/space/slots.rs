//! Each field's variables, and which packets have the field at all.

use std::rc::Rc;

use super::header::{self, Place};
use super::{Space, bands};
use crate::packet::{
    CtKey, DataType, Exthdr, ExthdrPart, Family, FibResult, Field, IpsecDirection, SctpChunkPart, TcpOptionPart,
};
use crate::prove::dd::{Bands, Bounded, Dd, Var};

/// How a field is held.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Slot {
    /// The same for every packet of the family.
    Constant(u128),
    /// A number, most significant bit first.
    Bits(Vec<Var>),
    /// One of a few values; the variables hold which.
    Codes(Vec<Var>, &'static [u128]),
}

/// `ct state`: invalid, new, established, related, untracked, as bits of `NF_CT_STATE_*`; and what a packet with a
/// template for connection tracking seems to be.
const CT_STATES: &[u128] = &[INVALID, NEW, 2, 4, UNTRACKED, NEW];
/// The place of the last in the list.
pub(super) const TEMPLATE: usize = 5;
pub(super) const INVALID: u128 = 1;
pub(super) const NEW: u128 = 8;
pub(super) const UNTRACKED: u128 = 64;
/// The states of packets that have a connection.
pub(super) const TRACKED_STATES: u128 = 8 | 2 | 4;
/// How many variables say which.
const STATE_BITS: u32 = 3;

/// The variables of `ct state`, with their values for one of its values.
pub(super) fn code(state: u128) -> Vec<(Var, bool)> {
    numbered(CT_STATES.iter().position(|&known| known == state).unwrap_or(0))
}

/// The variables of `ct state`, with their values for a place in the list.
pub(super) fn numbered(code: usize) -> Vec<(Var, bool)> {
    (0..STATE_BITS).map(|i| (Var::new(bands::CT_STATE, i), code >> (STATE_BITS - 1 - i) & 1 == 1)).collect()
}

/// Bits for the number that stands for a string.
const TEXT_WIDTH: u32 = 16;

fn bits(band: u32, first: u32, width: u32) -> Slot {
    Slot::Bits((first..first + width).map(|i| Var::new(band, i)).collect())
}

impl Space {
    /// The variables of a field.
    pub fn slot(&mut self, field: Field) -> Rc<Slot> {
        let field = self.normal(field);
        if let Some(slot) = self.slots.get(&field) {
            return Rc::clone(slot);
        }
        let slot = Rc::new(self.make_slot(field));
        self.slots.insert(field, Rc::clone(&slot));
        slot
    }

    /// The bands of fields: what an effect or a condition that depends on them reads.
    pub fn bands_of(&mut self, fields: &[Field]) -> Bands {
        fields.iter().fold(Bands::default(), |bands, &field| match &*self.slot(field) {
            Slot::Constant(_) => bands,
            Slot::Bits(bits) | Slot::Codes(bits, _) => bits.iter().fold(bands, |b, &bit| b.union(Bands::of(bit))),
        })
    }

    /// Fields that are another name for the same thing.
    fn normal(&self, field: Field) -> Field {
        match (field, self.family) {
            (Field::L4proto, Family::Ip) => Field::IpProtocol,
            (Field::Ct(CtKey::IpSaddr(d) | CtKey::Ip6Saddr(d)), _) => Field::Ct(CtKey::Saddr(d)),
            (Field::Ct(CtKey::IpDaddr(d) | CtKey::Ip6Daddr(d)), _) => Field::Ct(CtKey::Daddr(d)),
            _ => field,
        }
    }

    fn make_slot(&mut self, field: Field) -> Slot {
        if let Some(place) = header::place_of(field) {
            return self.header_slot(place);
        }
        match field {
            Field::Nfproto | Field::Ct(CtKey::L3proto) => {
                Slot::Constant(if self.family == Family::Ip { 2 } else { 10 })
            }
            Field::Protocol => Slot::Constant(if self.family == Family::Ip { 0x0800 } else { 0x86dd }),
            Field::L4proto => bits(bands::PROTOCOL, 0, 8),
            Field::Iifname => bits(bands::IIF, 0, self.names.width()),
            Field::Oifname => bits(bands::OIF, 0, self.names.width()),
            Field::Ct(CtKey::State) => Slot::Codes(code(0).into_iter().map(|(var, _)| var).collect(), CT_STATES),
            Field::Ct(CtKey::Status) => bits(bands::CT_STATUS, 0, 32),
            Field::Ct(CtKey::Mark) => bits(bands::CT_MARK, 0, 32),
            Field::Ct(CtKey::Label) => bits(bands::CT_LABEL, 0, 128),
            Field::Mark => bits(bands::MARK, 0, 32),
            Field::Priority => bits(bands::PRIORITY, 0, 32),
            Field::Secmark => bits(bands::PRIORITY, 32, 32),
            Field::Ct(CtKey::Secmark) => bits(bands::CT_MARK, 32, 32),
            Field::Exthdr(Exthdr::Frag, ExthdrPart::Exists) => bits(bands::FRAGMENT, 0, 1),
            Field::Exthdr(Exthdr::Frag, ExthdrPart::FragOff) => bits(bands::FRAGMENT, 1, 13),
            _ => self.new_slot(field),
        }
    }

    fn new_slot(&mut self, field: Field) -> Slot {
        let width = match field.data_type() {
            DataType::Ifname => self.names.width(),
            DataType::String | DataType::Cgroupv2 => TEXT_WIDTH,
            _ if matches!(field, Field::Ct(CtKey::Saddr(_) | CtKey::Daddr(_))) && self.family == Family::Ip => 32,
            _ => field.width().min(128),
        };
        let band = match field {
            Field::Fib { flags, .. } if flags.mark => bands::BY_MARK,
            Field::Fib { result, .. } if result != FibResult::Type => bands::ROUTE,
            _ => bands::META,
        };
        let first = self.next_meta;
        self.next_meta += width;
        bits(band, first, width)
    }

    fn header_slot(&self, place: Place) -> Slot {
        let len = place.len.min(128);
        Slot::Bits((0..len).map(|i| header::bit(self.family, place.base, place.offset + i)).collect())
    }

    /// The field that says how far from the packet's beginning a fragment is.
    pub(super) fn fragment_offset(&self) -> Field {
        match self.family {
            // Without the three flag bits that share its 16 bits.
            Family::Ip => Field::Payload { base: crate::packet::PayloadBase::Network, offset: 51, len: 13 },
            _ => Field::Exthdr(Exthdr::Frag, ExthdrPart::FragOff),
        }
    }

    /// The packets for which reading `field` succeeds, its layer-4 protocol apart.
    ///
    /// Where it fails, nft leaves the rule (`NFT_BREAK` in the kernel's `nft_*_get_eval`).
    pub fn present(&mut self, field: Field) -> Bounded<Dd> {
        if header::family_of(field).is_some_and(|family| family != self.family) {
            return Ok(Dd::FALSE);
        }
        match field {
            Field::Ct(CtKey::State) => Ok(Dd::TRUE),
            Field::Ct(CtKey::IpSaddr(_) | CtKey::IpDaddr(_)) if self.family != Family::Ip => Ok(Dd::FALSE),
            Field::Ct(CtKey::Ip6Saddr(_) | CtKey::Ip6Daddr(_)) if self.family != Family::Ip6 => Ok(Dd::FALSE),
            Field::Ct(CtKey::Helper) => {
                let (tracked, helper) = (self.tracked()?, self.opaque("the connection has a helper")?);
                let helped = self.dd.and(tracked, helper)?;
                // Nobody expected a template.
                let template = self.has_template()?;
                self.dd.minus(helped, template)
            }
            Field::Ct(_) => self.tracked(),
            Field::Skuid | Field::Skgid | Field::Cgroup | Field::SocketCgroupv2 { .. } => {
                self.opaque("the packet belongs to a socket of this host")
            }
            Field::Socket(_) => self.opaque("a socket of this host would take the packet"),
            Field::EtherSaddr | Field::EtherDaddr | Field::EtherType => {
                self.opaque("the packet has an Ethernet header")
            }
            Field::Ibrname | Field::Obrname => self.opaque("the packet passes a bridge port"),
            Field::TcpOption { kind, part } if part != TcpOptionPart::Exists => {
                self.within(Field::TcpOption { kind, part: TcpOptionPart::Exists }, &one())
            }
            Field::SctpChunk { kind, part } if part != SctpChunkPart::Exists => {
                self.within(Field::SctpChunk { kind, part: SctpChunkPart::Exists }, &one())
            }
            // One header, by its types.
            Field::Exthdr(Exthdr::Rt0 | Exthdr::Rt2 | Exthdr::Srh, _) => {
                self.within(Field::Exthdr(Exthdr::Rt, ExthdrPart::Exists), &one())
            }
            Field::Exthdr(header, part) if part != ExthdrPart::Exists => {
                self.within(Field::Exthdr(header, ExthdrPart::Exists), &one())
            }
            Field::Ipsec { dir, spnum, .. } => {
                let dir = if dir == IpsecDirection::In { "in" } else { "out" };
                self.opaque(&format!("the packet has an IPsec policy {spnum} {dir}"))
            }
            _ => Ok(Dd::TRUE),
        }
    }

    /// The packets of the layer-4 protocol that `field` belongs to; all, if it belongs to none.
    pub fn right_protocol(&mut self, field: Field) -> Bounded<Dd> {
        match header::protocol_of(field) {
            Some(protocol) => self.protocol(&crate::packet::IntervalSet::point(protocol.into())),
            None => Ok(Dd::TRUE),
        }
    }

    /// The layer-4 protocol that `field` belongs to.
    pub fn protocol_of(field: Field) -> Option<u8> {
        header::protocol_of(field)
    }

    /// The family that `field` belongs to.
    pub fn family_of(field: Field) -> Option<Family> {
        header::family_of(field)
    }

    /// Whether `field` is read from the transport header, which later fragments do not have.
    pub fn in_transport_header(field: Field) -> bool {
        header::place_of(field).is_some_and(|place| place.base == crate::packet::PayloadBase::Transport)
            || matches!(field, Field::TcpOption { .. } | Field::SctpChunk { .. } | Field::DccpOption { .. })
    }
}

fn one() -> crate::packet::IntervalSet {
    crate::packet::IntervalSet::point(1)
}
