//! From variables back to words: which field a bit belongs to, and how people write its values.

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::slots::Slot;
use super::{Space, bands, header};
use crate::nft::names;
use crate::packet::{DataType, Family, Field, Hook, Interval, IntervalSet, L4, PayloadBase};
use crate::prove::dd::Var;

/// A run of variables that people read as one thing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shown {
    /// Where it stands among the conditions of a region.
    pub rank: u32,
    pub name: String,
    /// Most significant first, ascending.
    pub bits: Vec<Var>,
    kind: Kind,
    /// The values that it can have at all, where that is known to matter.
    universe: Option<IntervalSet>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Number,
    Hex,
    Address(Family),
    Interface,
    Protocol,
    State,
    /// A condition that holds or does not.
    Flag,
    /// The interface of one packet, by a name that it could have.
    OneInterface,
    /// Bits with names.
    Bits(DataType),
    /// Numbers some of which have names.
    Named(DataType),
}

impl Shown {
    /// Whether it is the offset of a fragment, which is 0 for all usual packets.
    pub fn is_fragment_offset(&self) -> bool {
        matches!(self.name.as_str(), "fragment offset" | "frag frag-off")
    }

    /// The same field, of which it is known which values there can be.
    pub fn out_of(self, universe: IntervalSet) -> Shown {
        Shown { universe: Some(universe), ..self }
    }

    /// Whether its bits have meanings of their own.
    pub fn has_named_bits(&self) -> bool {
        matches!(self.kind, Kind::Bits(_))
    }

    /// The same field, for showing one packet rather than many.
    pub fn of_one_packet(self) -> Shown {
        let kind = if self.kind == Kind::Interface { Kind::OneInterface } else { self.kind };
        Shown { kind, ..self }
    }
}

impl Space {
    /// The field that a variable belongs to, for packets of a layer-4 protocol, if that is known.
    pub fn shown(&self, var: Var, protocol: Option<u8>) -> Shown {
        let l4 = [L4::Tcp, L4::Udp, L4::Udplite, L4::Sctp, L4::Dccp].into_iter().find(|l4| l4.protocol() == protocol);
        let l4 = l4.unwrap_or(L4::Th).name();
        let ip = if self.family == Family::Ip { "ip" } else { "ip6" };
        let width = if self.family == Family::Ip { 32 } else { 128 };
        let icmp = match protocol {
            Some(1) => Some("icmp"),
            Some(58) => Some("icmpv6"),
            Some(2) => Some("igmp"),
            _ => None,
        };
        let (rank, name, first, width, kind) = match (var.band(), var.index()) {
            (bands::IIF, _) => (0, "iifname".to_owned(), 0, self.names.width(), Kind::Interface),
            (bands::OIF, _) => (1, "oifname".to_owned(), 0, self.names.width(), Kind::Interface),
            (bands::SADDR, _) => (2, format!("{ip} saddr"), 0, width, Kind::Address(self.family)),
            (bands::DADDR, _) => (3, format!("{ip} daddr"), 0, width, Kind::Address(self.family)),
            (bands::PROTOCOL, _) => (4, "meta l4proto".to_owned(), 0, 8, Kind::Protocol),
            (bands::SPORT, at) => match icmp {
                Some(icmp) if at < 8 => (5, format!("{icmp} type"), 0, 8, Kind::Number),
                Some(icmp) => (6, format!("{icmp} code"), 8, 8, Kind::Number),
                None => (5, format!("{l4} sport"), 0, 16, Kind::Number),
            },
            (bands::DPORT, _) => (6, format!("{l4} dport"), 0, 16, Kind::Number),
            (bands::TCP_FLAGS, _) => (7, "tcp flags".to_owned(), 0, 8, Kind::Bits(DataType::TcpFlag)),
            (bands::CT_STATE, _) => (8, "ct state".to_owned(), 0, 3, Kind::State),
            (bands::CT_STATUS, _) => (9, "ct status".to_owned(), 0, 32, Kind::Bits(DataType::CtStatus)),
            (bands::CT_MARK, 32..) => (10, "ct secmark".to_owned(), 32, 32, Kind::Hex),
            (bands::CT_MARK, _) => (10, "ct mark".to_owned(), 0, 32, Kind::Hex),
            (bands::MARK, _) => (11, "meta mark".to_owned(), 0, 32, Kind::Hex),
            (bands::PRIORITY, 32..) => (12, "meta secmark".to_owned(), 32, 32, Kind::Hex),
            (bands::PRIORITY, _) => (12, "meta priority".to_owned(), 0, 32, Kind::Hex),
            (bands::DSCP, at) if at < 6 => (13, format!("{ip} dscp"), 0, 6, Kind::Number),
            (bands::DSCP, _) => (14, format!("{ip} ecn"), 6, 2, Kind::Number),
            (bands::TTL, _) if self.family == Family::Ip => (15, "ip ttl".to_owned(), 0, 8, Kind::Number),
            (bands::TTL, _) => (15, "ip6 hoplimit".to_owned(), 0, 8, Kind::Number),
            (bands::FRAGMENT, _) if self.family == Family::Ip => {
                (16, "fragment offset".to_owned(), 0, 13, Kind::Number)
            }
            (bands::FRAGMENT, 0) => (16, "exthdr frag exists".to_owned(), 0, 1, Kind::Flag),
            (bands::FRAGMENT, _) => (17, "frag frag-off".to_owned(), 1, 13, Kind::Number),
            _ => return self.shown_other(var),
        };
        Shown {
            rank,
            name,
            bits: (first..first + width).map(|i| Var::new(var.band(), i)).collect(),
            kind,
            universe: None,
        }
    }

