//! Compares the meanings of two rulesets, base chain by base chain.
//!
//! Invariant: *equivalent* is said of a base chain only when every diagram of its two blocks is the same
//! on every possible packet and no part of either is unknown. Everything that stops the comparison
//! short (budget, unknown parts, base chains whose order nobody fixes) is *undecided*.

mod answer;
mod bases;
mod chances;
mod differences;
mod example;
mod fading;
mod matching;
mod regions;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use rustc_hash::{FxHashMap, FxHashSet};

use super::block::{self, Block, Bucket, Program, Terms};
use super::dd::{Bounded, Budget, OutOfBudget};
use super::space::{Names, Space};
use super::{Facts, Ruleset};
use crate::packet::{Family, Hook};

use matching::Matching;

pub use answer::{Answer, BaseAnswer, Difference, Direction, Doubt, Fate, Outcome, Region, Report, What};
pub use example::Example;

/// What to compare, and how long.
#[derive(Clone, Debug)]
pub struct Options {
    /// Log lines do not count.
    pub ignore_logs: bool,
    /// Only base chains of this hook.
    pub hook: Option<Hook>,
    /// Families to look at.
    pub families: Vec<Family>,
    /// Nodes that the diagrams of one family may take.
    pub nodes: usize,
    /// Give up after this time.
    pub time: Option<Duration>,
    /// How many regions of a difference to write down.
    pub regions: usize,
    /// Somebody vouches that fragments are put together before any rule sees them.
    pub reassembled: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            ignore_logs: false,
            hook: None,
            families: vec![Family::Ip, Family::Ip6],
            nodes: 40_000_000,
            time: Some(Duration::from_secs(60)),
            regions: 8,
            reassembled: false,
        }
    }
}

/// Stack of the thread that compares: room for conditions of a hundred thousand bits.
const STACK: usize = 1 << 29;
/// Nested steps that this stack has room for.
const DEPTH: u32 = 400_000;

/// Compares two rulesets.
pub fn compare<L, R>(left: &L, right: &R, options: &Options) -> Report
where
    L: Ruleset + Sync + ?Sized,
    R: Ruleset + Sync + ?Sized,
{
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK);
        match thread.spawn_scoped(scope, || run(left, right, options, DEPTH)) {
            Ok(handle) => handle.join().unwrap_or_else(|_| Report::stopped("the comparison failed: this is a bug")),
            // No thread to be had: the depth that any stack has room for.
            Err(_) => run(left, right, options, Budget::default().depth),
        }
    })
}

/// One family of the two rulesets.
struct Pair {
    space: Space,
    terms: Terms,
    left: Program,
    right: Program,
    facts: [Facts; 2],
}

impl Pair {
    fn programs(&self) -> [&Program; 2] {
        [&self.left, &self.right]
    }
}

/// What the base chains of either side do.
type Blocks = [Vec<Block>; 2];

fn run<L: Ruleset + ?Sized, R: Ruleset + ?Sized>(left: &L, right: &R, options: &Options, depth: u32) -> Report {
    let deadline = options.time.and_then(|time| Instant::now().checked_add(time));
    let budget = Budget { nodes: options.nodes, deadline, depth };
    let mut report = Report::default();
    let mut pairs = Vec::new();
    for &family in &options.families {
        match read(left, right, family, options.reassembled, budget) {
            Ok(pair) => pairs.push(pair),
            Err(stop) => report.stop(family, &stop),
        }
    }
    let programs: Vec<[&Program; 2]> = pairs.iter().map(Pair::programs).collect();
    let Some(matching) = Matching::new(&programs) else {
        return Report::stopped("there are more limits and random choices than the comparison has room for");
    };
    let ambiguous = matching.ambiguous();
    let mut compared = Vec::new();
    for (number, mut pair) in pairs.into_iter().enumerate() {
        match compare_family(&mut pair, number, &matching, options, &mut report) {
            Ok(blocks) if !ambiguous.is_empty() => compared.push((pair, blocks)),
            Ok(_) => {}
            Err(stop) => report.stop(pair.space.family(), &stop),
        }
    }
    if report.answer() == Answer::Equivalent || !report.stopped.is_empty() {
        return report;
    }
    match compared_anew(compared, &matching, &ambiguous, options) {
        Ok(Some(anew)) if anew.is_better_than(&report) => anew,
        _ => report,
    }
}

