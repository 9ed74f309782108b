//! The same packets through two rulesets in the running kernel, and what it did with each.
//!
//! Two threads, each in a network namespace of its own, load a ruleset each by the tools that people
//! use, and send the same packets through it. What is compared is what happened: which hooks a packet
//! passed, with which mark, headers and interfaces, what was sent in answer, what was logged, what its
//! connection kept, whether sending was refused, and how many of equal packets passed. Linux and root only.
//!
//! Architecture invariants: nothing outside the two namespaces is changed (the kernel may load modules
//! that rules ask for), and nothing has to be undone: a namespace is gone when its thread is. Nothing
//! here prints. No other room is trusted: aims may come from the readers of `save` and `nft`, but what
//! counts is what the kernel does.

mod aim;
mod answer;
mod apply;
mod case;
mod chance;
mod compare;
mod conntrack;
mod cost;
mod dissect;
mod draw;
mod event;
mod from_save;
mod from_save_option;
mod load;
mod logs;
mod needs;
mod netlink;
mod netns;
mod nflog;
mod packet;
mod probe;
mod raw;
mod report;
mod route;
mod routing;
mod run;
mod side;
mod sys;
mod tap;
mod wire;

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

pub use aim::{Aim, Name, Values};
pub use case::{Burst, Case, Drive};
pub use chance::Chance;
pub use conntrack::Kept;
pub use cost::{Cost, Effort, Measured, costs};
pub use event::{Event, Seen};
pub use load::LoadError;
pub use needs::lacking;
pub use packet::{Connection, Packet, Way};
pub use report::{Difference, Report};
pub use run::replay;
pub use side::SideError;

use crate::packet::Family;

/// A ruleset as text.
#[derive(Clone, Debug)]
pub struct Ruleset {
    pub text: String,
    pub kind: Kind,
    /// `ipset save` text that the ruleset needs beforehand.
    pub ipset: Option<String>,
}

/// What language a ruleset is in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// iptables-save text of one family (`Ip` or `Ip6`).
    Save(Family),
    Nft,
}

/// Which iptables loads dumps.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Loader {
    /// iptables-legacy-restore
    #[default]
    Legacy,
    /// iptables-nft-restore
    Nft,
}

/// How to replay.
#[derive(Debug)]
pub struct Options {
    /// Single packets and exchanges in all; bursts come on top.
    pub packets: usize,
    /// How many rules that count packets or measure time get runs of equal packets, at most.
    pub bursting: usize,
    pub seed: u64,
    pub loader: Loader,
    /// The nft to run: a name or a path.
    pub nft: PathBuf,
    /// Packets to send before all others.
    pub witnesses: Vec<Packet>,
    /// What to aim at, besides the rules of the texts.
    pub aims: Vec<Aim>,
    /// No more is looked for once so many differences are sure.
    pub enough: usize,
    /// Set it to end the replay early.
    pub stop: AtomicBool,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            packets: 2000,
            bursting: 30,
            seed: 1,
            loader: Loader::Legacy,
            nft: "nft".into(),
            witnesses: Vec::new(),
            aims: Vec::new(),
            enough: usize::MAX,
            stop: AtomicBool::new(false),
        }
    }
}

/// How far a replay is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Progress {
    pub stage: Stage,
    pub done: usize,
    pub total: usize,
}

/// What is being done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    Packets,
    /// What differed, again.
    Suspects,
    Bursts,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    #[error("old ruleset: {0}")]
    Old(SideError),
    #[error("new ruleset: {0}")]
    New(SideError),
}
