//! A packet that two rulesets treat differently, field by field: for people and for sending it.

use crate::packet::{CtKey, Family, Field, Hook, L4};
use crate::prove::dd::{Bounded, Cube, Dd};
use crate::prove::space::Space;

/// One packet at a hook; fields that do not matter have usual values.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Example {
    /// Names of interfaces; empty where the packet has none.
    pub iif: String,
    pub oif: String,
    pub source: u128,
    pub destination: u128,
    pub protocol: u8,
    /// The first 16 bits of the transport header: a port, or ICMP type and code.
    pub sport: u16,
    pub dport: u16,
    pub tcp_flags: u8,
    pub ttl: u8,
    /// DSCP and ECN.
    pub tos: u8,
    pub mark: u32,
    pub ct_mark: u32,
    /// As a bit of `ct state`: 1 invalid, 2 established, 4 related, 8 new, 64 untracked.
    pub ct_state: u8,
    /// Offset of a later fragment, in units of 8 bytes.
    pub fragment: u16,
}

impl Example {
    /// The packet of a cube that [`Space::plainest`] made.
    pub(super) fn new(space: &mut Space, cube: &Cube) -> Self {
        let v4 = space.family() == Family::Ip;
        let (saddr, daddr, ttl, dscp, ecn) = match v4 {
            true => (Field::IpSaddr, Field::IpDaddr, Field::IpTtl, Field::IpDscp, Field::IpEcn),
            false => (Field::Ip6Saddr, Field::Ip6Daddr, Field::Ip6Hoplimit, Field::Ip6Dscp, Field::Ip6Ecn),
        };
        let mut number = |field| space.number_in(cube, field);
        let (iif, oif) = (number(Field::Iifname), number(Field::Oifname));
        let offset = number(space_offset(v4));
        Example {
            source: number(saddr),
            destination: number(daddr),
            protocol: number(Field::L4proto) as u8,
            sport: number(Field::Sport(L4::Th)) as u16,
            dport: number(Field::Dport(L4::Th)) as u16,
            tcp_flags: number(Field::TcpFlags) as u8,
            ttl: number(ttl) as u8,
            tos: (number(dscp) << 2 | number(ecn)) as u8,
            mark: number(Field::Mark) as u32,
            ct_mark: number(Field::Ct(CtKey::Mark)) as u32,
            ct_state: number(Field::Ct(CtKey::State)) as u8,
            fragment: offset as u16,
            iif: space.name_of(iif),
            oif: space.name_of(oif),
        }
    }
}

const fn space_offset(v4: bool) -> Field {
    use crate::packet::{Exthdr, ExthdrPart, PayloadBase};
    match v4 {
        true => Field::Payload { base: PayloadBase::Network, offset: 51, len: 13 },
        false => Field::Exthdr(Exthdr::Frag, ExthdrPart::FragOff),
    }
}

/// The plainest packet of a set, and of its bits those that matter for being in it.
pub(super) fn example(space: &mut Space, set: Dd, simple: Dd, hook: Hook) -> Bounded<(Cube, Cube)> {
    /// Nodes that are looked at for what matters.
    const MOST: usize = 1 << 16;
    let cube = space.plainest(set)?.unwrap_or_default();
    let mut told = cube.clone();
    if let Some(matter) = space.dd.support(simple, MOST) {
        let mut same: Vec<_> = Vec::new();
        for var in matter {
            same.extend(space.shown(var, None).bits);
        }
        same.sort_unstable();
        told.retain(|var| same.binary_search(&var).is_ok());
    }
    let missing = |field: &str| field == "iifname" && !hook.has_input() || field == "oifname" && !hook.has_output();
    let dull = |space: &Space, var| {
        let name = space.shown(var, None).name;
        missing(&name) && hook != Hook::Postrouting
    };
    told.retain(|var| !dull(space, var));
    Ok((cube, told))
}
