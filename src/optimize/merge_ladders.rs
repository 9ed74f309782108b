//! `--probability 1/3 -j A`, `--probability 1/2 -j B`, `-j C` become one draw:
//! `numgen random mod 3 vmap { 0 : jump A, 1 : jump B, 2 : jump C }`.
//!
//! Sound because each rung is taken by one packet in N of those that reach the ladder, and a packet
//! that takes a rung never meets the next one: the rung ends its way in the chain, or the chain that it
//! jumps to ends the way of every packet that gets there. Where packets come back they consult the next
//! rung, and the ladder stays. Shares are equal within the rounding of what iptables-save prints.

use super::endings::Endings;
use super::features::Features;
use super::known::Known;
use super::{Options, Report, chains, without};
use crate::ir::{Chain, Draw, MapRow, Nat, NatData, NatTarget, Origin, Rule, Step, Table, Test, Verdict};
use crate::packet::Interval;
use crate::parallel;

/// Draws of one table, by what looks like one. Each has a map without a name, and the kernel looks at all of them to number the next one:
/// 10,000 (kube-proxy, three endpoints each) took 55 seconds to load where the ladders took 9 (nft 1.0.6 and 1.1.7),
/// and packets no less time; 2,000 take half a second. A draw is easier to read, not faster.
const MOST_DRAWS: usize = 2000;

/// A probability of one, in the units of xtables.
const ONE: u128 = 1 << 31;

/// Merges the ladders of every chain.
pub fn run(table: &mut Table, known: &mut Known, _: &Options, report: &mut Report) {
    let chains =
        chains::which(table, known, Features::CHANCE, |chain| chain.rules.iter().any(|rule| share(rule).is_some()));
    if chains.is_empty() {
        return;
    }
    // What ends where takes longer to find out than what looks like a ladder.
    let alike = ladders(table, &chains, &|_| true);
    if !(1..=MOST_DRAWS).contains(&alike.iter().map(Vec::len).sum::<usize>()) {
        return;
    }
    let endings = Endings::of(table);
    let found = ladders(table, &chains, &|verdict| endings.ends(verdict));
    for (at, found) in chains.into_iter().zip(found).filter(|(_, found)| !found.is_empty()) {
        let Some(chain) = table.chains.get_mut(at) else { continue };
        let mut gone = vec![false; chain.rules.len()];
        for Ladder { at, count } in found {
            let Some(merged) = draw(&chain.rules[at..at + count]) else { continue };
            report.merged(&chain.name, merged.origin.lines(), || why(count));
            chain.rules[at] = merged;
            gone[at + 1..at + count].fill(true);
        }
        without(&mut chain.rules, gone);
    }
}

/// Rules of a chain that become one: the first, and how many they are.
struct Ladder {
    at: usize,
    count: usize,
}

/// Whether the verdict, which jumps, ends the way of every packet.
type Ends<'e> = dyn Fn(&Verdict) -> bool + Sync + 'e;

/// The ladders of each of these chains.
fn ladders(table: &Table, chains: &[usize], ends: &Ends) -> Vec<Vec<Ladder>> {
    parallel::gathered(chains.len(), |piece, out| {
        out.extend(piece.map(|at| ladders_of(&table.chains[chains[at]], ends)));
    })
}

fn ladders_of(chain: &Chain, ends: &Ends) -> Vec<Ladder> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest @ [_, ..]) = chain.rules.get(at..) {
        let ladder = ladder(rest, ends);
        found.extend(ladder.map(|count| Ladder { at, count }));
        at += ladder.unwrap_or(1);
    }
    found
}

fn why(count: usize) -> String {
    format!(
        "each of the {count} rules gets one packet in {count}, and none of them passes a packet on to the next: one draw does the same"
    )
}

