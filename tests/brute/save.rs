//! What a dump does with one packet, rule by rule (iptables(8), iptables-extensions(8)).

use bstr::BString;
use ipt2nft::nft::ast::ChainKind;
use ipt2nft::prove::block::BaseKey;
use ipt2nft::save::ast::{Dump, Opt, Part, Policy, Rule, Table, TableKind, Target};
use ipt2nft::save::option::Value;

use crate::packet::{Outcome, Packet, TCP, Travel, WARNING};

/// How a chain ends.
enum End {
    Accept,
    Drop,
    /// At its end, or by RETURN.
    Back,
}

/// What the base chain at a key does; `None` where there is something that this evaluator has no words for.
pub fn outcome(dump: &Dump, key: BaseKey, packet: &Packet) -> Option<Outcome> {
    let mut travel = Travel::new(packet);
    for table in dump.documents.iter().flat_map(|document| &document.tables) {
        let route = (table.kind, key.hook.name()) == (TableKind::Mangle, "output");
        let kind = if route { ChainKind::Route } else { ChainKind::Filter };
        if table.kind.priority(key.hook) != key.priority || kind != key.kind {
            continue;
        }
        let Some((name, _)) = table.kind.builtins().iter().find(|(_, hook)| *hook == key.hook) else { continue };
        let policy =
            table.chains().find(|chain| chain.name.as_slice() == name.as_bytes()).and_then(|chain| chain.policy);
        let accepted = match chain(table, name.as_bytes(), &mut travel)? {
            End::Accept => true,
            End::Drop => false,
            End::Back => policy != Some(Policy::Drop),
        };
        return Some(travel.end(accepted));
    }
    Some(travel.end(true))
}

fn chain(table: &Table, name: &[u8], travel: &mut Travel) -> Option<End> {
    for rule in table.rules().filter(|rule| rule.chain.as_slice() == name) {
        if !matches(rule, &travel.packet)? {
            continue;
        }
        match &rule.target {
            Target::None => {}
            Target::Chain { name, goto, .. } => match (chain(table, name, travel)?, goto) {
                (End::Back, false) => {}
                // Where a chain that was gone to ends, the one that went there ends.
                (end, _) => return Some(end),
            },
            Target::Extension(part) => match part.extension.name {
                "ACCEPT" => return Some(End::Accept),
                "DROP" => return Some(End::Drop),
                "RETURN" => return Some(End::Back),
                "LOG" => {
                    let prefix = part.text("log-prefix").map(BString::from).unwrap_or_default();
                    travel.logs.push((prefix, part.number("log-level").unwrap_or(WARNING)));
                }
                "MARK" => travel.packet.mark = marked(part, travel.packet.mark)?,
                _ => return None,
            },
        }
    }
    Some(End::Back)
}

fn marked(part: &Part, mark: u32) -> Option<u32> {
    let Value::Masked { value, mask } = part.get("set-xmark")?.value else { return None };
    Some((mark & !(mask as u32)) ^ value as u32)
}

fn matches(rule: &Rule, packet: &Packet) -> Option<bool> {
    for part in std::iter::once(&rule.head).chain(&rule.matches) {
        let header = matches!(part.extension.name, "tcp" | "udp");
        if header && packet.fragment != 0 {
            return Some(false);
        }
        for option in &part.options {
            if holds(option, packet)? == option.negated {
                return Some(false);
            }
        }
    }
    Some(true)
}

fn holds(option: &Opt, packet: &Packet) -> Option<bool> {
    let within = |number: u64| match &option.value {
        Value::Number(n) => Some(*n == number),
        Value::Range(lo, hi) => Some((*lo..=*hi).contains(&number)),
        Value::Ranges(ranges) => Some(ranges.iter().any(|(lo, hi)| (*lo..=*hi).contains(&number))),
        _ => None,
    };
    Some(match (option.spec.name, &option.value) {
        ("source", Value::Nets(nets)) => nets.iter().any(|net| packet.source & net.mask == net.address & net.mask),
        ("in-interface", Value::Interface(wanted)) => {
            let name = packet.iif.as_bytes();
            if wanted.wildcard { name.starts_with(&wanted.name) } else { name == wanted.name.as_slice() }
        }
        ("protocol", Value::Number(protocol)) => u64::from(packet.protocol) == *protocol,
        ("source-port", _) => within(packet.sport.into())?,
        ("destination-port", _) => within(packet.dport.into())?,
        ("tcp-flags", Value::Masked { value, mask }) => {
            packet.protocol == TCP && u64::from(packet.tcp_flags) & mask == *value
        }
        ("ctstate", Value::Number(states)) => u64::from(packet.ct_state) & states != 0,
        ("mark", Value::Masked { value, mask }) => u64::from(packet.mark) & mask == *value,
        _ => return None,
    })
}
