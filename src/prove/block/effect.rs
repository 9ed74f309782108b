//! What rules do beside deciding, in the same words for both rulesets.

use std::fmt;

use crate::nft::ast::Log;

/// One kind of side effect; how often it happens is counted per packet.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Effect {
    /// A log line. What the kernel adds to the prefix (addresses, the mark of the moment) is not compared.
    Log(Log),
    /// Anything else, in words both readers agree on: `notrack`, `ct helper set ftp`, `add @s { ... }`.
    Other(String),
}

/// The log line that a log statement writes, with defaults filled in and empty prefixes gone.
pub fn log_line(log: &Log) -> Effect {
    let mut log = log.clone();
    log.prefix = log.prefix.filter(|prefix| !prefix.is_empty());
    if log.group.is_some() {
        log.level = None;
        log.snaplen = log.snaplen.filter(|&len| len != 0);
        log.queue_threshold = log.queue_threshold.filter(|&n| n > 1);
    } else {
        log.level = log.level.or(Some(4));
    }
    Effect::Log(log)
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Effect::Other(words) => write!(f, "{words}"),
            Effect::Log(log) => {
                write!(f, "log")?;
                if let Some(prefix) = &log.prefix {
                    write!(f, " prefix \"{prefix}\"")?;
                }
                if let Some(level) = log.level {
                    write!(f, " level {level}")?;
                }
                if let Some(group) = log.group {
                    write!(f, " group {group}")?;
                }
                if let Some(snaplen) = log.snaplen {
                    write!(f, " snaplen {snaplen}")?;
                }
                let flags = log.flags;
                let words = [
                    (flags.tcp_sequence, " tcp sequence"),
                    (flags.tcp_options, " tcp options"),
                    (flags.ip_options, " ip options"),
                    (flags.skuid, " skuid"),
                    (flags.ether, " ether"),
                ];
                words.iter().filter(|(on, _)| *on).try_for_each(|(_, word)| write!(f, "{word}"))
            }
        }
    }
}
