//! What is to be known of a chain's rules before any of them moves, found out when somebody asks.

use std::cell::OnceCell;

use super::commute::Effect;
use super::deeds;
use super::domain::Domain;
use super::effects::{ChainChanges, Changes};
use super::order::Claims;
use crate::ir::Rule;

/// See the module's documentation. Rules are named by their place in the chain.
#[derive(Debug)]
pub struct Facts<'r> {
    pub rules: &'r [Rule],
    pub chains: &'r ChainChanges,
    deeds: OnceCell<Vec<(u32, Effect)>>,
    profiles: OnceCell<Vec<OnceCell<Box<Profile>>>>,
    claims: OnceCell<Claims>,
}

/// Of one rule.
#[derive(Debug)]
pub struct Profile {
    /// The packets that it can match.
    pub domain: Domain,
    pub changes: Changes,
}

impl<'r> Facts<'r> {
    /// Of a chain's rules in their order.
    pub const fn new(rules: &'r [Rule], chains: &'r ChainChanges) -> Self {
        Facts { rules, chains, deeds: OnceCell::new(), profiles: OnceCell::new(), claims: OnceCell::new() }
    }

    /// The number of what each rule does, see [`deeds`], and what it does as far as order is concerned.
    pub fn deeds(&self) -> &[(u32, Effect)] {
        self.deeds.get_or_init(|| deeds::of(self.rules))
    }

    /// What a rule does, as far as order is concerned.
    pub fn effect(&self, rule: usize) -> Effect {
        self.deeds()[rule].1
    }

    /// What else is to be known of a rule.
    pub fn profile(&self, rule: usize) -> &Profile {
        let profiles = self.profiles.get_or_init(|| self.rules.iter().map(|_| OnceCell::new()).collect());
        profiles[rule].get_or_init(|| {
            let changes = self.chains.of_rule(&self.rules[rule]).into_owned();
            Box::new(Profile { domain: Domain::of(&self.rules[rule], &changes), changes })
        })
    }

    /// Which values each rule is for.
    pub fn claims(&self) -> &Claims {
        self.claims.get_or_init(|| Claims::of(self))
    }
}
