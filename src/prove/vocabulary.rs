//! The words in which both readers name state, chance, effects, and conditions without bits.
//!
//! Two things are the same to the prover when their words are, so each kind of thing has one function
//! here, and numbers are brought into one form: `60/minute` is `1/second`.

use std::borrow::Cow;

use super::chance::{self, Chance, gcd};
use crate::nft::keywords::is_keyword;
use crate::nft::names;
use crate::packet::{Family, Field, L4};

/// A token bucket that lets packets pass: `limit rate RATE/SECONDS burst BURST`.
///
/// `over` is not part of it: a reader tests the negated answer.
pub fn limit(rate: u64, seconds: u64, burst: u64, bytes: bool) -> String {
    let divisor = gcd(rate, seconds).max(1);
    let unit = if bytes { " bytes" } else { "" };
    format!("limit {}{unit}/{}s burst {burst}", rate / divisor, seconds / divisor)
}

/// A quota that matches until so many bytes have passed.
pub fn quota(bytes: u64) -> String {
    format!("quota {bytes} bytes")
}

/// Whether there are at most `count` connections of the same key.
pub fn connections(count: u32) -> String {
    format!("at most {count} connections")
}

/// True for `part` of `whole` packets, at random, or (not `wanted`) for the others; beside it the answer to look for. The
/// choice is told by its rarer outcome, so that it is the same however it was asked for; a rounded fraction is told by
/// the one it was rounded from ([`chance::meant`]).
pub fn random(part: u64, whole: u64, wanted: bool) -> (String, bool) {
    let others = whole.saturating_sub(part);
    let (part, others) = if wanted { (part, others) } else { (others, part) };
    let asked = part <= others;
    let (part, whole) = chance::meant(part.min(others), whole);
    (format!("random {part}/{whole}"), asked)
}

/// True for one packet of `every`, first the one with number `packet`; beside it whether that is the answer wanted,
/// since of every two packets the second one is the one that is not the first.
pub fn nth(every: u32, packet: u32) -> (String, bool) {
    let second_of_two = (every, packet) == (2, 1);
    (format!("packet {} of {every}", if second_of_two { 0 } else { packet }), !second_of_two)
}

/// A random number or running count below `modulus`, the answer itself.
pub fn number(random: bool, modulus: u32) -> String {
    format!("{} number below {modulus}", if random { "random" } else { "running" })
}

/// The draw that a [`random`] choice or a random [`number`] makes each time it is asked; `None` for state.
///
/// Asking for a draw leaves no trace: what one packet asks cannot be told from what another is answered.
pub fn draw(content: &str) -> Option<Chance> {
    let words = content.strip_prefix("random ")?;
    if let Some(modulus) = words.strip_prefix("number below ") {
        return modulus.parse().ok().map(Chance::Below);
    }
    let (part, whole) = words.split_once('/')?;
    Some(Chance::Yes { part: part.parse().ok()?, whole: whole.parse().ok()? })
}

/// State kept separately for each value of a key (see [`key`]), forgotten after `timeout` seconds without use.
///
/// How many keys there is room for is no part of it: tables that are full are outside the model.
pub fn per_key(key: &str, state: &str, timeout: Option<u64>) -> String {
    let timeout = timeout.map(|s| format!(" for {s}s")).unwrap_or_default();
    format!("per {key}: {state}{timeout}")
}

/// Fields, each perhaps seen through a mask, whose values together are the key of some state.
///
/// Ports are those of whatever transport header there is; a mask of all ones is none.
pub fn key(fields: &[(Field, Option<u128>)]) -> String {
    let part = |&(field, mask): &(Field, Option<u128>)| {
        let field = match field {
            Field::Sport(_) => Field::Sport(L4::Th),
            Field::Dport(_) => Field::Dport(L4::Th),
            // One value for all packets of a family, whatever the width.
            Field::Protocol => Field::Nfproto,
            other => other,
        };
        let all = u128::MAX.checked_shr(128 - field.width()).unwrap_or(0);
        match mask.map(|mask| mask & all) {
            Some(mask) if mask != all => format!("{} & {mask:#x}", field_of(field)),
            _ => field_of(field),
        }
    };
    fields.iter().map(part).collect::<Vec<_>>().join(" . ")
}

