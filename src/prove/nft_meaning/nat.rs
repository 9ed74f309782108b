//! Translation of addresses: final, whatever follows (`nft_nat.c`, `nft_masq.c`, `nft_redir.c`).

use super::lookups::Cases;
use super::values::number;
use super::{Read, Reading, unread};
use crate::nft::ast::{Expr, Nat, NatKind};
use crate::packet::Family;
use crate::prove::block::{Branch, Flow, NatAction, NatAddress, Step, Verdict, When};
use crate::prove::dd::{Bounded, Dd};

impl Reading<'_> {
    pub fn nat(&mut self, nat: &Nat) -> Read<()> {
        if nat.family.is_some_and(|family| family != Family::Inet && family != self.space.family()) {
            // An address of the other family: the statement does nothing.
            return Ok(());
        }
        let addresses = self.choices(nat.address.as_ref())?;
        let mut branches = Vec::new();
        for (when, parts) in addresses {
            let (address, mapped_port) = match parts.as_slice() {
                [] => (None, None),
                [address] => (Some(address), None),
                [address, port] => (Some(address), Some(port)),
                _ => return unread("a map to more than address and port"),
            };
            let address = address.map(|address| self.address(address, nat)).transpose()?;
            let with_ports = match (mapped_port, &nat.port) {
                (Some(_), Some(_)) => return unread("two ports to translate to"),
                (Some(port), None) => vec![(when, vec![port.clone()])],
                (None, port) => {
                    let choices = self.choices(port.as_ref())?;
                    let mut both = Vec::with_capacity(choices.len());
                    for (of_port, parts) in choices {
                        both.push((self.both(&when, &of_port)?, parts));
                    }
                    both
                }
            };
            for (when, parts) in with_ports {
                let action = NatAction {
                    kind: nat.kind,
                    address: address.clone(),
                    ports: parts.first().map(ports).transpose()?,
                    random: nat.flags.random,
                    fully_random: nat.flags.fully_random,
                    persistent: nat.flags.persistent,
                };
                branches.push(Branch { when, flow: Flow::Verdict(Verdict::Nat(action)) });
            }
        }
        self.steps.push(match branches.as_slice() {
            [Branch { when: When::Set(Dd::TRUE), flow }] => Step::Flow(flow.clone()),
            _ => Step::Dispatch(branches),
        });
        Ok(())
    }

    /// Packets in both of two sets.
    fn both(&mut self, a: &When, b: &When) -> Bounded<When> {
        match (a, b) {
            (a, When::Set(Dd::TRUE)) => Ok(a.clone()),
            (When::Set(Dd::TRUE), b) => Ok(b.clone()),
            _ => {
                let (a, b) = (a.set(&mut self.space.dd)?, b.set(&mut self.space.dd)?);
                self.space.dd.and(a, b).map(When::Set)
            }
        }
    }

    /// What an argument can be: constants, each for some packets. Those of no map entry leave the rule.
    fn choices(&mut self, argument: Option<&Expr>) -> Read<Cases<Vec<Expr>>> {
        let all = When::Set(Dd::TRUE);
        match argument {
            None => Ok(vec![(all, Vec::new())]),
            Some(Expr::Map { key, map }) => self.value_cases(key, map),
            Some(Expr::Concat(parts)) => Ok(vec![(all, parts.clone())]),
            Some(constant) => Ok(vec![(all, vec![constant.clone()])]),
        }
    }

    fn address(&self, expr: &Expr, nat: &Nat) -> Read<NatAddress> {
        let width = if self.space.family() == Family::Ip { 32 } else { 128u32 };
        match expr {
            Expr::Prefix { address, len } if nat.flags.prefix => {
                Ok(NatAddress::network(*address, u32::from(*len), width))
            }
            Expr::Prefix { address, len } if !matches!(nat.kind, NatKind::Masquerade) => {
                let host = width.saturating_sub(u32::from(*len));
                let ones = if host >= 128 { u128::MAX } else { (1 << host) - 1 };
                Ok(NatAddress::Range(address & !ones, address | ones))
            }
            Expr::Range(lo, hi) => match (number(lo), number(hi)) {
                (Some(lo), Some(hi)) if nat.flags.prefix => match prefix_length(lo, hi, width) {
                    Some(len) => Ok(NatAddress::network(lo, len, width)),
                    None => unread("a range that is no network, for a prefix"),
                },
                (Some(lo), Some(hi)) => Ok(NatAddress::Range(lo, hi)),
                _ => unread("a range of things that are no addresses"),
            },
            expr => match number(expr) {
                Some(address) => Ok(NatAddress::Range(address, address)),
                None => unread("a translation to something that is no address"),
            },
        }
    }
}

/// The length of the prefix that all addresses between the ends share, when there are no others with it.
const fn prefix_length(lo: u128, hi: u128, width: u32) -> Option<u32> {
    let host = lo ^ hi;
    if host & host.wrapping_add(1) == 0 && lo & host == 0 { Some(width - host.count_ones()) } else { None }
}

fn ports(expr: &Expr) -> Read<(u16, u16)> {
    let ends = match expr {
        Expr::Range(lo, hi) => (number(lo), number(hi)),
        expr => (number(expr), number(expr)),
    };
    match ends {
        (Some(lo), Some(hi)) => match (u16::try_from(lo), u16::try_from(hi)) {
            (Ok(lo), Ok(hi)) => Ok((lo, hi)),
            _ => unread("a port that is too large"),
        },
        _ => unread("a translation to something that is no port"),
    }
}
