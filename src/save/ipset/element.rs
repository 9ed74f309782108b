//! One element: its parts between commas (ipset(8), *SET TYPES*).

use bstr::ByteSlice;

use super::{Kind, Mapped, Part, PartKind};
use crate::diag::quote;
use crate::packet::Family;
use crate::save::option::Net;
use crate::save::value::{self, number, read_address, read_net};

/// What reading depends on.
pub(super) struct Cx {
    pub family: Option<Family>,
}

/// Whether the kind holds addresses, and so has a family.
pub(super) fn has_addresses(kind: &Kind) -> bool {
    matches!(kind, Kind::Parts { parts, .. } if parts.iter().any(|p| matches!(p, PartKind::Ip | PartKind::Net)))
}

const fn family_or_ip(family: Option<Family>) -> Family {
    match family {
        Some(family) => family,
        None => Family::Ip,
    }
}

/// An address of the set's family.
pub(super) fn address(word: &[u8], family: Option<Family>) -> Result<u128, String> {
    read_address(word, family_or_ip(family))
}

/// The mask of a prefix length in the set's family.
pub(super) fn prefix(length: u64, family: Option<Family>) -> Result<u128, String> {
    let family = family_or_ip(family);
    let any = if family == Family::Ip6 { "::" } else { "0.0.0.0" };
    read_net(format!("{any}/{length}").as_bytes(), family).map(|net| net.mask)
}

/// The first and the last key of a bitmap: addresses where it has a family, else ports.
pub(super) fn range(word: &[u8], family: Option<Family>) -> Result<(u128, u128), String> {
    if family.is_none() {
        let (lo, hi) = value::range(word, b'-', false, 65535, |w| value::port(w, None))?;
        return Ok((lo.into(), hi.into()));
    }
    match addresses(word, family)? {
        Part::Addresses(lo, hi) => Ok((lo, hi)),
        _ => Err(format!("{} is no range of addresses", quote(word))),
    }
}

/// `mark[/mask]`, all bits where there is no mask.
pub(super) fn mapped(word: &[u8]) -> Result<Mapped, String> {
    let bits = |word: &[u8]| number(word).ok().and_then(|n| u32::try_from(n).ok());
    let (value, mask) = match word.split_once_str("/") {
        Some((value, mask)) => (bits(value), bits(mask)),
        None => (bits(word), Some(u32::MAX)),
    };
    let both = value.zip(mask).map(|(value, mask)| Mapped { value, mask });
    both.ok_or_else(|| format!("{} is no mark: `mark/mask`", quote(word)))
}

/// `major:minor`, both hexadecimal (tc(8)).
pub(super) fn priority(word: &[u8]) -> Result<u32, String> {
    let half = |word: &[u8]| word.to_str().ok().and_then(|word| u16::from_str_radix(word, 16).ok());
    let halves = word.split_once_str(":").and_then(|(major, minor)| half(major).zip(half(minor)));
    let number = halves.map(|(major, minor)| u32::from(major) << 16 | u32::from(minor));
    number.ok_or_else(|| format!("{} is no priority: `major:minor`", quote(word)))
}

/// The parts of an element.
pub(super) fn read(text: &[u8], kind: &Kind, cx: &Cx) -> Result<Vec<Part>, String> {
    let (hash, kinds) = match kind {
        Kind::List => return Ok(vec![Part::Set(text.into())]),
        Kind::Parts { hash, parts } => (*hash, parts),
    };
    let words: Vec<&[u8]> = text.split(|&b| b == b',').collect();
    let learns = !hash && kinds.last() == Some(&PartKind::Mac) && words.len() + 1 == kinds.len();
    if words.len() != kinds.len() && !learns {
        return Err(format!(
            "{} has {} parts, and an element of this set has {}",
            quote(text),
            words.len(),
            kinds.len()
        ));
    }
    let mut out = Vec::with_capacity(kinds.len());
    for (at, kind) in kinds.iter().enumerate() {
        out.push(match words.get(at) {
            Some(word) => part(word, *kind, hash, cx)?,
            None => Part::AnyMac,
        });
    }
    Ok(out)
}

fn part(word: &[u8], kind: PartKind, hash: bool, cx: &Cx) -> Result<Part, String> {
    match kind {
        PartKind::Ip => addresses(word, cx.family),
        PartKind::Net => {
            if word.contains(&b'-') && cx.family != Some(Family::Ip6) {
                return addresses(word, cx.family);
            }
            let net = read_net(word, family_or_ip(cx.family))?;
            Ok(Part::Net(Net { address: net.address & net.mask, mask: net.mask }))
        }
        PartKind::Port if hash => port(word),
        PartKind::Port => {
            let (lo, hi) = value::range(word, b'-', false, 65535, |w| value::port(w, None))?;
            Ok(Part::Port(0, lo as u16, hi as u16))
        }
        PartKind::Iface => {
            let (name, bridge) = word.strip_prefix(b"physdev:").map_or((word, false), |name| (name, true));
            Ok(Part::Iface(crate::save::option::Interface { name: name.into(), wildcard: false }, bridge))
        }
        PartKind::Mac => match value::read(&crate::save::option::Arg::Mac, &[word], READ_CX)? {
            crate::save::option::Value::Mac(mac) => Ok(Part::Mac(mac)),
            _ => Err(format!("{} is no MAC address", quote(word))),
        },
        PartKind::Mark => match number(word) {
            Ok(n) if n <= u32::MAX.into() => Ok(Part::Mark(n as u32)),
            _ => Err(format!("{} is no mark", quote(word))),
        },
    }
}

