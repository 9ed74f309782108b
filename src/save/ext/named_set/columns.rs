//! From the parts of an element to the fields of a packet, and to components of a row.

use crate::ir::{Component, Fields, Name, Row};
use crate::packet::{Family, Field, Interval, IntervalSet, L4};
use crate::save::ext::lowering::Cx;
use crate::save::ipset::{Element, Ipset, Part, PartKind};

/// What stands for a part with a port.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Variant {
    /// The kind has no port.
    Plain,
    /// Protocols with ports.
    Ports,
    /// ICMP of the family: type and code.
    Icmp,
    /// Protocols without either, which have port 0.
    Others,
}

impl Variant {
    /// What is added to the name of the set.
    pub const fn suffix(self) -> &'static str {
        match self {
            Variant::Plain | Variant::Ports => "",
            Variant::Icmp => "_icmp",
            Variant::Others => "_protocols",
        }
    }
}

/// The protocols whose ports ipset reads (net/netfilter/ipset/ip_set_getport.c).
const WITH_PORTS: [u8; 4] = [6, 17, 132, 136];

pub fn tcp_and_udp() -> IntervalSet {
    [6, 17].into_iter().map(Interval::point).collect()
}

pub fn with_ports() -> IntervalSet {
    WITH_PORTS.into_iter().map(|protocol| Interval::point(protocol.into())).collect()
}

/// The variant of what packets of a protocol are in the set by; `None` for the other family's ICMP.
pub fn variant_of_protocol(protocol: u8, family: Family) -> Option<Variant> {
    match protocol {
        1 | 58 => ((protocol == 58) == (family == Family::Ip6)).then_some(Variant::Icmp),
        _ if WITH_PORTS.contains(&protocol) => Some(Variant::Ports),
        _ => Some(Variant::Others),
    }
}

/// The variant an element belongs to.
pub fn variant_of(element: &Element) -> Variant {
    let port = element.parts.iter().find_map(|p| match p {
        Part::Port(protocol, ..) => Some(*protocol),
        _ => None,
    });
    match port {
        None => Variant::Plain,
        Some(0) => Variant::Ports,
        Some(1 | 58) => Variant::Icmp,
        Some(protocol) if WITH_PORTS.contains(&protocol) => Variant::Ports,
        Some(_) => Variant::Others,
    }
}

/// The variants a set has, those with elements; a set without any has its first one.
pub fn variants(parts: &[PartKind], hash: bool, ipset: &Ipset, family: Family) -> Vec<Variant> {
    if !parts.contains(&PartKind::Port) {
        return vec![Variant::Plain];
    }
    if !hash || ipset.elements.is_empty() {
        return vec![Variant::Ports];
    }
    let icmp = if family == Family::Ip6 { 58 } else { 1 };
    let of = |e: &Element| match variant_of(e) {
        // The other family's ICMP has no header to look at in this one.
        Variant::Icmp if !e.parts.iter().any(|p| matches!(p, Part::Port(protocol, ..) if *protocol == icmp)) => None,
        variant => Some(variant),
    };
    [Variant::Ports, Variant::Icmp, Variant::Others]
        .into_iter()
        .filter(|v| ipset.elements.iter().any(|e| of(e) == Some(*v)))
        .collect()
}

/// The fields of the packet that the parts stand for; `None` where there is none.
pub fn fields(parts: &[PartKind], source: &[bool], variant: Variant, cx: &Cx) -> Option<Fields> {
    let bitmap = parts == [PartKind::Port];
    let mut out = Fields::new();
    for (kind, &source) in parts.iter().zip(source) {
        match kind {
            PartKind::Ip | PartKind::Net => out.push(if source { cx.saddr() } else { cx.daddr() }),
            PartKind::Iface => out.push(if source { Field::Iifname } else { Field::Oifname }),
            PartKind::Mac => out.push(if source { Field::EtherSaddr } else { Field::EtherDaddr }),
            PartKind::Mark => out.push(Field::Mark),
            PartKind::Port => {
                let port = if source { Field::Sport(L4::Th) } else { Field::Dport(L4::Th) };
                match (variant, cx.family) {
                    (Variant::Ports, _) if bitmap => out.push(port),
                    (Variant::Ports, _) => out.extend([Field::L4proto, port]),
                    (Variant::Icmp, Family::Ip6) => out.extend([Field::Icmp6Type, Field::Icmp6Code]),
                    (Variant::Icmp, _) => out.extend([Field::IcmpType, Field::IcmpCode]),
                    (Variant::Others, _) => out.push(Field::L4proto),
                    (Variant::Plain, _) => return None,
                }
            }
        }
    }
    Some(out)
}

/// A part as components of a row: one, or two for a port. `None` when no packet has the value.
pub fn components(part: &Part, ipset: &Ipset, variant: Variant, family: Family) -> Option<Row> {
    let number = |n: u128| Component::Interval(Interval::point(n));
    let mut out = Row::new();
    match part {
        Part::Addresses(lo, hi) => out.push(Component::Interval(masked(*lo, *hi, ipset))),
        Part::Net(net) => out.push(Component::Interval(net.interval(family)?)),
        Part::Mac(mac) => out.push(number(mac.iter().fold(0, |n, &b| n << 8 | u128::from(b)))),
        Part::Mark(mark) => out.push(number((*mark).into())),
        Part::Iface(interface, _) => {
            out.push(Component::Name(Name { text: interface.name.clone(), wildcard: interface.wildcard }));
        }
        Part::Port(0, lo, hi) => out.push(Component::Interval(Interval::new((*lo).into(), (*hi).into()))),
        Part::Port(protocol, lo, hi) => match variant {
            Variant::Ports => {
                out.push(number((*protocol).into()));
                out.push(Component::Interval(Interval::new((*lo).into(), (*hi).into())));
            }
            Variant::Icmp => out.extend([number(u128::from(*lo >> 8)), number(u128::from(*lo & 0xff))]),
            _ if *lo == 0 => out.push(number((*protocol).into())),
            _ => return None,
        },
        Part::AnyMac | Part::Set(_) => return None,
    }
    Some(out)
}

/// With a netmask an element stands for the whole network.
fn masked(lo: u128, hi: u128, ipset: &Ipset) -> Interval {
    match ipset.netmask {
        Some(mask) => {
            let width_mask = if ipset.family == Some(Family::Ip6) { u128::MAX } else { u32::MAX.into() };
            Interval::new(lo & mask, hi | (width_mask & !mask))
        }
        None => Interval::new(lo, hi),
    }
}
