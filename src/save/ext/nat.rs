//! What the NAT targets share: reading and showing where they map to, what the kernel asks of
//! such a rule, and lowering to one NAT verdict (extensions/libxt_NAT.c, net/netfilter/xt_nat.c).
//!
//! Invariant: a range is kept as written; only lowering judges whether nft can say it.

use bstr::{BString, ByteSlice};
use std::net::{Ipv4Addr, Ipv6Addr};

use super::CheckCx;
use super::lowering::{Action, Cx, Refusal};
use crate::diag::quote;
use crate::ir::{Nat, NatData, Verdict};
use crate::nft::ast::{NatFlags, NatKind};
use crate::packet::{Family, Hook};
use crate::save::ast::{Part, TableKind};
use crate::save::option::{NatRange, Value};
use crate::save::value;

/// `[address[-address]][:port[-port[/base]]]`; IPv6 addresses in brackets when a port follows.
pub fn read_destination(words: &[&[u8]], family: Family) -> Result<Value, String> {
    let word = words.first().copied().unwrap_or_default();
    let (addresses, ports) = split_port(word, family)?;
    let mut range = NatRange::default();
    if let Some(ports) = ports {
        (range.ports, range.base) = read_ports(ports)?;
    }
    if !addresses.is_empty() || ports.is_none() {
        range.addresses = Some(read_addresses(addresses, family)?);
    }
    Ok(Value::NatRange(Box::new(range)))
}

/// `--to-ports port[-port[/base]]`
pub fn read_ports_only(words: &[&[u8]], _: Family) -> Result<Value, String> {
    let (ports, base) = read_ports(words.first().copied().unwrap_or_default())?;
    Ok(Value::NatRange(Box::new(NatRange { addresses: None, ports, base })))
}

/// Cuts at the colon before the port.
fn split_port(word: &[u8], family: Family) -> Result<(&[u8], Option<&[u8]>), String> {
    if family == Family::Ip6
        && let Some(inside) = word.strip_prefix(b"[")
    {
        let (addresses, rest) = inside
            .split_once_str("]")
            .ok_or_else(|| format!("{} opens a bracket and does not close it", quote(word)))?;
        return Ok((addresses, rest.split_once_str(":").map(|(_, ports)| ports)));
    }
    let several = family == Family::Ip6 && word.find_iter(b":").nth(1).is_some();
    match word.split_once_str(":") {
        Some((addresses, ports)) if !several => Ok((addresses, Some(ports))),
        _ => Ok((word, None)),
    }
}

fn read_addresses(word: &[u8], family: Family) -> Result<(u128, u128), String> {
    match word.split_once_str("-") {
        Some((from, to)) => Ok((read_address(from, family)?, read_address(to, family)?)),
        None => read_address(word, family).map(|a| (a, a)),
    }
}

/// Only full addresses: names and short forms are refused here, as the legacy tool does.
fn read_address(word: &[u8], family: Family) -> Result<u128, String> {
    let text = word.to_str().unwrap_or_default();
    let address = match family {
        Family::Ip6 => text.parse::<Ipv6Addr>().ok().map(u128::from),
        _ => text.parse::<Ipv4Addr>().ok().map(|a| u32::from(a).into()),
    };
    address
        .ok_or_else(|| format!("{} is no {} address", quote(word), if family == Family::Ip6 { "IPv6" } else { "IPv4" }))
}

type Ports = (Option<(u16, u16)>, Option<u16>);

fn read_ports(word: &[u8]) -> Result<Ports, String> {
    if !word.first().is_some_and(u8::is_ascii_digit) {
        let port = port(word)?;
        return Ok((Some((port, port)), None));
    }
    let Some((from, rest)) = word.split_once_str("-") else {
        let port = port(word)?;
        return Ok((Some((port, port)), None));
    };
    let (to, base) = match rest.split_once_str("/") {
        Some((to, base)) => (to, Some(base)),
        None => (rest, None),
    };
    let (from, to) = (numeric_port(from)?, numeric_port(to)?);
    if from > to {
        return Err(format!("the port range {} is backwards", quote(word)));
    }
    let base = match base.map(port).transpose()? {
        Some(0) => return Err("the base port cannot be 0".into()),
        base => base,
    };
    Ok((Some((from, to)), base))
}