/// A field as nft writes it, or as its variant is called.
fn field_of(field: Field) -> String {
    names::field_words(field, Family::Inet).map_or_else(|| format!("{field:?}"), Cow::into_owned)
}

/// Whether a set that rules add to has room for one more element, when it holds `size` at most.
pub fn room(set: &str, size: u32) -> String {
    format!("room for {size} in set {set}")
}

/// Whether a key is in a set whose elements come and go.
pub fn member(set: &str, key: &str) -> String {
    format!("{key} in set {set}")
}

/// The name that a set is told by, whether it is the dump's or one that nft takes: characters that nft does not take, the
/// `_chain` behind a keyword and the `chain_` before a digit make no difference.
pub fn set_name(name: &[u8]) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    let name: String = String::from_utf8_lossy(name).chars().map(plain).collect();
    let keyword = name.strip_suffix("_chain").filter(|rest| is_keyword(rest.as_bytes()));
    let number = name.strip_prefix("chain_").filter(|rest| !rest.starts_with(|c: char| c.is_ascii_alphabetic()));
    keyword.or(number).unwrap_or(&name).to_owned()
}

/// The same, where no other of these sets has it; else the name itself.
pub fn name_among<'a>(name: &[u8], all: impl Iterator<Item = &'a [u8]>) -> String {
    let told = set_name(name);
    let mut others = all.filter(|other| *other != name);
    if others.any(|other| set_name(other) == told) { String::from_utf8_lossy(name).into_owned() } else { told }
}

/// One element that a set begins with: its parts, both ends included, and the seconds it has left, 0 for ever.
pub type FirstElement = (Vec<(u128, u128)>, u64);

/// What holds the elements of a set that changes: those that it begins with belong to it.
pub fn elements(set: &str, mut first: Vec<FirstElement>) -> String {
    first.sort_unstable();
    first.dedup();
    let part = |&(lo, hi): &(u128, u128)| if lo == hi { format!("{lo:#x}") } else { format!("{lo:#x}-{hi:#x}") };
    let words = |(parts, left): &FirstElement| {
        let parts = parts.iter().map(part).collect::<Vec<_>>().join(" . ");
        if *left == 0 { parts } else { format!("{parts} for {left}s") }
    };
    let first = first.iter().map(words).collect::<Vec<_>>().join(", ");
    let first = if first.is_empty() { String::new() } else { format!(", at first {first}") };
    format!("elements of set {set}{first}")
}

/// Whether elements that had so many seconds left when the rules were loaded are still in their set.
pub fn lasting(seconds: u64) -> String {
    format!("elements with {seconds}s left are still there")
}

/// A bit, by its weight, of the number that the security module has for a context.
pub fn security_mark(context: &str, bit: u32) -> String {
    format!("bit {bit} of the mark for {context}")
}

/// The effect of giving a connection a helper, by the helper's kernel name.
pub fn helper(name: &str) -> String {
    format!("ct helper set {name}")
}

/// The effect of adding an MSS option to packets that have none; `None`: what the route allows.
pub fn add_mss(size: Option<u16>) -> String {
    match size {
        Some(size) => format!("tcp option maxseg size {size} added"),
        None => "tcp option maxseg size of the route added".to_owned(),
    }
}

/// A condition, state or effect that only iptables has, by its extension and its options as printed.
pub fn xtables(extension: &str, options: &str) -> String {
    format!("{extension} {options}").trim_end().to_owned()
}

/// The effect of lowering an MSS option to `size`, where there is one that is larger.
pub fn clamp_mss(size: u16) -> String {
    format!("tcp option maxseg size set {size}")
}

/// The effect of lowering an MSS option to what the route allows.
pub fn clamp_mss_to_route() -> String {
    "tcp option maxseg size set rt mtu".to_owned()
}

