//! What a replay found.
//!
//! Invariant: a difference that is told was seen again, and not between a side and itself.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::case::{Case, Drive};
use super::event::Event;
use super::side::Outcome;

/// The whole answer.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// Single packets and exchanges sent through each side.
    pub packets: usize,
    /// Runs of equal packets sent through each side.
    pub bursts: usize,
    pub seed: u64,
    /// How many cases were treated differently, each seen again.
    pub differing: usize,
    /// How many more differed in the first run; not repeated, being so many.
    pub unrepeated: usize,
    /// How many differed once, but not when repeated: chance and timing.
    pub wavering: usize,
    /// Examples, a few for each rule aimed at.
    pub differences: Vec<Difference>,
    /// How many packets were seen behind the rules of each hook on the old side.
    pub reached: BTreeMap<String, usize>,
    /// What was not compared, and why.
    pub notes: Vec<String>,
    /// How long it took.
    pub seconds: f64,
}

/// A packet that the sides treat differently.
#[derive(Clone, Debug, Serialize)]
pub struct Difference {
    #[serde(flatten)]
    pub case: Case,
    pub old: Outcome,
    pub new: Outcome,
    /// How often it was tried.
    pub tries: usize,
    /// Whether the sides differed each time; otherwise one often did what the other never did.
    pub always: bool,
}

impl Report {
    /// Whether both sides did the same with everything.
    pub fn is_equal(&self) -> bool {
        self.differing == 0
    }

    /// Takes in the report of another family.
    pub fn join(&mut self, other: Report) {
        self.packets += other.packets;
        self.bursts += other.bursts;
        self.differing += other.differing;
        self.unrepeated += other.unrepeated;
        self.wavering += other.wavering;
        self.differences.extend(other.differences);
        for (hook, count) in other.reached {
            *self.reached.entry(hook).or_default() += count;
        }
        self.notes.extend(other.notes.into_iter().filter(|note| !self.notes.contains(note)).collect::<Vec<_>>());
        self.seconds += other.seconds;
    }

    /// Counts where a side's packets got to.
    pub fn count_reached(&mut self, outcomes: &[Outcome]) {
        for outcome in outcomes {
            let mut hooks: Vec<&str> = outcome.iter().filter_map(passed).collect();
            hooks.sort_unstable();
            hooks.dedup();
            for hook in hooks {
                *self.reached.entry(hook.to_owned()).or_default() += 1;
            }
        }
    }
}

fn passed(event: &Event) -> Option<&'static str> {
    match event {
        Event::Passed { hook, .. } => Some(hook.name()),
        _ => None,
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for difference in &self.differences {
            writeln!(f, "{difference}")?;
        }
        let reached: Vec<String> = self.reached.iter().map(|(hook, count)| format!("{hook} {count}")).collect();
        writeln!(
            f,
            "{} packets and {} bursts sent through both sides in {:.1} s (seed {}); past the rules of: {}",
            self.packets,
            self.bursts,
            self.seconds,
            self.seed,
            if reached.is_empty() { "nothing".to_owned() } else { reached.join(", ") }
        )?;
        for note in &self.notes {
            writeln!(f, "note: {note}")?;
        }
        if self.wavering > 0 {
            writeln!(f, "{} differed once and not again (chance or timing in the rules)", self.wavering)?;
        }
        match (self.differing, self.unrepeated) {
            (0, _) => writeln!(f, "no difference"),
            (n, 0) => writeln!(f, "{n} treated differently, each repeatedly"),
            (n, more) => writeln!(f, "{n} treated differently, each repeatedly; {more} more differed in the first run"),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match self.case.drive {
            Drive::Once => String::new(),
            Drive::Talk => ", then answered and continued".to_owned(),
            Drive::Burst(burst) if burst.vary_port => format!(", {} times from different ports", burst.count),
            Drive::Burst(burst) => format!(", {} times", burst.count),
        };
        writeln!(f, "{}{how}", self.case.packet)?;
        if !self.case.aim.is_empty() {
            writeln!(f, "  aimed at {}", self.case.aim)?;
        }
        let same = self.old.iter().zip(&self.new).take_while(|(a, b)| a == b).count();
        for event in self.old.iter().take(same) {
            writeln!(f, "    both: {event}")?;
        }
        write_side(f, "old", &self.old, same)?;
        write_side(f, "new", &self.new, same)?;
        let often = if self.always { "each time" } else { "often on one side, never on the other" };
        writeln!(f, "  tried {} times; differed {often}", self.tries)
    }
}

fn write_side(f: &mut fmt::Formatter<'_>, side: &str, events: &[Event], same: usize) -> fmt::Result {
    if events.len() <= same {
        writeln!(f, "    {side}:  nothing{}", if same > 0 { " more" } else { "" })?;
    }
    for event in events.iter().skip(same) {
        writeln!(f, "    {side}:  {event}")?;
    }
    Ok(())
}
