//! Translation of addresses: `SNAT`, `DNAT`, `MASQUERADE`, `REDIRECT`, `NETMAP`
//! (`xt_nat.c`, `xt_MASQUERADE.c`, `xt_REDIRECT.c`, `xt_NETMAP.c`).
//!
//! All of them are final. Which packets a nat table sees is the same for both kernels' tables.

use crate::nft::ast::NatKind;
use crate::packet::{Family, Hook};
use crate::prove::block::{Flow, NatAction, NatAddress, Step, Verdict};
use crate::prove::dd::Bounded;
use crate::prove::save_meaning::{Reading, options};
use crate::prove::vocabulary;
use crate::save::ast::Part;
use crate::save::option::{NatRange, Value};

pub fn snat(part: &Part, _: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    Ok(translation(part, NatKind::Snat, "to-source"))
}

pub fn dnat(part: &Part, _: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    Ok(translation(part, NatKind::Dnat, "to-destination"))
}

pub fn masquerade(part: &Part, _: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    Ok(translation(part, NatKind::Masquerade, "to-ports"))
}

pub fn redirect(part: &Part, _: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    Ok(translation(part, NatKind::Redirect, "to-ports"))
}

/// The host part stays. Which address is translated depends on the hook that the packet is at.
pub fn netmap(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let Some(Value::Nets(nets)) = part.get("to").map(|option| &option.value) else {
        return Ok(options::not_understood(part));
    };
    let [net] = nets.as_slice() else { return Ok(options::not_understood(part)) };
    let destination = |hook: &Hook| matches!(hook, Hook::Prerouting | Hook::Output);
    let kind = match reading.hooks.iter().filter(|hook| destination(hook)).count() {
        0 => NatKind::Snat,
        n if n == reading.hooks.len() => NatKind::Dnat,
        _ => return Ok(vec![Step::Unknown("NETMAP in a chain that several kinds of hooks call".to_owned())]),
    };
    let width = if reading.space.family() == Family::Ip { 32 } else { 128 };
    let address = Some(NatAddress::network(net.address & net.mask, net.mask.count_ones(), width));
    let action = NatAction { kind, address, ports: None, random: false, fully_random: false, persistent: false };
    Ok(vec![Step::Flow(Flow::Verdict(Verdict::Nat(action)))])
}

fn translation(part: &Part, kind: NatKind, to: &str) -> Vec<Step> {
    let known = [to, "random", "random-fully", "persistent"];
    if let Some(other) = part.options.iter().find(|option| !known.contains(&option.spec.name)) {
        return vec![options::unknown(part, other)];
    }
    let nothing = NatRange::default();
    let range = match part.get(to).map(|option| &option.value) {
        None => &nothing,
        Some(Value::NatRange(range)) => range,
        Some(_) => return options::not_understood(part),
    };
    let action = NatAction {
        kind,
        address: range.addresses.map(|(lo, hi)| NatAddress::Range(lo, hi)),
        ports: range.ports,
        random: part.has("random"),
        fully_random: part.has("random-fully"),
        persistent: part.has("persistent"),
    };
    let verdict = match range.base {
        None => Verdict::Nat(action),
        Some(base) => Verdict::Other(vocabulary::xtables("NAT", &format!("{action}, counted from port {base}"))),
    };
    vec![Step::Flow(Flow::Verdict(verdict))]
}
