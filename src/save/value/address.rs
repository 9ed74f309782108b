//! Addresses and networks as numbers of the family's width.

use std::net::{Ipv4Addr, Ipv6Addr};

use bstr::ByteSlice;

use super::{number, plain_number};
use crate::diag::quote;
use crate::packet::Family;
use crate::save::option::Net;

/// An address; names of hosts are refused, since what they mean changes.
pub fn read_address(word: &[u8], family: Family) -> Result<u128, String> {
    let text = word.to_str().unwrap_or_default();
    let found = match family {
        Family::Ip6 => text.parse::<Ipv6Addr>().ok().map(u128::from),
        _ => ipv4(text).map(|a| u32::from(a).into()),
    };
    found.ok_or_else(|| not_an_address(word, family))
}

/// The same for `-s`, `-d` and `iprange`, where the tool fills bytes from the left before it asks the resolver
/// (`xtables_numeric_to_ipaddr`): `10.1` is 10.1.0.0. Blanks and a `+` may stand before numbers.
pub fn read_loose_address(word: &[u8], family: Family) -> Result<u128, String> {
    let bytes = || {
        let parts = word.split(|&b| b == b'.').map(|p| number(p).ok().and_then(|n| u8::try_from(n).ok()));
        let parts = parts.collect::<Option<Vec<u8>>>().filter(|parts| parts.len() <= 4)?;
        let filled = parts.iter().chain([0; 4].iter()).take(4);
        Some(filled.fold(0u128, |n, &byte| n << 8 | u128::from(byte)))
    };
    match bytes() {
        Some(address) if family != Family::Ip6 => Ok(address),
        _ => read_address(word, family),
    }
}

fn not_an_address(word: &[u8], family: Family) -> String {
    let text = word.to_str().unwrap_or_default();
    let other = match family {
        Family::Ip6 => text.parse::<Ipv4Addr>().is_ok().then_some("an IPv4 address among IPv6 rules"),
        _ => text.parse::<Ipv6Addr>().is_ok().then_some("an IPv6 address among IPv4 rules"),
    };
    match other {
        Some(what) => format!("{} is {what}", quote(word)),
        None => format!(
            "{} is no address; a host name means whatever DNS answered that day, so write the address",
            quote(word)
        ),
    }
}

/// Dotted quads, and the shorter forms of `inet_aton` (`10.1` is 10.0.0.1).
fn ipv4(text: &str) -> Option<Ipv4Addr> {
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    let part = |p: &str| number(p.as_bytes()).ok().filter(|_| p.starts_with(|c: char| c.is_ascii_digit()));
    let parts: Vec<u64> = text.split('.').map(part).collect::<Option<_>>()?;
    let (last, lead) = parts.split_last()?;
    let room = 8 * (4 - lead.len().min(3)) as u32;
    if lead.len() > 3 || *last >> room != 0 || lead.iter().any(|&p| p > 255) {
        return None;
    }
    let high = lead.iter().fold(0, |acc, &p| acc << 8 | p);
    Some(Ipv4Addr::from((high << room | last) as u32))
}

/// `address[/mask]`, the mask as a length or as an address; no mask is the whole address.
pub fn read_net(word: &[u8], family: Family) -> Result<Net, String> {
    net_of(word, family, |address, _| read_address(address, family))
}

/// The same for `-s` and `-d`, where what stands before a mask of no bits is not looked at.
pub fn read_loose_net(word: &[u8], family: Family) -> Result<Net, String> {
    if let (Family::Ip, Some(net)) = (family, plain_net(word)) {
        return Ok(net);
    }
    net_of(word, family, |address, mask| match read_loose_address(address, family) {
        Err(_) if mask == 0 => Ok(0),
        read => read,
    })
}

/// `192.0.2.1` or `192.0.2.0/24` in plain decimal numbers, as `iptables-save` writes nearly all.
fn plain_net(word: &[u8]) -> Option<Net> {
    let (mut address, mut rest) = (0, word);
    for separator in *b".../" {
        let (byte, behind) = plain_byte(rest)?;
        address = address << 8 | u128::from(byte);
        rest = match behind {
            [next, behind @ ..] if *next == separator => behind,
            [] if separator == b'/' => return Some(Net { address, mask: prefix_mask(32, Family::Ip) }),
            _ => return None,
        };
    }
    let (length, behind) = plain_byte(rest)?;
    (behind.is_empty() && length <= 32).then(|| Net { address, mask: prefix_mask(length.into(), Family::Ip) })
}

/// A number up to 255 without a leading zero, and what stands behind it.
fn plain_byte(text: &[u8]) -> Option<(u8, &[u8])> {
    let digits = text.iter().take(4).take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = text.split_at_checked(digits)?;
    Some((u8::try_from(plain_number(number)?).ok()?, rest))
}

