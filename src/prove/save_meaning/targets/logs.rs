//! `LOG`, `NFLOG`, `TRACE` (`xt_LOG.c`, `xt_NFLOG.c`, `xt_TRACE.c`): the rule goes on behind them, and so does the chain.

use crate::nft::ast::{Log, LogFlags};
use crate::prove::block::{Step, log_line};
use crate::prove::dd::{Bands, Bounded};
use crate::prove::save_meaning::Reading;
use crate::save::ast::Part;

/// To the kernel's log.
pub fn log(part: &Part, _: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let log = Log {
        prefix: part.text("log-prefix").map(ToOwned::to_owned),
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

/// To a netlink group. `--nflog-range` has never done anything: the kernel looks at `--nflog-size` alone.
pub fn nflog(part: &Part, _: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let log = Log {
        prefix: part.text("nflog-prefix").map(ToOwned::to_owned),
        group: Some(part.number("nflog-group").unwrap_or(0) as u16),
        snaplen: part.number("nflog-size").map(|size| size as u32),
        queue_threshold: part.number("nflog-threshold").map(|packets| packets as u16),
        ..Log::default()
    };
    Ok(vec![Step::Effect { effect: log_line(&log), reads: Bands::default() }])
}

/// Tracing shows the packet's way, and does nothing else.
pub fn trace(_: &Part, _: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    Ok(Vec::new())
}
