//! How rules end a packet's way through a base chain, in the same words for both rulesets.

use std::fmt;

use crate::nft::names;
use crate::packet::DataType;

/// An end of a packet's way through a base chain.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Verdict {
    Accept,
    Drop,
    Reject(Rejection),
    Queue {
        from: u16,
        to: u16,
        bypass: bool,
        fanout: bool,
    },
    Nat(NatAction),
    Synproxy {
        mss: Option<u16>,
        wscale: Option<u8>,
        timestamp: bool,
        sack_perm: bool,
    },
    /// Anything else that ends the way, in words both readers agree on.
    Other(String),
    /// The reader does not know what happens here: never equal to anything, not even to itself.
    Unknown {
        line: u32,
        why: String,
    },
}

/// What the sender is told.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Rejection {
    TcpReset,
    /// Type 3 with this code.
    Icmp(u8),
    /// Type 1 with this code.
    Icmp6(u8),
}

/// A translation of addresses; always final.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct NatAction {
    /// `snat`, `dnat`, `masquerade` or `redirect`.
    pub kind: crate::nft::ast::NatKind,
    pub address: Option<NatAddress>,
    /// First and last port.
    pub ports: Option<(u16, u16)>,
    pub random: bool,
    pub fully_random: bool,
    pub persistent: bool,
}

/// What addresses a translation gives.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum NatAddress {
    /// Any of these.
    Range(u128, u128),
    /// The host part is kept: network and prefix length.
    Network(u128, u8),
}

impl NatAddress {
    /// The network of this prefix length; a single address when nothing is left of the packet's own.
    pub const fn network(address: u128, len: u32, width: u32) -> Self {
        if len >= width { NatAddress::Range(address, address) } else { NatAddress::Network(address, len as u8) }
    }
}

impl Verdict {
    /// Whether the packet goes on in the stack.
    pub fn lets_through(&self) -> bool {
        matches!(self, Verdict::Accept | Verdict::Nat(_))
    }

    /// Whether the packet ends here.
    pub fn stops(&self) -> bool {
        matches!(self, Verdict::Drop | Verdict::Reject(_))
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Accept => write!(f, "accept"),
            Verdict::Drop => write!(f, "drop"),
            Verdict::Reject(Rejection::TcpReset) => write!(f, "reject with tcp reset"),
            Verdict::Reject(Rejection::Icmp(code)) => write!(f, "reject with icmp {}", word(DataType::IcmpCode, *code)),
            Verdict::Reject(Rejection::Icmp6(code)) => {
                write!(f, "reject with icmpv6 {}", word(DataType::Icmp6Code, *code))
            }
            Verdict::Queue { from, to, bypass, fanout } => {
                write!(f, "queue to {from}-{to}")?;
                write!(f, "{}{}", if *bypass { " bypass" } else { "" }, if *fanout { " fanout" } else { "" })
            }
            Verdict::Nat(nat) => write!(f, "{nat}"),
            Verdict::Synproxy { mss, wscale, timestamp, sack_perm } => {
                write!(f, "synproxy mss {mss:?} wscale {wscale:?} timestamp {timestamp} sack-perm {sack_perm}")
            }
            Verdict::Other(words) => write!(f, "{words}"),
            Verdict::Unknown { line, why } => write!(f, "unknown ({why}, line {line})"),
        }
    }
}

/// nft's word for a code, or the number.
fn word(data: DataType, code: u8) -> String {
    names::name_of(data, code.into()).map_or_else(|| code.to_string(), str::to_owned)
}

impl fmt::Display for NatAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use crate::nft::ast::NatKind;
        let kind = match self.kind {
            NatKind::Snat => "snat",
            NatKind::Dnat => "dnat",
            NatKind::Masquerade => "masquerade",
            NatKind::Redirect => "redirect",
        };
        write!(f, "{kind}")?;
        if self.address.is_some() || self.ports.is_some() {
            write!(f, " to ")?;
        }
        let v4 = |a: &u128| u32::try_from(*a).ok().map(std::net::Ipv4Addr::from);
        let show = |a: &u128| v4(a).map_or_else(|| std::net::Ipv6Addr::from(*a).to_string(), |a| a.to_string());
        match &self.address {
            Some(NatAddress::Range(lo, hi)) if lo == hi => write!(f, "{}", show(lo))?,
            Some(NatAddress::Range(lo, hi)) => write!(f, "{}-{}", show(lo), show(hi))?,
            Some(NatAddress::Network(address, len)) => write!(f, "network {}/{len}", show(address))?,
            None => {}
        }
        match self.ports {
            Some((lo, hi)) if lo == hi => write!(f, ":{lo}")?,
            Some((lo, hi)) => write!(f, ":{lo}-{hi}")?,
            None => {}
        }
        let flags = [(self.random, " random"), (self.fully_random, " fully-random"), (self.persistent, " persistent")];
        flags.iter().filter(|(on, _)| *on).try_for_each(|(_, word)| write!(f, "{word}"))
    }
}
