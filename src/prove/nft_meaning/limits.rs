//! State in rules: limits, quotas, counts of connections.

use super::{Read, Reading, unread};
use crate::nft::ast::{Limit, Statement, TimeUnit};
use crate::prove::vocabulary;

impl Reading<'_> {
    /// Asks the state of a statement, here or under a name.
    pub fn stateful(&mut self, statement: &Statement, name: Option<String>) -> Read<()> {
        let (content, wanted) = self.state_words(statement)?;
        self.consult(content, name, wanted)?;
        Ok(())
    }

    /// The content of a statement's state, and the answer with which packets go on.
    pub fn state_words(&self, statement: &Statement) -> Read<(String, bool)> {
        match statement {
            Statement::Limit(limit) => Ok((limit_words(limit), !limit.over)),
            Statement::Quota { over, bytes, .. } => Ok((vocabulary::quota(*bytes), !over)),
            Statement::ConnLimit { over, count } => Ok((vocabulary::connections(*count), !over)),
            _ => unread("a statement without state in a set"),
        }
    }
}

/// `nft_limit.c`; five packets of burst when nothing is said.
pub(super) fn limit_words(limit: &Limit) -> String {
    let seconds = match limit.unit {
        TimeUnit::Second => 1,
        TimeUnit::Minute => 60,
        TimeUnit::Hour => 3600,
        TimeUnit::Day => 86_400,
        TimeUnit::Week => 604_800,
    };
    let burst = limit.burst.unwrap_or(if limit.bytes { 0 } else { 5 });
    vocabulary::limit(limit.rate, seconds, burst, limit.bytes)
}