/// The effect of changing an element of a set: `op` is `add`, `update` or `delete`.
pub fn set_update(op: &str, set: &str, key: &str, timeout: Option<u64>) -> String {
    let timeout = timeout.map(|s| format!(" timeout {s}s")).unwrap_or_default();
    format!("{op} @{set} {{ {key}{timeout} }}")
}

/// The effect of taking the MSS option, or another one, out of the TCP header.
pub fn strip_tcp_option(kind: u8) -> String {
    format!("reset tcp option {kind}")
}

/// The effect of giving the packet's connection a property that no rule can test.
pub fn set_of_connection(what: &str, value: u128) -> String {
    format!("ct {what} set {value}")
}

/// The effect of sending a copy of the packet.
pub fn duplicate(address: u128, device: Option<&str>) -> String {
    let device = device.map(|name| format!(" device {name}")).unwrap_or_default();
    format!("dup to {address:#x}{device}")
}

/// The effect of handing the packet to a local socket.
pub fn tproxy(address: Option<u128>, port: Option<u16>) -> String {
    let address = address.map(|a| format!("{a:#x}")).unwrap_or_default();
    format!("tproxy to {address}:{}", port.map(|p| p.to_string()).unwrap_or_default())
}

/// Whether there is a socket for [`tproxy`] to hand the packet to.
pub fn finds_a_socket(tproxy: &str) -> String {
    format!("{tproxy} finds a socket")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_keys_have_one_name() {
        assert_eq!(key(&[(Field::IpSaddr, Some(0xffff_ffff))]), key(&[(Field::IpSaddr, None)]));
        assert_eq!(key(&[(Field::Dport(L4::Tcp), None)]), key(&[(Field::Dport(L4::Udp), None)]));
        assert_ne!(key(&[(Field::IpSaddr, Some(0xff))]), key(&[(Field::IpDaddr, Some(0xff))]));
    }

    #[test]
    fn draws_are_told_from_state() {
        assert_eq!(draw(&random(1, 3, true).0), Some(Chance::Yes { part: 1, whole: 3 }));
        assert_eq!(draw(&number(true, 5)), Some(Chance::Below(5)));
        assert_eq!(draw(&number(false, 5)), None);
        assert_eq!(draw(&nth(5, 0).0), None);
        assert_eq!(nth(2, 1), (nth(2, 0).0, false));
        assert_ne!(nth(3, 1), nth(3, 0));
        assert_eq!(draw(&limit(1, 2, 5, false)), None);
    }

    #[test]
    fn sets_keep_their_name_under_another() {
        for (dump, nft) in [("all", "all_chain"), ("geo:cn", "geo_cn"), ("1st", "chain_1st"), ("f2b-sshd", "f2b-sshd")]
        {
            assert_eq!(set_name(dump.as_bytes()), set_name(nft.as_bytes()));
        }
        let all = [&b"geo:cn"[..], b"geo_cn"];
        assert_ne!(name_among(all[0], all.into_iter()), name_among(all[1], all.into_iter()));
    }

    #[test]
    fn equal_rates_have_one_name() {
        assert_eq!(limit(60, 60, 5, false), limit(1, 1, 5, false));
        assert_ne!(limit(60, 60, 5, false), limit(1, 1, 6, false));
        assert_eq!(random(1 << 30, 1 << 31, true), random(1, 2, true));
        assert_eq!(random(715_827_883, 1 << 31, true), random(1, 3, true));
    }

    #[test]
    fn a_choice_is_the_same_whichever_outcome_is_asked_for() {
        assert_eq!(random(21_475, 1 << 31, false), random((1 << 31) - 21_475, 1 << 31, true));
        assert_eq!(random(3, 4, true), (random(1, 4, true).0, false));
        assert_eq!(random(3, 4, false), random(1, 4, true));
        assert_eq!(random(1, 2, false), random(1, 2, true));
        assert_ne!(random(1, 4, true), random(1, 4, false));
    }
}
