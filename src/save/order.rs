//! Chains as they stand once a table is restored: declared chains, rules in their final order.
//!
//! `-I` puts a rule at a position; a rule with `-4` or `-6` counts for its family only.

use bstr::BStr;
use rustc_hash::FxHashMap;

use super::ast::{ChainLine, Counters, Placement, Policy, Rule, Table};
use crate::packet::{Family, Hook};

/// A chain of a restored table.
#[derive(Debug)]
pub struct Chain<'a> {
    pub name: &'a BStr,
    /// The hook when the chain is built in.
    pub hook: Option<Hook>,
    /// ACCEPT for built-in chains that say nothing; meaningless for others.
    pub policy: Policy,
    pub counters: Option<Counters>,
    pub rules: Vec<&'a Rule>,
}

/// The chains in the order of the dump; built-in ones that have rules but no line come first.
pub fn chains(table: &Table, family: Family) -> Vec<Chain<'_>> {
    let mut all: Vec<Chain> = Vec::new();
    let mut index: FxHashMap<&[u8], usize> = FxHashMap::default();
    let declared: Vec<&ChainLine> = table.chains().collect();
    let mentioned = |name: &str| declared.iter().any(|c| c.name == name) || table.rules().any(|r| r.chain == name);
    for &(name, hook) in table.kind.builtins() {
        if mentioned(name) {
            index.insert(name.as_bytes(), all.len());
            all.push(Chain {
                name: name.into(),
                hook: Some(hook),
                policy: Policy::Accept,
                counters: None,
                rules: Vec::new(),
            });
        }
    }
    for line in declared {
        let at = *index.entry(&line.name).or_insert(all.len());
        if at == all.len() {
            all.push(Chain {
                name: line.name.as_ref(),
                hook: None,
                policy: Policy::Accept,
                counters: None,
                rules: Vec::new(),
            });
        }
        if let Some(chain) = all.get_mut(at) {
            chain.policy = line.policy.unwrap_or(chain.policy);
            chain.counters = line.counters.or(chain.counters);
        }
    }
    for rule in table.rules().filter(|r| r.only.is_none_or(|f| f == family)) {
        let Some(chain) = index.get(rule.chain.as_slice()).and_then(|&at| all.get_mut(at)) else { continue };
        match rule.placement {
            Placement::Append => chain.rules.push(rule),
            // The reader has checked positions; one past the end appends, as iptables does.
            Placement::Insert(n) => chain.rules.insert((n as usize - 1).min(chain.rules.len()), rule),
        }
    }
    all
}
