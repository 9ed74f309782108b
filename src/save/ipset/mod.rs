//! `ipset save` text: the sets that `-m set` and `-j SET` name (ipset(8)).
//!
//! Reading keeps every element as it was written, with numbers for names. What an element means
//! beside others (a net inside a net, `nomatch`) is decided where sets become nft sets.
//! Invariant: an `Ipsets` without an error holds everything that the text said.

mod element;
mod parse;

use bstr::{BStr, BString};
use indexmap::IndexMap;

use super::option::{Interface, Net};
use crate::packet::Family;

pub use parse::{Problem, parse};

/// All sets of a text, by name.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Ipsets {
    sets: IndexMap<BString, Ipset>,
}

impl Ipsets {
    /// The set of this name.
    pub fn get(&self, name: &BStr) -> Option<&Ipset> {
        self.sets.get(name)
    }

    /// Whether no set is known at all: no text was given, or an empty one.
    pub fn is_empty(&self) -> bool {
        self.sets.is_empty()
    }

    /// Names of all sets, in the order of the text.
    pub fn names(&self) -> impl Iterator<Item = &BString> {
        self.sets.keys()
    }
}

/// One set.
#[derive(Clone, PartialEq, Debug)]
pub struct Ipset {
    pub kind: Kind,
    /// `None` for kinds that hold no addresses.
    pub family: Option<Family>,
    /// Bits of an address that count (`netmask`, `bitmask`); all when `None`.
    pub netmask: Option<u128>,
    /// Bits of a mark that count; all when `None`.
    pub markmask: Option<u32>,
    /// Seconds an element lives where nothing else is said; `Some(0)` for ever.
    pub timeout: Option<u64>,
    pub counters: bool,
    /// Most elements.
    pub maxelem: Option<u32>,
    /// A full set makes room for a new element.
    pub forceadd: bool,
    /// First and last key of a bitmap.
    pub range: Option<(u128, u128)>,
    pub elements: Vec<Element>,
}

/// What the elements of a set are made of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Kind {
    /// `hash:net,port` and its kin.
    Parts { hash: bool, parts: Vec<PartKind> },
    /// `list:set`
    List,
}

/// One part of an element.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PartKind {
    Ip,
    Net,
    /// A protocol with a port, or with an ICMP type and code. In a bitmap a port of TCP or UDP.
    Port,
    Iface,
    Mac,
    Mark,
}

/// One element.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Element {
    pub parts: Vec<Part>,
    /// Seconds left; `None` where nothing is said, `Some(0)` for ever.
    pub timeout: Option<u64>,
    pub counters: Option<(u64, u64)>,
    pub comment: Option<BString>,
    /// An exception from a larger net.
    pub nomatch: bool,
    /// The name of an interface is a prefix of names.
    pub wildcard: bool,
    /// What `--map-mark` does: the bits of the mark that are replaced, and by what.
    pub mark: Option<Mapped>,
    /// What `--map-prio` gives.
    pub priority: Option<u32>,
}

/// A mark with its mask (`skbmark`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Mapped {
    pub value: u32,
    pub mask: u32,
}

/// The value of one part.
#[derive(Clone, PartialEq, Debug)]
pub enum Part {
    /// Addresses as numbers, both ends included.
    Addresses(u128, u128),
    Net(Net),
    /// Protocol, and ports or `type << 8 | code`, both ends included. Protocol 0 in a bitmap.
    Port(u8, u16, u16),
    /// The name, and whether it is the port of a bridge.
    Iface(Interface, bool),
    Mac([u8; 6]),
    /// The MAC address that a bitmap learns from the first packet.
    AnyMac,
    Mark(u32),
    /// A member of a list.
    Set(BString),
}

impl Kind {
    /// `hash:ip,port`
    pub fn from_name(name: &str) -> Option<Kind> {
        let (method, data) = name.split_once(':')?;
        if (method, data) == ("list", "set") {
            return Some(Kind::List);
        }
        let part = |word| {
            Some(match word {
                "ip" => PartKind::Ip,
                "net" => PartKind::Net,
                "port" => PartKind::Port,
                "iface" => PartKind::Iface,
                "mac" => PartKind::Mac,
                "mark" => PartKind::Mark,
                _ => return None,
            })
        };
        let hash = match method {
            "hash" => true,
            "bitmap" => false,
            _ => return None,
        };
        Some(Kind::Parts { hash, parts: data.split(',').map(part).collect::<Option<_>>()? })
    }

    /// How many directions a rule must give at least.
    pub const fn dimension(&self) -> usize {
        match self {
            Kind::Parts { parts, .. } => parts.len(),
            Kind::List => 1,
        }
    }
}

impl Ipset {
    /// The names of the sets in a list.
    pub fn members(&self) -> impl Iterator<Item = &BString> {
        self.elements.iter().flat_map(|element| &element.parts).filter_map(|part| match part {
            Part::Set(name) => Some(name),
            _ => None,
        })
    }

    /// The set's own settings, with no elements and nothing counted.
    #[must_use]
    pub fn without_elements(&self) -> Ipset {
        Ipset { kind: self.kind.clone(), elements: Vec::new(), counters: false, ..*self }
    }
}
