//! From aims to packets.
//!
//! First the edges: for each test of each rule, a packet that meets all the others and stands on an
//! edge of this one, inside or just outside; again and again, by turns as unlike what other rules ask for
//! as can be, and as it comes. Then chance: packets that meet some tests and miss others.
//!
//! Invariant: the same aims, pools and seed give the same cases; no two share a connection.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rustc_hash::FxHashSet;

use super::aim::{Aim, Pools, Values, max_value, sample};
use super::apply;
use super::case::{Burst, Case, Drive};
use super::chance::Chance;
use super::packet::{Connection, Flow, Packet, Way};
use crate::packet::{CtKey, Field, Hook, IntervalSet, L4};

/// What to draw.
pub struct Wish<'a> {
    pub aims: &'a [Aim],
    pub pools: &'a Pools,
    pub v6: bool,
    pub seed: u64,
    pub count: usize,
    /// At most so many rules get runs of equal packets.
    pub bursting: usize,
    /// Flows that are taken.
    pub taken: FxHashSet<Flow>,
}

/// The TCP option that nearly every opening packet carries.
const MSS_1460: [u8; 4] = [2, 4, 5, 0xb4];

/// The cases: single packets and exchanges, and apart from them the bursts.
pub fn draw(wish: Wish) -> (Vec<Case>, Vec<Case>) {
    let mut drawer = Drawer {
        chance: Chance::new(wish.seed),
        pools: wish.pools,
        interfaces: wish.pools.interfaces.iter().map(String::as_str).collect(),
        v6: wish.v6,
        taken: wish.taken,
        cases: Vec::new(),
    };
    let edges = edges(wish.aims);
    let most = if wish.aims.is_empty() { 0 } else { wish.count * 3 / 4 };
    let mut plain = true;
    while !edges.is_empty() && drawer.cases.len() < most {
        let before = drawer.cases.len();
        for edge in sample(&edges, most - before) {
            drawer.on_edge(edge, plain);
        }
        if drawer.cases.len() == before {
            break;
        }
        plain = !plain;
    }
    let anywhere = Aim::default();
    let mut tries = 0;
    while drawer.cases.len() < wish.count && tries < wish.count * 4 {
        tries += 1;
        let at = drawer.chance.below(wish.aims.len());
        drawer.near(wish.aims.get(at).unwrap_or(&anywhere));
    }
    let bursting: Vec<&Aim> = wish.aims.iter().filter(|aim| aim.burst.is_some()).collect();
    let bursts = sample(&bursting, wish.bursting).take(wish.bursting).flat_map(|aim| drawer.bursts(aim)).collect();
    drawer.cases.truncate(wish.count);
    (drawer.cases, bursts)
}

/// An aim, which of its wants, and the value to take there; `None` for the aim as it is.
#[derive(Clone, Copy)]
struct Edge<'a> {
    aim: &'a Aim,
    at: Option<(usize, Point<'a>)>,
}

#[derive(Clone, Copy)]
enum Point<'a> {
    Number(u128),
    /// An interface that the name matches, or with `false` one that it does not.
    Name(&'a super::aim::Name, bool),
    /// An interface whose name begins with the name and goes on.
    Longer(&'a super::aim::Name),
}

fn edges(aims: &[Aim]) -> Vec<Edge<'_>> {
    let mut out: Vec<Edge> = aims.iter().map(|aim| Edge { aim, at: None }).collect();
    for aim in aims {
        for (at, (field, values)) in aim.wants.iter().enumerate() {
            let mut push = |point| out.push(Edge { aim, at: Some((at, point)) });
            match values {
                Values::Numbers(set) => {
                    edge_numbers(set, field.width()).into_iter().for_each(|v| push(Point::Number(v)))
                }
                Values::Bits { value, mask, .. } => {
                    edge_bits(*value, *mask, field.width()).into_iter().for_each(|v| push(Point::Number(v)));
                }
                Values::Names { names, .. } => {
                    for name in sample(&names.iter().collect::<Vec<_>>(), 4) {
                        push(Point::Name(name, true));
                        push(Point::Name(name, false));
                        push(Point::Longer(name));
                    }
                }
            }
        }
    }
    out
}

