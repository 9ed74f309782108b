//! What the kernel was seen doing with a packet.
//!
//! Invariant: two events are equal exactly when a person would call them the same.

use std::fmt;

use serde::{Serialize, Serializer};

use super::conntrack::Kept;
use super::dissect::describe;
use super::logs::untag;
use crate::packet::Hook;

/// One thing that happened.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Event {
    /// The packet, or one that was made of it or in answer to it, was past all rules of a hook.
    Passed { hook: Hook, mark: u32, seen: Seen },
    /// A rule logged it to the kernel log: level, flags and prefix; see `logs`.
    KernelLog { hook: Hook, tag: String },
    /// A rule logged it to a group.
    GroupLog { hook: Hook, group: u16, prefix: String },
    /// It had a priority when it left; the number is a hash.
    Priority(u32),
    /// The kernel refused to send it; the error number.
    Refused(i32),
    /// What its connection carries in the end, where that is anything.
    Connection(Kept),
    /// Copies of it came back to be copied again, until the loopback interface was taken down.
    Endless,
    /// So many times something happened in a run of equal packets.
    Count { place: String, count: u32 },
}

/// A packet's settled bytes, and the interfaces by index.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Seen {
    pub iif: u32,
    pub oif: u32,
    pub bytes: Vec<u8>,
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Event::Passed { hook, mark, seen } => {
                write!(f, "past {}", hook.name())?;
                if *mark != 0 {
                    write!(f, ", mark {mark:#x}")?;
                }
                write!(f, ": {}", describe(&seen.bytes))
            }
            Event::KernelLog { hook, tag } => write!(f, "logged in {}: {}", hook.name(), untag(tag)),
            Event::GroupLog { hook, group, prefix } => {
                write!(f, "logged in {}: group {group}, prefix \"{prefix}\"", hook.name())
            }
            Event::Priority(hash) => write!(f, "left with a priority (hash {hash:#x})"),
            Event::Refused(errno) => write!(f, "sending refused: {}", std::io::Error::from_raw_os_error(*errno)),
            Event::Connection(kept) => {
                write!(f, "connection mark {:#x}", kept.mark)?;
                if kept.zone != 0 {
                    write!(f, ", zone {}", kept.zone)?;
                }
                if let Some(helper) = &kept.helper {
                    write!(f, ", helper {helper}")?;
                }
                if !kept.labels.is_empty() {
                    write!(f, ", labels {:02x?}", kept.labels)?;
                }
                Ok(())
            }
            Event::Endless => f.write_str("its copies come back to the host without end"),
            Event::Count { place, count } => write!(f, "{place}: {count} times"),
        }
    }
}

impl Event {
    /// Where something happened, without what the packet looked like: what is counted in runs of equal packets.
    pub fn place(&self) -> String {
        match self {
            Event::Passed { hook, .. } => format!("past {}", hook.name()),
            Event::Refused(_) => "sending refused".to_owned(),
            Event::Priority(_) => "left with a priority".to_owned(),
            Event::Connection(_) => "connection kept".to_owned(),
            Event::KernelLog { .. } | Event::GroupLog { .. } | Event::Endless | Event::Count { .. } => self.to_string(),
        }
    }
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The hook of a netfilter hook number; prerouting where it is none.
pub fn hook_of(number: u8) -> Hook {
    Hook::ALL.get(usize::from(number)).copied().unwrap_or(Hook::Prerouting)
}