/// How many rules at the front are a ladder.
fn ladder(rules: &[Rule], ends: &Ends) -> Option<usize> {
    let first = share(rules.first()?)?;
    let count = usize::try_from((ONE + first / 2) / first).ok()?;
    let rungs = rules.get(..count)?;
    let (last, before) = rungs.split_last()?;
    let tests = leading(&before.first()?.steps)?;
    let equal = before.iter().zip(0..).all(|(rule, taken)| {
        let left = (count - taken) as u128;
        share(rule).is_some_and(|share| (share * left).abs_diff(ONE) <= left)
            && leading(&rule.steps) == Some(tests)
            && is_final(&rule.verdict, ends)
    });
    if before.is_empty()
        || !equal
        || !rungs.iter().all(Rule::is_plain)
        || last.steps.as_slice() != tests
        || last.is_stateful()
    {
        return None;
    }
    (are_simple(rungs) || nat(rungs).is_some()).then_some(count)
}

/// The part of packets, in units of 2^-31, that pass the draw at the end of the rule's steps.
fn share(rule: &Rule) -> Option<u128> {
    let Step::Test(Test::Numgen { random: true, modulus, set }) = rule.steps.last()? else { return None };
    let passing: u128 = set.intervals().iter().map(|i| i.hi - i.lo + 1).sum();
    let modulus = u128::from(*modulus);
    (passing > 0 && ONE.is_multiple_of(modulus)).then(|| passing * (ONE / modulus))
}

/// The steps before the draw, when all of them are tests that every rung can share.
fn leading(steps: &[Step]) -> Option<&[Step]> {
    let (_, before) = steps.split_last()?;
    before.iter().all(|step| matches!(step, Step::Test(test) if !test.is_stateful())).then_some(before)
}

/// Whether a packet that takes the rung never meets the next one.
fn is_final(verdict: &Verdict, ends: &Ends) -> bool {
    verdict.is_terminal() || matches!(verdict, Verdict::Jump(_)) && ends(verdict)
}

/// Whether a verdict map can hold what all rungs do.
fn are_simple(rungs: &[Rule]) -> bool {
    let holds = |v: &Verdict| {
        matches!(v, Verdict::Accept | Verdict::Drop | Verdict::Return | Verdict::Jump(_) | Verdict::Goto(_))
    };
    rungs.iter().all(|rule| holds(&rule.verdict))
}

/// That verdict map.
fn simple(rungs: &[Rule]) -> Verdict {
    let rows = rungs.iter().zip(0..).map(|(rule, at)| row(rule, at, rule.verdict.clone())).collect();
    Verdict::Draw(Box::new(Draw { random: true, rows }))
}

/// A map of addresses and ports, when all rungs translate alike to one place each.
fn nat(rungs: &[Rule]) -> Option<Verdict> {
    let Verdict::Nat(first) = &rungs.first()?.verdict else { return None };
    let (kind, flags) = (first.kind, first.flags);
    let mut rows = Vec::with_capacity(rungs.len());
    for (rule, at) in rungs.iter().zip(0..) {
        let Verdict::Nat(nat) = &rule.verdict else { return None };
        let target = nat.single().filter(|_| nat.kind == kind && nat.flags == flags)?;
        rows.push(row(rule, at, target));
    }
    let shape = |t: &NatTarget| (t.address.is_some(), t.port.is_some());
    let alike = rows.windows(2).all(|pair| matches!(pair, [a, b] if shape(&a.data) == shape(&b.data)));
    alike.then(|| Verdict::Nat(Box::new(Nat { kind, flags, data: NatData::Draw { random: true, rows } })))
}

fn row<T>(rule: &Rule, at: u128, data: T) -> MapRow<T> {
    MapRow { key: [Interval::point(at).into()].into_iter().collect(), data, comment: rule.comment() }
}

/// One rule with the tests that the rungs share.
fn draw(rungs: &[Rule]) -> Option<Rule> {
    let verdict = if are_simple(rungs) { simple(rungs) } else { nat(rungs)? };
    let mut origin = Origin::default();
    origin.absorb_all(rungs.iter().map(|rung| &rung.origin));
    let tests = rungs.last().map(|last| last.steps.clone()).unwrap_or_default();
    Some(Rule::new(tests, verdict, origin))
}