fn edge_numbers(set: &IntervalSet, width: u32) -> Vec<u128> {
    let mut out = Vec::new();
    for interval in sample(set.intervals(), 6) {
        let (lo, hi) = (interval.lo, interval.hi);
        out.extend([lo.checked_sub(1), Some(lo), Some(hi), hi.checked_add(1)].into_iter().flatten());
    }
    out.retain(|value| *value <= max_value(width));
    out.sort_unstable();
    out.dedup();
    out
}

fn edge_bits(value: u128, mask: u128, width: u32) -> Vec<u128> {
    let most = max_value(width);
    let flips = (0..width).map(|bit| 1u128 << bit).filter(|bit| mask & bit != 0);
    let flips: Vec<u128> = flips.collect();
    let mut out = vec![value & mask, (value & mask | !mask) & most, value & most];
    out.extend(sample(&flips, 6).map(|bit| value & mask ^ bit));
    out.dedup();
    out
}

struct Drawer<'a> {
    chance: Chance,
    pools: &'a Pools,
    interfaces: Vec<&'a str>,
    v6: bool,
    taken: FxHashSet<Flow>,
    cases: Vec<Case>,
}

impl<'a> Drawer<'a> {
    fn on_edge(&mut self, edge: Edge, plain: bool) {
        for _ in 0..3 {
            let mut packet = if plain { self.plain(edge.aim.hook) } else { self.base(edge.aim.hook) };
            for (at, (field, values)) in ordered(&edge.aim.wants) {
                match edge.at {
                    Some((here, point)) if here == at => self.apply_point(&mut packet, field, point),
                    _ => self.apply(&mut packet, field, values),
                }
            }
            Self::before_forwarding(&mut packet, edge.aim);
            let wanted = |field| edge.aim.wants.iter().any(|(f, _)| *f == field);
            if self.keep(packet, &edge.aim.label, wanted(Field::Ct(CtKey::State))) {
                return;
            }
        }
    }

    fn near(&mut self, aim: &Aim) {
        let mut packet = self.base(aim.hook);
        let miss = self.chance.one_of(&[0, 10, 30]).unwrap_or_default();
        for (_, (field, values)) in ordered(&aim.wants) {
            if !self.chance.percent(miss) {
                self.apply(&mut packet, field, values);
            }
        }
        Self::before_forwarding(&mut packet, aim);
        self.keep(packet, &aim.label, false);
    }

    /// Runs of packets that meet all the tests: as unlike other rules' as can be, then as they come; for a rule
    /// that counts packets, each packet also in a connection of its own.
    fn bursts(&mut self, aim: &Aim) -> Vec<Case> {
        let Some(burst) = aim.burst else { return Vec::new() };
        let mut out = Vec::new();
        for (plain, vary_port) in [(true, burst.vary_port), (true, true), (false, burst.vary_port)] {
            let mut packet = if plain { self.plain(aim.hook) } else { self.base(aim.hook) };
            packet.connection = Connection::New;
            for (_, (field, values)) in ordered(&aim.wants) {
                self.apply(&mut packet, field, values);
            }
            Self::before_forwarding(&mut packet, aim);
            let drive = Drive::Burst(Burst { vary_port, ..burst });
            out.push(Case { packet, drive, aim: aim.label.clone() });
        }
        out.dedup_by(|a, b| a.drive == b.drive && a.packet == b.packet);
        out
    }

    /// A packet that rules hardly ask for.
    fn plain(&mut self, hook: Option<Hook>) -> Packet {
        let mut packet = self.base(hook);
        let usual = Packet::default();
        (packet.mark, packet.ct_mark, packet.ttl, packet.tos) = (0, 0, usual.ttl, usual.tos);
        (packet.uid, packet.gid, packet.mac, packet.tcp_flags) = (0, 0, usual.mac, usual.tcp_flags);
        (packet.payload, packet.protocol, packet.connection) = (usual.payload, 17, usual.connection);
        packet.sport = self.chance.between(32768, 60999) as u16;
        packet.dport = self.chance.between(32768, 60999) as u16;
        packet.tcp_options = MSS_1460.to_vec();
        let host = self.chance.between(1, 0xffff);
        (packet.src, packet.dst) = if self.v6 {
            let net = 0x2001_0db8_7777 << 80;
            (Ipv6Addr::from(net | host).into(), Ipv6Addr::from(net | 1 << 64 | host).into())
        } else {
            (Ipv4Addr::from(0x6440_0000 | host as u32).into(), Ipv4Addr::from(0x6450_0000 | host as u32).into())
        };
        packet
    }

