//! `--dport 80 -j DNAT --to A:80`, `--dport 81 -j DNAT --to B:80` become
//! `dnat ip addr . port to tcp dport map { 80 : A . 80, 81 : B . 80 }`; so with SNAT and REDIRECT.
//!
//! Sound as [`mapping`] says. Places that are ranges stay rules of their own.

use super::features::Features;
use super::known::Known;
use super::mapping::{self, Data, Deed, Kind};
use super::{Options, Report};
use crate::ir::{Rule, Table, Verdict};

/// Makes the maps of addresses and ports of every chain.
pub fn run(table: &mut Table, known: &mut Known, options: &Options, report: &mut Report) {
    // What was found out of the table stays true: its chains call and change what they did.
    mapping::run(table, known, options, report, reading, Features::NAT, why);
}

fn why(rules: usize) -> String {
    format!("the {rules} rules test the same fields and translate to different places: one map looks the place up")
}

fn reading(rule: &Rule) -> Option<Deed> {
    let Verdict::Nat(nat) = &rule.verdict else { return None };
    let target = nat.single()?;
    let (address, port) = (target.address.is_some(), target.port.is_some());
    let kind = Kind::Nat { kind: nat.kind, flags: nat.flags, address, port };
    let only_translates = rule.statements().next().is_none();
    only_translates.then_some(Deed { kind, data: Data::Nat(target), is_final: true })
}