const READ_CX: value::ReadCx = value::ReadCx { family: Family::Ip, protocol: None };

/// An address, `from-to`, or a net.
fn addresses(word: &[u8], family: Option<Family>) -> Result<Part, String> {
    let family = family_or_ip(family);
    if let Some((from, to)) = word.split_once_str("-") {
        let (lo, hi) = (read_address(from, family)?, read_address(to, family)?);
        return if lo <= hi { Ok(Part::Addresses(lo, hi)) } else { Err(format!("{} is backwards", quote(word))) };
    }
    let net = read_net(word, family)?;
    let interval = net.interval(family).ok_or_else(|| format!("{} has no prefix as its mask", quote(word)))?;
    Ok(Part::Addresses(interval.lo, interval.hi))
}

/// `[protocol:]port[-port]`, TCP where no protocol is said; for ICMP `type/code` or a name.
fn port(word: &[u8]) -> Result<Part, String> {
    let (protocol, port) = match word.split_once_str(":") {
        Some((name, port)) => (value::protocol(name)?, port),
        None => (6, word),
    };
    if matches!(protocol, 1 | 58) {
        let code = icmp(port, protocol)?;
        return Ok(Part::Port(protocol, code, code));
    }
    let (lo, hi) = value::range(port, b'-', false, 65535, |w| value::port(w, Some(protocol)))?;
    Ok(Part::Port(protocol, lo as u16, hi as u16))
}

/// `type/code` by numbers, or by one of the names that ipset prints.
fn icmp(word: &[u8], protocol: u8) -> Result<u16, String> {
    let byte = |w: &[u8]| number(w).ok().and_then(|n| u8::try_from(n).ok());
    let numbers = word.split_once_str("/").and_then(|(kind, code)| Some((byte(kind)?, byte(code)?)));
    let name = word.to_str().unwrap_or_default();
    let named = || ICMP_NAMES.iter().find(|(p, n, ..)| *p == protocol && *n == name).map(|&(_, _, k, c)| (k, c));
    let single = || byte(word).map(|kind| (kind, 0));
    let found = numbers.or_else(named).or_else(single);
    found
        .map(|(kind, code)| u16::from(kind) << 8 | u16::from(code))
        .ok_or_else(|| format!("{} is no ICMP type: `type/code`", quote(word)))
}

/// Protocol, name, type and code of the names that ipset knows (lib/icmp.c, lib/icmpv6.c).
const ICMP_NAMES: [(u8, &str, u8, u8); 58] = [
    (1, "echo-reply", 0, 0),
    (1, "pong", 0, 0),
    (1, "network-unreachable", 3, 0),
    (1, "host-unreachable", 3, 1),
    (1, "protocol-unreachable", 3, 2),
    (1, "port-unreachable", 3, 3),
    (1, "fragmentation-needed", 3, 4),
    (1, "source-route-failed", 3, 5),
    (1, "network-unknown", 3, 6),
    (1, "host-unknown", 3, 7),
    (1, "network-prohibited", 3, 9),
    (1, "host-prohibited", 3, 10),
    (1, "TOS-network-unreachable", 3, 11),
    (1, "TOS-host-unreachable", 3, 12),
    (1, "communication-prohibited", 3, 13),
    (1, "host-precedence-violation", 3, 14),
    (1, "precedence-cutoff", 3, 15),
    (1, "source-quench", 4, 0),
    (1, "network-redirect", 5, 0),
    (1, "host-redirect", 5, 1),
    (1, "TOS-network-redirect", 5, 2),
    (1, "TOS-host-redirect", 5, 3),
    (1, "echo-request", 8, 0),
    (1, "ping", 8, 0),
    (1, "router-advertisement", 9, 0),
    (1, "router-solicitation", 10, 0),
    (1, "ttl-zero-during-transit", 11, 0),
    (1, "ttl-zero-during-reassembly", 11, 1),
    (1, "ip-header-bad", 12, 0),
    (1, "required-option-missing", 12, 1),
    (1, "timestamp-request", 13, 0),
    (1, "timestamp-reply", 14, 0),
    (1, "address-mask-request", 17, 0),
    (1, "address-mask-reply", 18, 0),
    (58, "no-route", 1, 0),
    (58, "communication-prohibited", 1, 1),
    (58, "beyond-scope", 1, 2),
    (58, "address-unreachable", 1, 3),
    (58, "port-unreachable", 1, 4),
    (58, "failed-policy", 1, 5),
    (58, "reject-route", 1, 6),
    (58, "packet-too-big", 2, 0),
    (58, "ttl-zero-during-transit", 3, 0),
    (58, "ttl-zero-during-reassembly", 3, 1),
    (58, "bad-header", 4, 0),
    (58, "unknown-header-type", 4, 1),
    (58, "unknown-option", 4, 2),
    (58, "echo-request", 128, 0),
    (58, "ping", 128, 0),
    (58, "echo-reply", 129, 0),
    (58, "pong", 129, 0),
    (58, "router-solicitation", 133, 0),
    (58, "router-advertisement", 134, 0),
    (58, "neighbour-solicitation", 135, 0),
    (58, "neighbor-solicitation", 135, 0),
    (58, "neighbour-advertisement", 136, 0),
    (58, "neighbor-advertisement", 136, 0),
    (58, "redirect", 137, 0),
];
