//! A replay from beginning to end: both sides side by side, suspects again, and the report.
//!
//! Invariant: the two sides get the same cases in the same order in namespaces made alike.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

use rustc_hash::FxHashSet;

use super::aim::{Aim, Pools};
use super::case::Case;
use super::compare::{Evidence, Judgement};
use super::dissect::Ranges;
use super::draw::{Wish, draw};
use super::report::{Difference, Report};
use super::side::{self, Outcome, Plan, SideError};
use super::{Kind, Loader, Options, Progress, ReplayError, Ruleset, Stage, from_save};
use crate::packet::Family;
use crate::parallel;

/// Cases in one pair of namespaces.
const CHUNK: usize = 20_000;
/// Suspects that are repeated.
const MOST_SUSPECTS: usize = 300;
/// Repetitions that everything suspicious gets, and those that only what wavers gets.
const REPEAT: usize = 7;
const REPEAT_WAVERING: usize = 32;
/// How often a run of equal packets that differs is tried: the chance that ranges of counts of two equal sides lie
/// apart by then is two in C(16, 8).
const BURST_TRIES: usize = 8;
/// Examples shown of one aim, and of all.
const SHOWN_PER_AIM: usize = 2;
const SHOWN: usize = 30;

/// Pairs of namespaces that are there at once: making one is mostly waiting for the kernel.
const AT_ONCE: usize = 4;

/// Runs `side::run` on both sides at once.
struct Pair<'a> {
    old: (&'a Ruleset, Loader),
    new: (&'a Ruleset, Loader),
    nft: &'a Path,
    interfaces: Vec<String>,
    groups: Vec<u16>,
    ranges: Ranges,
    v6: bool,
    options: &'a Options,
    watch: &'a mut dyn FnMut(Progress),
}

type Outcomes = (Vec<Outcome>, Vec<Outcome>);

impl Pair<'_> {
    /// Runs each list of cases in a pair of namespaces of its own, several at once.
    fn run(&mut self, stage: Stage, lists: &[Vec<&Case>]) -> Result<Vec<Outcomes>, ReplayError> {
        let done = AtomicUsize::new(0);
        let total = lists.iter().map(Vec::len).sum();
        let plan = |(ruleset, loader)| Plan {
            ruleset,
            loader,
            nft: self.nft,
            interfaces: &self.interfaces,
            groups: &self.groups,
            ranges: &self.ranges,
            v6: self.v6,
            done: &done,
            stop: &self.options.stop,
        };
        let (old, new) = (plan(self.old), plan(self.new));
        let failed = AtomicBool::new(false);
        // Behind a failure no list is worth a try.
        let tried = |list: &Vec<&Case>| {
            let outcomes = (!failed.load(Ordering::Relaxed)).then(|| both(&old, &new, list))?;
            failed.fetch_or(outcomes.is_err(), Ordering::Relaxed);
            Some(outcomes)
        };
        let all = thread::scope(|scope| {
            let all = scope.spawn(|| parallel::map_on(AT_ONCE, lists.iter().collect(), tried));
            while !all.is_finished() {
                (self.watch)(Progress { stage, done: done.load(Ordering::Relaxed) / 2, total });
                wait(&all);
            }
            all.join()
        });
        all.map_err(|_| ReplayError::Old(lost()))?.into_iter().flatten().collect()
    }
}

/// One list of cases through both sides.
fn both(old: &Plan, new: &Plan, cases: &[&Case]) -> Result<Outcomes, ReplayError> {
    let (old, new) = thread::scope(|scope| {
        let old = scope.spawn(|| side::run(old, cases));
        let new = scope.spawn(|| side::run(new, cases));
        (old.join(), new.join())
    });
    let old = old.unwrap_or_else(|_| Err(lost())).map_err(ReplayError::Old)?;
    let new = new.unwrap_or_else(|_| Err(lost())).map_err(ReplayError::New)?;
    Ok((old, new))
}

fn lost() -> SideError {
    SideError::System("a side", std::io::Error::other("ended unexpectedly"))
}

