//! Which ports of this host a stranger can open connections to.
//!
//! The stranger has a public address that nobody's rules are about, and comes in by any interface but the
//! loopback. Ports that are open under some condition the model has no bits for count as open.

use super::ruleset::{RuleAt, Ruleset};
use super::shape;
use crate::packet::{CtKey, Family, Field, Hook, Interval, IntervalSet, L4};
use crate::prove::dd::{Bands, Bounded, Dd};
use crate::prove::space::{Slot, bands};
use crate::save::ast::{Policy, TableKind};

/// Open ports by protocol.
pub struct Open {
    pub tcp: IntervalSet,
    pub udp: IntervalSet,
}

/// `ct state` of the first packet of a connection, as nft numbers it.
const NEW: u128 = 8;

impl Open {
    /// The open ports; `None` where that cannot be told.
    pub fn of(ruleset: &Ruleset<'_>) -> Option<Open> {
        let table = ruleset.tables.iter().position(|view| view.table.kind == TableKind::Filter)?;
        if !ruleset.tables.get(table)?.whole {
            return None;
        }
        let accepted = accepted(ruleset, table).ok()??;
        let open = |protocol, l4| ports(ruleset, accepted, protocol, l4).ok().flatten();
        Some(Open { tcp: open(6, L4::Tcp)?, udp: open(17, L4::Udp)? })
    }
}

/// What is accepted at the input hook.
fn accepted(ruleset: &Ruleset<'_>, table: usize) -> Bounded<Option<Dd>> {
    let (Some(mut packets), Some(view)) = (ruleset.packets(), ruleset.tables.get(table)) else { return Ok(None) };
    let possible = packets.reach.space.possible(Hook::Input)?;
    let mut parts = Vec::new();
    let mut has_input = false;
    for (number, chain) in view.chains.iter().enumerate() {
        let Some(id) = packets.chain(table, number) else { return Ok(None) };
        if chain.chain.hook == Some(Hook::Input) {
            has_input = true;
            if chain.chain.policy == Policy::Accept {
                parts.push(packets.reach.passing(id, possible)?);
            }
        }
        if !packets.reach.hooks(id).contains(&Hook::Input) {
            continue;
        }
        for (rule, found) in chain.chain.rules.iter().enumerate() {
            // A RETURN in a base chain is its policy.
            let returns =
                chain.chain.hook.is_some() && shape::is_target(found, "RETURN") && chain.chain.policy == Policy::Accept;
            if shape::is_target(found, "ACCEPT") || returns {
                let Some(at) = packets.at(RuleAt { table, chain: number, rule }) else { return Ok(None) };
                parts.push(packets.reach.reaching(at)?);
            }
        }
    }
    if !has_input {
        parts.push(possible);
    }
    let dd = &mut packets.reach.space.dd;
    let all = dd.any(&parts)?;
    dd.and(all, possible).map(Some)
}

/// The destination ports with which a stranger's first packet is accepted.
fn ports(ruleset: &Ruleset<'_>, accepted: Dd, protocol: u128, l4: L4) -> Bounded<Option<IntervalSet>> {
    let Some(mut packets) = ruleset.packets() else { return Ok(None) };
    let space = &mut packets.reach.space;
    let source = match ruleset.family() {
        Family::Ip6 => (
            Field::Ip6Saddr,
            u128::from(std::net::Ipv6Addr::new(0x2a0e, 0xb107, 0x1d3, 0x5a7, 0x31, 0x9c2, 0x77e, 0x4b1)),
        ),
        _ => (Field::IpSaddr, u128::from(u32::from(std::net::Ipv4Addr::new(91, 214, 167, 83)))),
    };
    let lo = space.name(Field::Iifname, b"lo", false)?;
    let parts = [
        space.within(source.0, &IntervalSet::point(source.1))?,
        space.within(Field::Ct(CtKey::State), &IntervalSet::point(NEW))?,
        space.protocol(&IntervalSet::point(protocol))?,
        space.first_fragment()?,
        space.dd.not(lo)?,
    ];
    let mut set = space.dd.all(&parts)?;
    if l4 == L4::Tcp {
        let syn = space.within(Field::TcpFlags, &IntervalSet::point(2))?;
        set = space.dd.and(set, syn)?;
    }
    set = space.dd.and(set, accepted)?;
    let others = Bands(!(1 << bands::DPORT));
    let set = space.dd.exists(set, others, &|var| var.band() != bands::DPORT)?;
    let Slot::Bits(bits) = &*space.slot(Field::Dport(l4)) else { return Ok(None) };
    let open = (0u128..1 << 16).filter(|port| {
        let bit = |var| bits.iter().position(|&bit| bit == var).is_some_and(|at| port >> (15 - at) & 1 == 1);
        space.dd.eval(set, bit) != 0
    });
    Ok(Some(open.map(Interval::point).collect()))
}

/// Two rulesets of one host, IPv4 and IPv6: of one input, or of inputs that are named alike.
pub fn pairs<'r, 'a>(rulesets: &'r [Ruleset<'a>]) -> Vec<(&'r Ruleset<'a>, &'r Ruleset<'a>)> {
    let of = |family: Family| rulesets.iter().filter(move |ruleset| ruleset.family() == family);
    let key = |ruleset: &Ruleset<'_>| stem(&ruleset.source.name);
    of(Family::Ip)
        .filter_map(|v4| {
            let mut partners = of(Family::Ip6).filter(|v6| v6.source.id == v4.source.id || key(v6) == key(v4));
            Some((v4, partners.next()?)).filter(|_| partners.next().is_none())
        })
        .collect()
}

/// `rules.v4` and `rules.v6`, `iptables` and `ip6tables`, `user.rules` and `user6.rules` have one stem each.
fn stem(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '4' | '6')).collect()
}

/// `tcp 22, 80-90; udp 53`
pub fn show(open: &Open) -> String {
    let list = |name: &str, set: &IntervalSet| {
        let all = set.intervals();
        let part = |&Interval { lo, hi }: &Interval| if lo == hi { lo.to_string() } else { format!("{lo}-{hi}") };
        let more = if all.len() > 6 { ", ..." } else { "" };
        let text = all.iter().take(6).map(part).collect::<Vec<_>>().join(", ");
        (!all.is_empty()).then(|| format!("{name} {text}{more}"))
    };
    [list("tcp", &open.tcp), list("udp", &open.udp)].into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// What is open in the first and not in the second.
pub fn beyond(open: &Open, other: &Open) -> Open {
    Open { tcp: open.tcp.difference(&other.tcp), udp: open.udp.difference(&other.udp) }
}

impl Open {
    pub fn is_nothing(&self) -> bool {
        self.tcp.is_empty() && self.udp.is_empty()
    }
}
