//! Names that say what a list is: the chain, what becomes of its packets, what is listed.

use bstr::{BStr, BString, ByteSlice};

use super::list::List;
use crate::ir::{ChainId, Rule, Statement, Verdict};
use crate::packet::Field;

/// How the chains of software that adds and removes addresses at run time are called.
const FED: &[&str] = &["f2b-", "fail2ban", "sshguard", "crowdsec", "blocklist", "blacklist", "ban-", "banned"];

/// Whether other software feeds the lists of a chain of this name.
pub fn is_fed(chain: &BStr) -> bool {
    let Some(first) = chain.first().map(u8::to_ascii_lowercase) else { return false };
    let begins = |with: &[u8]| chain.get(..with.len()).is_some_and(|own| own.eq_ignore_ascii_case(with));
    FED.iter().map(|with| with.as_bytes()).any(|with| with.first() == Some(&first) && begins(with))
}

/// `INPUT-blocked-sources`, `FORWARD-allowed-rows`, `f2b-sshd-banned`.
pub(super) fn name(
    chain: &BString,
    rule: &Rule,
    list: &List,
    chain_name: &dyn Fn(ChainId) -> Option<BString>,
) -> BString {
    let mut name = chain.clone();
    if is_fed(chain.as_bstr()) && list.is_addresses() && !list.negated && ends_badly(&rule.verdict) {
        name.extend_from_slice(b"-banned");
        return name;
    }
    name.push(b'-');
    if list.negated {
        name.extend_from_slice(b"exempt");
    } else {
        match &rule.verdict {
            Verdict::Jump(to) | Verdict::Goto(to) => {
                name.extend_from_slice(b"to-");
                name.extend_from_slice(&chain_name(*to).unwrap_or_default());
            }
            _ => name.extend_from_slice(fate(rule).as_bytes()),
        }
    }
    name.push(b'-');
    name.extend_from_slice(listed(&list.fields).as_bytes());
    name
}

const fn ends_badly(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Drop | Verdict::Reject(_))
}

fn fate(rule: &Rule) -> &'static str {
    let logs = rule.statements().any(|s| matches!(s, Statement::Log(_)));
    match &rule.verdict {
        Verdict::Drop | Verdict::Reject(_) if logs => "logged-blocked",
        Verdict::Drop | Verdict::Reject(_) => "blocked",
        Verdict::Accept if logs => "logged-allowed",
        Verdict::Accept => "allowed",
        Verdict::Return => "returned",
        Verdict::Nat(_) => "translated",
        Verdict::Queue { .. } => "queued",
        _ if logs => "logged",
        _ => "marked",
    }
}

fn listed(fields: &[Field]) -> &'static str {
    match fields {
        [Field::IpSaddr | Field::Ip6Saddr] => "sources",
        [Field::IpDaddr | Field::Ip6Daddr] => "destinations",
        [Field::Sport(_)] => "source-ports",
        [Field::Dport(_)] => "ports",
        [Field::Iifname | Field::Oifname] => "interfaces",
        [Field::EtherSaddr] => "macs",
        [Field::Mark] => "marks",
        [_] => "values",
        _ => "rows",
    }
}
