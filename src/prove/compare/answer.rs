//! What a comparison says.

use super::Example;
use crate::packet::Family;
use crate::prove::block::BaseKey;
use crate::prove::dd::Dd;

/// The three answers. Only `Equivalent` is good news.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    Equivalent,
    Different,
    Undecided,
}

/// The whole comparison.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Every base chain of either side.
    pub bases: Vec<BaseAnswer>,
    /// Families where only one side makes the kernel track connections: family, left, right.
    pub tracking: Vec<(Family, bool, bool)>,
    /// Why parts were not compared at all.
    pub stopped: Vec<String>,
}

/// One base chain.
#[derive(Clone, Debug)]
pub struct BaseAnswer {
    pub family: Family,
    pub key: BaseKey,
    pub outcome: Outcome,
}

/// What was found out about a base chain: equivalent when there is neither difference nor doubt.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Outcome {
    pub differences: Vec<Difference>,
    pub doubts: Vec<Doubt>,
}

/// A reason why packets could not be judged.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Doubt {
    pub why: String,
    /// The rule that is not understood, and whether it is on the right side.
    pub line: Option<(u32, bool)>,
}

/// One way in which packets are treated differently.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    pub what: What,
    pub direction: Direction,
    /// The packets, as a diagram of the comparison: equal for differences of the same packets.
    pub packets: Dd,
    /// Packets that are treated so, as conditions to be read as *or*.
    pub regions: Vec<Region>,
    /// Whether there are more regions than are listed.
    pub more: bool,
    /// One of the packets, as names and values of the fields that matter.
    pub witness: String,
    /// The same packet, whole.
    pub example: Example,
    /// What happens to the witness, left and right.
    pub happens: [Fate; 2],
}

/// What is different.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum What {
    Verdict,
    /// The final value of a field.
    Change(String),
    /// How often an effect happens.
    Effect(String),
    /// How often a limit, counter or the like is asked.
    Asks(String),
}

/// Whether the right side lets through more, or less.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Direction {
    /// Dropped before, passes now.
    Opening,
    /// Passed before, dropped now.
    Closing,
    Other,
}

/// A set of packets as conditions that all hold; nothing stands for all packets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Region(pub String);

/// What one side does to a packet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fate {
    pub verdict: String,
    /// Line of the deciding rule; `None` for a policy.
    pub line: Option<u32>,
    /// The chain of that rule or policy; empty where there is no base chain.
    pub chain: String,
    /// Effects with their lines, and new values of fields.
    pub also: Vec<String>,
}

impl Report {
    /// A report of a comparison that did not take place.
    pub fn stopped(why: &str) -> Self {
        Report { stopped: vec![why.to_owned()], ..Report::default() }
    }

    pub(super) fn stop(&mut self, family: Family, why: &dyn std::fmt::Display) {
        self.stopped.push(format!("{}: {why}", family.name()));
    }

    /// Whether it says more than another report on the same rulesets: that they are equivalent, or fewer differences.
    pub(super) fn is_better_than(&self, other: &Report) -> bool {
        let differences =
            |report: &Report| report.bases.iter().map(|base| base.outcome.differences.len()).sum::<usize>();
        match (self.answer(), other.answer()) {
            (Answer::Equivalent, _) => true,
            (Answer::Different, Answer::Different) => differences(self) < differences(other),
            _ => false,
        }
    }

    /// The answer about everything that was compared.
    pub fn answer(&self) -> Answer {
        let all = self.bases.iter().map(|base| base.outcome.answer());
        let tracking = self.tracking.iter().map(|_| Answer::Different);
        let stopped = self.stopped.iter().map(|_| Answer::Undecided);
        let all: Vec<Answer> = all.chain(tracking).chain(stopped).collect();
        [Answer::Different, Answer::Undecided]
            .into_iter()
            .find(|answer| all.contains(answer))
            .unwrap_or(Answer::Equivalent)
    }
}

impl Outcome {
    pub(super) fn undecided(why: String) -> Self {
        Outcome { differences: Vec::new(), doubts: vec![Doubt { why, line: None }] }
    }

    /// The answer about the base chain.
    pub fn answer(&self) -> Answer {
        match (self.differences.is_empty(), self.doubts.is_empty()) {
            (false, _) => Answer::Different,
            (true, false) => Answer::Undecided,
            (true, true) => Answer::Equivalent,
        }
    }
}