    /// The values that a field can have at a hook.
    pub fn possible_values(&self, shown: &Shown, hook: Hook) -> IntervalSet {
        let must = match shown.name.as_str() {
            "iifname" => hook.has_input(),
            "oifname" => hook.has_output(),
            _ => false,
        };
        match shown.kind {
            Kind::Interface => IntervalSet::range(u128::from(must), self.names.len() as u128 - 1),
            Kind::State => IntervalSet::range(0, 5),
            _ => IntervalSet::full(shown.bits.len() as u32),
        }
    }

    /// Whether the variable says only which family the packet is of.
    pub fn says_version(&self, var: Var) -> bool {
        (0..4).any(|i| header::bit(self.family, PayloadBase::Network, i) == var)
    }

    fn shown_other(&self, var: Var) -> Shown {
        let flag = |name: String| Shown { rank: 40, name, bits: vec![var], kind: Kind::Flag, universe: None };
        if let Some((_, words)) = self.opaque_names.iter().find(|&&(opaque, _)| opaque == var) {
            return flag(words.clone());
        }
        if var.band() == bands::ANSWER {
            return flag(self.answer(var));
        }
        let mut holders: Vec<(Field, &Vec<Var>)> = self
            .slots
            .iter()
            .filter_map(|(&field, slot)| match &**slot {
                Slot::Bits(bits) if bits.contains(&var) && bits.is_sorted() => Some((field, bits)),
                _ => None,
            })
            .collect();
        holders.sort_unstable_by_key(|&(field, bits)| (bits.len(), field));
        match holders.first() {
            Some((field, bits)) => {
                let kind = Kind::Named(field.data_type());
                Shown { rank: 30, name: words_of(*field, self.family), bits: (*bits).clone(), kind, universe: None }
            }
            None => flag(format!("bit {} of band {}", var.index(), var.band())),
        }
    }

    /// One bit of what state or chance answers, in words.
    fn answer(&self, var: Var) -> String {
        let (bucket, nth, bit) = crate::prove::block::Bucket::of(var);
        let content = self.states.get(bucket.0 as usize).map_or("state", String::as_str);
        let time = if nth == 0 { String::new() } else { format!(" (asked {} times)", nth + 1) };
        let bit = if bit == 0 { String::new() } else { format!(", bit {bit}") };
        format!("[{content}] says yes{time}{bit}")
    }