fn net_of(word: &[u8], family: Family, read: impl Fn(&[u8], u128) -> Result<u128, String>) -> Result<Net, String> {
    let (address, mask) = match word.iter().position(|&b| b == b'/') {
        Some(at) => (&word[..at], Some(&word[at + 1..])),
        None => (word, None),
    };
    let mask = match mask {
        None if word == b"any" => 0,
        None => prefix_mask(width(family), family),
        Some(mask) => read_mask(mask, family)?,
    };
    let address = if address == b"any" { 0 } else { read(address, mask)? };
    Ok(Net { address, mask })
}

fn read_mask(word: &[u8], family: Family) -> Result<u128, String> {
    if let Ok(len) = number(word).map(|n| n.min(u32::MAX.into()) as u32)
        && !word.contains(&b'.')
    {
        let most = width(family);
        return if len <= most { Ok(prefix_mask(len, family)) } else { Err(format!("/{len} is longer than /{most}")) };
    }
    read_address(word, family).map_err(|_| format!("{} is no network mask", quote(word)))
}

/// `address/mask` in the shortest form that means the same.
pub fn show_net(net: Net, family: Family) -> String {
    let address = show_address(net.address, family);
    let len = net.mask.count_ones();
    if net.mask == prefix_mask(width(family), family) {
        address
    } else if net.mask == prefix_mask(len, family) {
        format!("{address}/{len}")
    } else {
        format!("{address}/{}", show_address(net.mask, family))
    }
}

/// An address as text.
pub fn show_address(address: u128, family: Family) -> String {
    match family {
        Family::Ip6 => Ipv6Addr::from(address).to_string(),
        _ => Ipv4Addr::from(address as u32).to_string(),
    }
}

const fn width(family: Family) -> u32 {
    if matches!(family, Family::Ip6) { 128 } else { 32 }
}

const fn prefix_mask(len: u32, family: Family) -> u128 {
    let width = width(family);
    if len == 0 {
        return 0;
    }
    let ones = u128::MAX >> (128 - width);
    ones & !(if len >= width { 0 } else { ones >> len })
}

impl Net {
    /// The network as an interval, when its mask is a prefix; host bits are cleared.
    pub fn interval(self, family: Family) -> Option<crate::packet::Interval> {
        let host = prefix_mask(width(family), family) & !self.mask;
        let prefix = host & (host.wrapping_add(1)) == 0;
        prefix.then(|| crate::packet::Interval::new(self.address & self.mask, self.address | host))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nets_are_read() {
        for (text, family, address, mask) in [
            ("10.1.2.3", Family::Ip, 0x0a01_0203, 0xffff_ffff),
            ("10.0.0.0/8", Family::Ip, 0x0a00_0000, 0xff00_0000),
            ("10.0.0.1/255.0.255.0", Family::Ip, 0x0a00_0001, 0xff00_ff00),
            ("0/0", Family::Ip, 0, 0),
            ("10.1", Family::Ip, 0x0a00_0001, 0xffff_ffff),
            ("any", Family::Ip, 0, 0),
            ("::/0", Family::Ip6, 0, 0),
            ("2001:db8::/32", Family::Ip6, 0x2001_0db8 << 96, 0xffff_ffff << 96),
        ] {
            assert_eq!(read_net(text.as_bytes(), family), Ok(Net { address, mask }), "{text}");
        }
        for (text, net) in [
            ("10.1.2.3", Some((0x0a01_0203, 0xffff_ffff))),
            ("0.0.0.0/0", Some((0, 0))),
            ("255.255.255.255/32", Some((0xffff_ffff, 0xffff_ffff))),
            ("10.1.2.3/9", Some((0x0a01_0203, 0xff80_0000))),
            ("10.1.2", None),
            ("10.1.2.256", None),
            ("10.1.2.3333", None),
            ("10.01.2.3", None),
            ("10.1.2.3/", None),
            ("10.1.2.3/33", None),
            ("10.1.2.3/08", None),
            ("10.1.2.3/8/8", None),
            ("10.1.2.3.4", None),
            ("", None),
        ] {
            let read = plain_net(text.as_bytes()).map(|net| (net.address, net.mask));
            assert_eq!(read, net, "{text}");
            let whole = net_of(text.as_bytes(), Family::Ip, |address, _| read_loose_address(address, Family::Ip));
            assert!(read.is_none() || whole == read_loose_net(text.as_bytes(), Family::Ip), "{text}");
        }
        for (text, family) in [
            ("10.0.0.256", Family::Ip),
            ("::1", Family::Ip),
            ("10.0.0.1", Family::Ip6),
            ("::/129", Family::Ip6),
            ("", Family::Ip),
        ] {
            assert!(read_net(text.as_bytes(), family).is_err(), "{text}");
        }
    }

    #[test]
    fn intervals_clear_host_bits() {
        let net = read_net(b"10.1.2.3/8", Family::Ip).unwrap();
        assert_eq!(net.interval(Family::Ip).map(|i| (i.lo, i.hi)), Some((0x0a00_0000, 0x0aff_ffff)));
        assert_eq!(read_net(b"10.0.0.1/255.0.255.0", Family::Ip).unwrap().interval(Family::Ip), None);
        assert_eq!(read_net(b"::/0", Family::Ip6).unwrap().interval(Family::Ip6).map(|i| i.hi), Some(u128::MAX));
    }
}