/// Sleeps a little, less at first: small runs take milliseconds.
fn wait<T>(worker: &ScopedJoinHandle<'_, T>) {
    for _ in 0..50 {
        if worker.is_finished() {
            return;
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// The families whose packets tell something about both rulesets.
fn families(old: &Ruleset, new: &Ruleset) -> Vec<bool> {
    match (old.kind, new.kind) {
        (Kind::Save(family), _) | (_, Kind::Save(family)) => vec![family == Family::Ip6],
        (Kind::Nft, Kind::Nft) => vec![false, true],
    }
}

/// Replays all families.
pub fn replay(
    old: &Ruleset,
    new: &Ruleset,
    options: &Options,
    watch: &mut dyn FnMut(Progress),
) -> Result<Report, ReplayError> {
    let families = families(old, new);
    let mut report = Report { seed: options.seed, ..Report::default() };
    for v6 in &families {
        report.join(replay_family(old, new, options, *v6, options.packets / families.len(), watch)?);
    }
    Ok(report)
}

fn replay_family(
    old: &Ruleset,
    new: &Ruleset,
    options: &Options,
    v6: bool,
    count: usize,
    watch: &mut dyn FnMut(Progress),
) -> Result<Report, ReplayError> {
    let begin = Instant::now();
    let aims = aims(old, new, options);
    let pools = pools(old, new, &aims, options);
    let (cases, bursts) = cases(&aims, &pools, options, v6, count);
    let mut pair = Pair {
        old: (old, options.loader),
        new: (new, options.loader),
        nft: &options.nft,
        interfaces: pools.interfaces.iter().cloned().collect(),
        groups: pools.groups.iter().copied().collect(),
        ranges: Ranges::new(pools.nat_ports.iter().copied()),
        v6,
        options,
        watch,
    };
    let mut report = Report::default();
    for chunk in cases.chunks(CHUNK) {
        if report.differing < options.enough {
            report.packets += chunk.len();
            single(&mut pair, chunk, &mut report)?;
        }
    }
    if report.differing < options.enough {
        report.bursts += bursts.len();
        count_bursts(&mut pair, &bursts, &mut report)?;
    }
    report.seconds = begin.elapsed().as_secs_f64();
    Ok(report)
}

/// What the caller aims at, then what the rules of both texts ask for.
fn aims(old: &Ruleset, new: &Ruleset, options: &Options) -> Vec<Aim> {
    let mut aims = options.aims.clone();
    for ruleset in [old, new] {
        if let Kind::Save(family) = ruleset.kind {
            aims.extend(from_save::aims(&ruleset.text, family));
        }
    }
    aims
}

fn pools(old: &Ruleset, new: &Ruleset, aims: &[Aim], options: &Options) -> Pools {
    let mut pools = Pools::default();
    aims.iter().for_each(|aim| pools.learn(aim));
    for text in [&old.text, &new.text] {
        pools.learn_text(text);
    }
    for packet in &options.witnesses {
        pools
            .interfaces
            .extend([&packet.iif, &packet.oif].into_iter().filter(|n| !matches!(n.as_str(), "" | "lo")).cloned());
    }
    for name in ["eth0", "eth1"] {
        if pools.interfaces.len() < 3 {
            pools.interfaces.insert(name.to_owned());
        }
    }
    pools
}

fn cases(aims: &[Aim], pools: &Pools, options: &Options, v6: bool, count: usize) -> (Vec<Case>, Vec<Case>) {
    let witnesses = options.witnesses.iter().filter(|packet| packet.is_v6() == v6);
    let mut cases: Vec<Case> = witnesses.map(|packet| Case::once(packet.clone(), "witness")).collect();
    let taken: FxHashSet<_> = (1u32..).zip(&cases).map(|(n, case)| case.packet.flow(u32::MAX - n)).collect();
    let count = count.saturating_sub(cases.len());
    let (drawn, bursts) = draw(Wish { aims, pools, v6, seed: options.seed, count, bursting: options.bursting, taken });
    cases.extend(drawn);
    (cases, bursts)
}

/// Single packets and exchanges: all once, what differs again.
fn single(pair: &mut Pair, cases: &[Case], report: &mut Report) -> Result<(), ReplayError> {
    let all: Vec<&Case> = cases.iter().collect();
    let (old, new) = pair.run(Stage::Packets, std::slice::from_ref(&all))?.pop().unwrap_or_default();
    report.count_reached(&old);
    let differing: Vec<Suspect> = all
        .iter()
        .zip(old.into_iter().zip(new))
        .filter(|(_, (a, b))| a != b)
        .map(|(case, (a, b))| (*case, Evidence { old: vec![a], new: vec![b] }))
        .collect();
    if differing.is_empty() {
        return Ok(());
    }
    let total = differing.len();
    let most = MOST_SUSPECTS.min(pair.options.enough.saturating_mul(8).max(64));
    let step = total.div_ceil(most).max(1);
    let mut suspects: Vec<Suspect> = differing.into_iter().step_by(step).collect();
    report.unrepeated += total - suspects.len();
    repeat(pair, suspects.iter_mut(), REPEAT)?;
    let sure = suspects.iter().filter(|(_, e)| e.judge() == Judgement::Always).count();
    let more = if report.differing + sure < pair.options.enough { REPEAT_WAVERING / AT_ONCE } else { 0 };
    for _ in 0..more {
        // What seems one-sided may be chance as well.
        let wavers = |(_, e): &&mut Suspect| matches!(e.judge(), Judgement::Unclear | Judgement::Partly);
        repeat(pair, suspects.iter_mut().filter(wavers), AT_ONCE)?;
    }
    for (case, evidence) in suspects {
        tell(report, case, &evidence, evidence.judge());
    }
    Ok(())
}

/// A case that is tried again, and what happened so far.
type Suspect<'c> = (&'c Case, Evidence);

/// Runs suspects together, so many times.
fn repeat<'e, 'c: 'e>(
    pair: &mut Pair,
    suspects: impl Iterator<Item = &'e mut Suspect<'c>>,
    times: usize,
) -> Result<(), ReplayError> {
    let mut suspects: Vec<_> = suspects.collect();
    if suspects.is_empty() {
        return Ok(());
    }
    let cases: Vec<&Case> = suspects.iter().map(|(case, _)| *case).collect();
    for (old, new) in pair.run(Stage::Suspects, &vec![cases; times])? {
        for ((_, evidence), (a, b)) in suspects.iter_mut().zip(old.into_iter().zip(new)) {
            evidence.old.push(a);
            evidence.new.push(b);
        }
    }
    Ok(())
}

/// Runs of equal packets, each in namespaces of its own, so that nothing was counted before; what differs again.
fn count_bursts(pair: &mut Pair, cases: &[Case], report: &mut Report) -> Result<(), ReplayError> {
    let mut found: Vec<Suspect> = cases.iter().map(|case| (case, Evidence::default())).collect();
    for _ in 0..BURST_TRIES {
        let open = |(_, e): &&mut Suspect| e.old.is_empty() || e.judge_counts() != Judgement::Same;
        let open: Vec<&mut Suspect> = found.iter_mut().filter(open).collect();
        let lists: Vec<Vec<&Case>> = open.iter().map(|(case, _)| vec![*case]).collect();
        for ((_, evidence), (old, new)) in open.into_iter().zip(pair.run(Stage::Bursts, &lists)?) {
            evidence.old.extend(old);
            evidence.new.extend(new);
        }
    }
    for (case, evidence) in &found {
        tell(report, case, evidence, evidence.judge_counts());
    }
    Ok(())
}

fn tell(report: &mut Report, case: &Case, evidence: &Evidence, judgement: Judgement) {
    match judgement {
        Judgement::Same | Judgement::Unclear => {
            report.wavering += usize::from(evidence.old.first() != evidence.new.first());
            return;
        }
        Judgement::Always | Judgement::Partly => report.differing += 1,
    }
    let alike = report.differences.iter().filter(|other| other.case.aim == case.aim).count();
    if alike < SHOWN_PER_AIM && report.differences.len() < SHOWN {
        let (old, new) = evidence.shown();
        let always = judgement == Judgement::Always;
        report.differences.push(Difference { case: case.clone(), old, new, tries: evidence.old.len(), always });
    }
}