    /// The kernel counts the time to live down before the hook of forwarded packets (`ip_forward.c`).
    fn before_forwarding(packet: &mut Packet, aim: &Aim) {
        let wanted = aim.wants.iter().any(|(field, _)| matches!(field, Field::IpTtl | Field::Ip6Hoplimit));
        if wanted && packet.way == Way::Forward && matches!(aim.hook, Some(Hook::Forward | Hook::Postrouting)) {
            packet.ttl = packet.ttl.saturating_add(1);
        }
    }

    /// Adds a case unless its connection is another's; a port or address that nothing asks for may change for that.
    fn keep(&mut self, mut packet: Packet, label: &str, steady: bool) -> bool {
        if packet.way != Way::Out && packet.iif == "lo" {
            (packet.way, packet.oif) = (Way::Out, "lo".to_owned());
        }
        // A later fragment belongs to no connection of its own.
        let number = u32::try_from(self.cases.len()).unwrap_or_default();
        if !self.taken.insert(packet.flow(number)) {
            packet.sport = self.chance.between(1024, 65535) as u16;
            if !self.taken.insert(packet.flow(number)) {
                return false;
            }
        }
        let talks = packet.connection == Connection::New && !steady && self.chance.percent(12);
        let drive = if talks { Drive::Talk } else { Drive::Once };
        self.cases.push(Case { packet, drive, aim: label.to_owned() });
        true
    }

    fn pooled(&mut self, field: Field) -> Option<u128> {
        let values: Vec<u128> = self.pools.values(field).collect();
        self.chance.one_of(&values)
    }

    fn interface(&mut self) -> String {
        self.chance.one_of(&self.interfaces).unwrap_or("eth0").to_owned()
    }

    /// A packet that could be at the hook.
    fn base(&mut self, hook: Option<Hook>) -> Packet {
        let ways: &[Way] = match hook {
            Some(Hook::Input) => &[Way::In],
            Some(Hook::Forward) => &[Way::Forward],
            Some(Hook::Output) => &[Way::Out],
            Some(Hook::Prerouting) => &[Way::Forward, Way::In],
            Some(Hook::Postrouting) => &[Way::Forward, Way::Out],
            None => &[Way::Forward, Way::In, Way::Out],
        };
        let mut packet = Packet {
            way: self.chance.one_of(ways).unwrap_or_default(),
            iif: self.interface(),
            oif: self.interface(),
            ..Packet::default()
        };
        (packet.src, packet.dst) = (self.address(), self.address());
        (packet.sport, packet.dport) = (self.port(), self.port());
        packet.protocol = self.protocol();
        let icmp = if self.v6 { [128, 129, 1, 2, 3, 4, 133, 135] } else { [8, 0, 3, 11, 5, 13, 12, 8] };
        let pooled = self.pooled(if self.v6 { Field::Icmp6Type } else { Field::IcmpType });
        packet.icmp_type = match pooled {
            Some(kind) if self.chance.percent(50) => kind as u8,
            _ => self.chance.one_of(&icmp).unwrap_or(8),
        };
        self.colour(&mut packet);
        packet
    }

    fn colour(&mut self, packet: &mut Packet) {
        if self.chance.percent(60) {
            packet.tcp_options = MSS_1460.to_vec();
        }
        if self.chance.percent(40) {
            packet.tcp_flags = self.chance.one_of(&[16, 18, 4, 20, 1, 17, 24, 0, 41, 63, 3]).unwrap_or(2);
        }
        for (field, share) in [
            (Field::Mark, if packet.way == Way::Out { 40 } else { 15 }),
            (Field::Ct(CtKey::Mark), 15),
            (Field::IpTtl, 25),
            (Field::IpDscp, 20),
            (Field::IpEcn, 10),
            (Field::Length, 25),
            (Field::EtherSaddr, 40),
            (Field::Skuid, if packet.way == Way::Out { 40 } else { 0 }),
        ] {
            if self.chance.percent(share)
                && let Some(value) = self.pooled(field)
            {
                apply::set(packet, field, value);
            }
        }
        if self.chance.percent(3) {
            packet.ttl = self.chance.one_of(&[1, 2, 255]).unwrap_or(64);
        }
        packet.connection = match self.chance.below(100) {
            0..72 => packet.connection,
            72..76 => Connection::Opened,
            76..84 => Connection::Established,
            84..94 => Connection::Reply,
            _ => Connection::Related,
        };
    }