fn numeric_port(word: &[u8]) -> Result<u16, String> {
    if word.first().is_some_and(u8::is_ascii_digit) {
        port(word)
    } else {
        Err(format!("{} is no port number", quote(word)))
    }
}

fn port(word: &[u8]) -> Result<u16, String> {
    u16::try_from(value::port(word, None)?).map_err(|_| format!("{} is no port: 0 to 65535", quote(word)))
}

/// Shows what `read_destination` or `read_ports_only` read.
pub fn show(value: &Value, family: Family) -> Vec<BString> {
    let Value::NatRange(range) = value else { return Vec::new() };
    let pair = |from: &str, to: &str| if from == to { from.to_owned() } else { format!("{from}-{to}") };
    let ports = range.ports.map(|(from, to)| {
        let base = range.base.map(|b| format!("/{b}")).unwrap_or_default();
        format!("{}{base}", pair(&from.to_string(), &to.to_string()))
    });
    let addresses =
        range.addresses.map(|(from, to)| pair(&value::show_address(from, family), &value::show_address(to, family)));
    vec![BString::from(match (addresses, ports) {
        (Some(a), Some(p)) if family == Family::Ip6 => format!("[{a}]:{p}"),
        (Some(a), Some(p)) => format!("{a}:{p}"),
        (Some(a), None) => a,
        (None, Some(p)) => p,
        (None, None) => String::new(),
    })]
}

/// Like `show`, with the colon that stands before a port without an address.
pub fn show_destination(value: &Value, family: Family) -> Vec<BString> {
    let only_ports = matches!(value, Value::NatRange(r) if r.addresses.is_none());
    let mut words = show(value, family);
    if let (true, Some(word)) = (only_ports, words.first_mut()) {
        word.insert(0, b':');
    }
    words
}

/// The table, the hooks, and a protocol that has ports where ports are given. The tools look at
/// the protocol's number only, so `! -p tcp` passes.
pub fn check(part: &Part, cx: &CheckCx, hooks: &[Hook]) -> Result<(), String> {
    super::shared::in_tables(cx, &[TableKind::Nat])?;
    super::shared::at_hooks(cx, hooks)?;
    let ports = part.options.iter().any(|o| matches!(&o.value, Value::NatRange(r) if r.ports.is_some()));
    let has_ports = match cx.protocol {
        Some((6 | 17 | 33 | 132, _)) => true,
        Some((1, _)) => cx.family == Family::Ip,
        _ => false,
    };
    if ports && !has_ports {
        return Err("ports need `-p tcp`, udp, sctp or dccp before them".into());
    }
    Ok(())
}

/// The verdict of a NAT target; `option` holds the range, if any.
pub fn lower(part: &Part, cx: &Cx, kind: NatKind, option: &'static str) -> Result<Action, Refusal> {
    let range = match part.get(option).map(|o| &o.value) {
        Some(Value::NatRange(range)) => (**range).clone(),
        _ => NatRange::default(),
    };
    refuse(&range, cx).map_err(|refusal| refusal.at(option))?;
    let flags = NatFlags {
        random: part.has("random"),
        fully_random: part.has("random-fully"),
        persistent: part.has("persistent"),
        ..NatFlags::default()
    };
    let data = NatData::Fixed { address: range.addresses, port: range.ports };
    Ok(Action::Verdict(Verdict::Nat(Box::new(Nat { kind, data, flags }))))
}

/// What nft has no words for.
fn refuse(range: &NatRange, cx: &Cx) -> Result<(), Refusal> {
    if let Some(base) = range.base {
        return Err(Refusal::new(
            "nat-base-port",
            format!("nft cannot shift ports by their distance from {base}"),
            "write the pairs out in a map: `dnat to tcp dport map { 3000 : 1000, 3001 : 1001 }`, or one rule per port",
        ));
    }
    if range.addresses.is_some_and(|(from, to)| from > to) {
        return Err(Refusal::new(
            "nat-backwards-range",
            "the range of addresses ends before it starts, which nft refuses",
            "write the lower address first; the kernel has used the range in an odd way until now",
        ));
    }
    if range.ports.is_some() && matches!(cx.protocol, Some((_, true))) {
        return Err(Refusal::new(
            "nat-any-protocol",
            "nft maps ports only in a rule that says which protocol has them, and this one says which has not",
            "name the protocols that are meant: one rule each for tcp and udp",
        ));
    }
    Ok(())
}