/// The comparison with what holds state matched by who asks it; `None` where that is the same matching.
fn compared_anew(
    mut compared: Vec<(Pair, Blocks)>,
    matching: &Matching,
    ambiguous: &FxHashSet<Bucket>,
    options: &Options,
) -> Bounded<Option<Report>> {
    let mut asked = [FxHashMap::default(), FxHashMap::default()];
    for (number, (pair, blocks)) in compared.iter_mut().enumerate() {
        let programs = [&pair.left, &pair.right];
        for (at, asked) in asked.iter_mut().enumerate() {
            let side =
                bases::Side { program: programs[at], buckets: matching.buckets(number, at), blocks: &blocks[at] };
            matching::note(&mut pair.space, number, &side, ambiguous, asked)?;
        }
    }
    let programs: Vec<[&Program; 2]> = compared.iter().map(|(pair, _)| pair.programs()).collect();
    let Some(matching) = matching.again(&programs, asked) else { return Ok(None) };
    let mut report = Report::default();
    for (number, (pair, _)) in compared.iter_mut().enumerate() {
        compare_family(pair, number, &matching, options, &mut report)?;
    }
    Ok(Some(report))
}

fn read<L: Ruleset + ?Sized, R: Ruleset + ?Sized>(
    left: &L,
    right: &R,
    family: Family,
    assumed: bool,
    budget: Budget,
) -> Result<Pair, OutOfBudget> {
    let facts = [left.facts(family), right.facts(family)];
    let names = Names::new(facts.iter().flat_map(|facts| facts.names.iter().cloned()));
    // Where only one side tracks, that is a difference of its own, and the rest is compared as if both did.
    let reassembled = assumed || facts.iter().any(|facts| facts.tracks);
    let early = facts.iter().any(|facts| facts.early);
    let templates = facts.iter().any(|facts| facts.templates);
    let space = Space::new(family, names, reassembled, budget);
    let mut space = space.with_early_chains(early).with_templates(templates);
    let (left, right) = (left.program(&mut space)?, right.program(&mut space)?);
    Ok(Pair { space, terms: Terms::default(), left, right, facts })
}

fn compare_family(
    pair: &mut Pair,
    number: usize,
    matching: &Matching,
    options: &Options,
    report: &mut Report,
) -> Bounded<Blocks> {
    let family = pair.space.family();
    if let [Facts { tracks: left, .. }, Facts { tracks: right, .. }] = pair.facts
        && left != right
    {
        report.tracking.push((family, left, right));
    }
    for (program, side) in [(&pair.left, "left"), (&pair.right, "right")] {
        report.stopped.extend(program.unread.iter().map(|what| format!("{}, {side}: {what}", family.name())));
    }
    let buckets = [matching.buckets(number, 0), matching.buckets(number, 1)];
    let answers = matching.answers();
    pair.space.name_states(matching.contents());
    let programs = [&pair.left, &pair.right];
    let [left, right] = block::summarize_both(&mut pair.space.dd, &mut pair.terms, programs, buckets, answers)?;
    let sides = [
        bases::Side { program: &pair.left, buckets: buckets[0], blocks: &left },
        bases::Side { program: &pair.right, buckets: buckets[1], blocks: &right },
    ];
    let mut chances = chances::Found::default();
    for key in bases::keys(&sides).into_iter().filter(|key| options.hook.is_none_or(|hook| hook == key.hook)) {
        let mut differing = differences::Comparison {
            space: &mut pair.space,
            terms: &mut pair.terms,
            sides: &sides,
            contents: matching.contents(),
            answers,
            options,
            key,
            chances: &mut chances,
            doubtful: false,
        };
        let outcome = match differing.outcome() {
            Ok(outcome) => outcome,
            Err(stop) => Outcome::undecided(stop.to_string()),
        };
        report.bases.push(BaseAnswer { family, key, outcome });
    }
    Ok([left, right])
}

/// The bucket of each occurrence of a program.
type Buckets = [Bucket];