    fn address(&mut self) -> IpAddr {
        let field = if self.v6 { Field::Ip6Saddr } else { Field::IpSaddr };
        let value = match self.pooled(field) {
            Some(value) if self.chance.percent(70) => value,
            _ if self.v6 => {
                let prefix = self.chance.one_of(&[0x2001_0db8, 0xfd00_0001, 0x2a00_1450, 0xfe80_0000]).unwrap_or(0);
                prefix << 96 | self.chance.between(1, 0xffff_ffff)
            }
            _ => {
                let prefix = self.chance.one_of(&[10, 172, 192, 203, 8, 100]).unwrap_or(10);
                prefix << 24 | self.chance.between(1, 0xff_fffe)
            }
        };
        if self.v6 { IpAddr::V6(Ipv6Addr::from(value)) } else { IpAddr::V4(Ipv4Addr::from(value as u32)) }
    }

    fn port(&mut self) -> u16 {
        match self.pooled(Field::Sport(L4::Th)) {
            Some(port) if self.chance.percent(60) => port as u16,
            _ => self.chance.between(0, 65535) as u16,
        }
    }

    fn protocol(&mut self) -> u8 {
        match self.chance.below(100) {
            0..50 => 6,
            50..80 => 17,
            80..92 if self.v6 => 58,
            80..92 => 1,
            _ => self.pooled(Field::L4proto).map_or(17, |p| p as u8),
        }
    }

    fn apply(&mut self, packet: &mut Packet, field: Field, values: &Values) {
        match values {
            Values::Numbers(set) => {
                if let Some(interval) = self.chance.one_of(set.intervals()) {
                    let inside = self.chance.between(interval.lo, interval.hi);
                    let value = self.chance.one_of(&[interval.lo, interval.hi, inside, inside]).unwrap_or(inside);
                    apply::set(packet, field, value);
                }
            }
            Values::Bits { value, mask, negated } => {
                let others = if self.chance.percent(50) { max_value(field.width()) } else { 0 };
                let mut bits = value & mask | self.chance.between(0, others) & !mask;
                if *negated {
                    let flips: Vec<u128> = (0..field.width()).map(|b| 1 << b).filter(|b| mask & b != 0).collect();
                    bits ^= self.chance.one_of(&flips).unwrap_or_default();
                }
                apply::set(packet, field, bits & max_value(field.width()));
            }
            Values::Names { names, negated } => {
                let fit: Vec<&str> = self.named(|i| names.iter().any(|n| n.matches(i)) != *negated);
                self.place(packet, field, &fit);
                if !negated && names.iter().any(|n| n.matches("lo")) && fit.is_empty() {
                    self.place(packet, field, &["lo"]);
                }
            }
        }
    }

    fn apply_point(&mut self, packet: &mut Packet, field: Field, point: Point) {
        match point {
            Point::Number(value) => apply::set(packet, field, value),
            Point::Name(name, true) if name.text == "lo" => self.place(packet, field, &["lo"]),
            Point::Name(name, inside) => {
                let fit = self.named(|i| name.matches(i) == inside);
                self.place(packet, field, &fit);
            }
            Point::Longer(name) => {
                let fit = self.named(|i| i.starts_with(&name.text) && i.len() > name.text.len());
                self.place(packet, field, &fit);
            }
        }
    }

    fn named(&self, fits: impl Fn(&str) -> bool) -> Vec<&'a str> {
        self.interfaces.iter().copied().filter(|interface| fits(interface)).collect()
    }

    fn place(&mut self, packet: &mut Packet, field: Field, fit: &[&str]) {
        let Some(name) = self.chance.one_of(fit) else { return };
        match field {
            Field::Iifname => packet.iif = name.to_owned(),
            Field::Oifname => packet.oif = name.to_owned(),
            _ => {}
        }
    }
}

/// Wants in an order in which none undoes another: protocols first, what depends on all else last.
fn ordered(wants: &[(Field, Values)]) -> Vec<(usize, (Field, &Values))> {
    let mut out: Vec<_> = wants.iter().enumerate().map(|(at, (field, values))| (at, (*field, values))).collect();
    out.sort_by_key(|(_, (field, _))| match field {
        Field::L4proto | Field::IpProtocol | Field::Ip6Nexthdr => 0,
        Field::Ct(_) => 2,
        Field::Length => 3,
        _ => 1,
    });
    out
}