    /// Writes a set of values.
    pub fn show_values(&self, shown: &Shown, values: &IntervalSet) -> String {
        let width = shown.bits.len() as u32;
        if shown.kind == Kind::Flag {
            let yes = values.contains(1);
            return if yes { shown.name.clone() } else { format!("not ({})", shown.name) };
        }
        let (inverse, invert) = match (&shown.universe, shown.kind) {
            (Some(all), Kind::Interface) => {
                let inverse = all.difference(values);
                let invert = self.names.is_whole(&inverse) && size(&inverse) < size(values);
                (inverse, invert)
            }
            _ => {
                let inverse = values.complement(width);
                let invert = values.intervals().len() > inverse.intervals().len();
                (inverse, invert && !matches!(shown.kind, Kind::Interface | Kind::OneInterface | Kind::State))
            }
        };
        let listed = if invert { &inverse } else { values };
        let parts: Vec<String> = match shown.kind {
            Kind::Interface | Kind::OneInterface | Kind::State => {
                let all = listed.intervals().iter().flat_map(|i| i.lo..=i.hi.min(i.lo + 1000));
                all.map(|number| self.show_value(shown.kind, number)).collect()
            }
            kind => listed.intervals().iter().map(|&i| self.show_interval(kind, i, width)).collect(),
        };
        let exact = matches!(shown.kind, Kind::Bits(_)) && listed.as_point().is_some();
        let op = match (invert, exact) {
            (true, _) => "!= ",
            // Without an operator, flags would ask for any of the bits.
            (false, true) => "== ",
            (false, false) => "",
        };
        match parts.as_slice() {
            [only] => format!("{} {op}{only}", shown.name),
            parts => format!("{} {op}{{ {} }}", shown.name, parts.join(", ")),
        }
    }

    /// Writes a masked comparison.
    pub fn show_masked(&self, shown: &Shown, mask: u128, value: u128) -> String {
        if shown.kind == Kind::Flag {
            return self.show_values(shown, &IntervalSet::point(value));
        }
        match shown.kind {
            Kind::Bits(data) if value == 0 => format!("{} & ({}) == 0", shown.name, bits_of(data, mask)),
            Kind::Bits(data) => format!("{} & ({}) == {}", shown.name, bits_of(data, mask), bits_of(data, value)),
            _ => format!("{} & {mask:#x} == {value:#x}", shown.name),
        }
    }

    fn show_interval(&self, kind: Kind, i: Interval, width: u32) -> String {
        if i.is_point() {
            return self.show_value(kind, i.lo);
        }
        match (kind, i.prefix_len(width)) {
            (Kind::Address(_), Some(len)) => format!("{}/{len}", self.show_value(kind, i.lo)),
            _ => format!("{}-{}", self.show_value(kind, i.lo), self.show_value(kind, i.hi)),
        }
    }

    fn show_value(&self, kind: Kind, value: u128) -> String {
        match kind {
            Kind::Hex => format!("{value:#x}"),
            Kind::Address(Family::Ip) => Ipv4Addr::from(value as u32).to_string(),
            Kind::Address(_) => Ipv6Addr::from(value).to_string(),
            Kind::Interface => format!("\"{}\"", self.names.describe(value)),
            Kind::OneInterface => format!("\"{}\"", self.names.example(value)),
            Kind::Bits(data) => bits_of(data, value),
            Kind::Named(data) => names::name_of(data, value).map_or_else(|| value.to_string(), str::to_owned),
            Kind::Protocol => match value {
                1 => "icmp".to_owned(),
                6 => "tcp".to_owned(),
                17 => "udp".to_owned(),
                58 => "ipv6-icmp".to_owned(),
                132 => "sctp".to_owned(),
                number => number.to_string(),
            },
            Kind::State => ["invalid", "new", "established", "related", "untracked", "new (by a template)"]
                .get(value as usize)
                .map_or_else(|| value.to_string(), |&word| word.to_owned()),
            Kind::Number | Kind::Flag => value.to_string(),
        }
    }
}

/// A field's name as nft writes it, or as its variant is called.
fn words_of(field: Field, family: Family) -> String {
    names::field_words(field, family).map_or_else(|| format!("{field:?}"), Cow::into_owned)
}

/// How many numbers there are in a set of small numbers.
fn size(values: &IntervalSet) -> u128 {
    values.intervals().iter().map(|i| i.hi - i.lo + 1).sum()
}

/// Bits as nft writes them, all of them told.
fn bits_of(data: DataType, value: u128) -> String {
    if value == 0 {
        return "0".to_owned();
    }
    match names::bit_names(data, value) {
        Some(words) if !words.is_empty() => words.join("|"),
        _ => format!("{value:#x}"),
    }
}
