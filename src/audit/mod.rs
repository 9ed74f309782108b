//! Auditing dumps: what becomes of each rule, which targets will load the result, what stands in the way.
//!
//! `assess` judges one dump, `findings` asks the lints, `chains` draws who calls whom, `sum` adds dumps up. Invariant: an audit is
//! plain data that renderers of `report::audit` turn into text, and it judges by what `translate` does,
//! never by rules of its own.

mod assess;
mod chains;
mod findings;
mod parallel;
mod sum;

pub use assess::{Options, assess};
pub use chains::{Edge, Graph, Node};
pub use findings::{Findings, Noted, Owned};
pub use parallel::assess_all;
pub use sum::{Reason, Sum, sum};

use serde::Serialize;

use crate::packet::Family;
use crate::report::diff::ChainDiff;

/// What was found out about one dump.
#[derive(Clone, Debug, Serialize)]
pub struct Host {
    /// The file as the user named it, or its path below the folder that he named.
    pub name: String,
    pub families: Vec<Family>,
    pub tables: usize,
    /// Rules of the dump, and how many of them translate exactly.
    pub rules: usize,
    pub exact: usize,
    /// Rules that only `--approximate` translates.
    pub approximate: usize,
    /// Rules that are refused, or lines that cannot be read.
    pub refused: usize,
    /// Rules of the translation; `None` where nothing would be printed.
    pub rules_after: Option<usize>,
    /// Lines that do not translate exactly.
    pub obstacles: Vec<Obstacle>,
    pub proof: Proof,
    /// What `lint` finds.
    pub findings: Findings,
    /// Software that makes chains of the dump, with what to do about it.
    pub owners: Vec<Owned>,
    /// For each distribution that `--target` knows.
    pub targets: Vec<TargetAnswer>,
    pub verdict: Verdict,
    /// Who jumps where in the dump and in the translation.
    pub before: Vec<Graph>,
    pub after: Vec<Graph>,
    /// Which lines became which rules.
    pub diff: Vec<ChainDiff>,
}

/// A line that does not translate exactly.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Obstacle {
    pub line: u32,
    pub column: u32,
    /// The line, without what a terminal would obey.
    pub text: String,
    pub how: How,
    /// The diagnostic's stable name.
    pub code: &'static str,
    pub why: String,
    pub help: Vec<String>,
}

/// What becomes of an obstacle.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// `--approximate` translates it.
    Approximate,
    /// The output of `ipset save` is missing.
    NeedsIpset,
    Refused,
    Unreadable,
}

/// Whether the translation was proved.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proof {
    Equivalent,
    /// The differences, as `diff` prints them.
    Different(String),
    Undecided(String),
    /// There was nothing whole to prove, or the user did not ask.
    NotDone,
}

/// Whether one distribution can load the translation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct TargetAnswer {
    pub name: &'static str,
    /// Rules that cannot be said for it, beyond those that cannot be said at all.
    pub refused: usize,
    /// The first reason.
    pub why: Option<String>,
}

/// How far a dump is from moving.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every rule translates exactly, and the result is proved.
    Ready,
    /// It moves once somebody has agreed to an approximation or given the sets.
    ReadyWithChanges,
    /// A rule has no translation, a line cannot be read, or the proof failed.
    Blocked,
}

impl Verdict {
    /// As people read it.
    pub const fn text(self) -> &'static str {
        match self {
            Verdict::Ready => "ready",
            Verdict::ReadyWithChanges => "ready with changes",
            Verdict::Blocked => "blocked",
        }
    }
}
