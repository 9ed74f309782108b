//! Targets: what happens to the packets that a rule matches.

use super::Reading;
use crate::nft::ast::{Log, LogFlags};
use crate::prove::block::{Flow, Step, Verdict, log_line};
use crate::prove::dd::{Bands, Bounded};
use crate::save::ast::Part;

pub(super) fn accept(_: &Part, _: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    Ok(vec![Step::Flow(Flow::Verdict(Verdict::Accept))])
}

pub(super) fn drop(_: &Part, _: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    Ok(vec![Step::Flow(Flow::Verdict(Verdict::Drop))])
}

/// `RETURN`; at the end of a built-in chain's way back stands the policy.
pub(super) fn back(_: &Part, _: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    Ok(vec![Step::Flow(Flow::Return)])
}

/// `LOG`: the rule goes on behind it, and so does the chain.
pub(super) fn log(part: &Part, _: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let log = Log {
        prefix: part.text("log-prefix").map(|text| text.to_owned()),
        level: part.number("log-level").map(|level| level as u8),
        flags: LogFlags {
            tcp_sequence: part.has("log-tcp-sequence"),
            tcp_options: part.has("log-tcp-options"),
            ip_options: part.has("log-ip-options"),
            skuid: part.has("log-uid"),
            ether: part.has("log-macdecode"),
        },
        ..Log::default()
    };
    Ok(vec![Step::Effect { effect: log_line(&log), reads: Bands::default() }])
}
