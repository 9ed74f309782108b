//! The algebra against the walk: random programs over a few bits, every way to sum them up.

mod twins;

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::nft::ast::ChainKind;
use crate::packet::Hook;
use crate::prove::chance::{Chance, Ratio};
use crate::prove::dd::{Arena, Averages, Budget, Draw, Range};
use crate::prove::space::bands;

const CHAINS: usize = 4;
const OCCURRENCES: usize = 3;
const STATE: Answers = Answers { width: 1, drawn: false };
const DRAWN: Answers = Answers { width: 1, drawn: true };

/// Bits that rules test; the last three may be changed.
fn bit(i: u32) -> Var {
    match i {
        0 => Var::new(bands::DADDR, 0),
        1 => Var::new(bands::PROTOCOL, 0),
        2 => Var::new(bands::SADDR, 0),
        3 => Var::new(bands::CT_STATE, 0),
        4 => Var::new(bands::MARK, 0),
        _ => Var::new(bands::MARK, 1),
    }
}

/// A step in numbers, made into a `Step` once there is an arena.
#[derive(Clone, Debug)]
enum Plan {
    Test(u32, bool),
    TestEither(u32, u32),
    Consult(usize, bool),
    /// Asks, and looks at an answer later.
    Ask(usize),
    Answer(usize),
    Effect(u8),
    EffectOn(u8, u32),
    Set(u32, bool),
    Copy(u32, u32),
    SetIf(u32, u32),
    Go(u8, usize),
    Dispatch(u32, (u8, usize), (u8, usize)),
    In(u128, u128),
    InOne(u32, bool),
    Among(u128, u128),
    Map(u32, (u8, usize), (u8, usize)),
    Unknown,
}

fn plan() -> impl Strategy<Value = Plan> {
    prop_oneof![
        6 => (0..6u32, any::<bool>()).prop_map(|(v, want)| Plan::Test(v, want)),
        2 => (0..6u32, 0..6u32).prop_map(|(a, b)| Plan::TestEither(a, b)),
        3 => (0..OCCURRENCES, any::<bool>()).prop_map(|(o, want)| Plan::Consult(o, want)),
        2 => (0..3u8).prop_map(Plan::Effect),
        2 => (0..3u8, 0..6u32).prop_map(|(n, v)| Plan::EffectOn(n, v)),
        2 => (3..6u32, any::<bool>()).prop_map(|(v, value)| Plan::Set(v, value)),
        1 => (3..6u32, 0..6u32).prop_map(|(to, from)| Plan::Copy(to, from)),
        1 => (3..6u32, 0..6u32).prop_map(|(to, condition)| Plan::SetIf(to, condition)),
        6 => (0..6u8, 0..CHAINS).prop_map(|(kind, chain)| Plan::Go(kind, chain)),
        2 => (0..6u32, (0..6u8, 0..CHAINS), (0..6u8, 0..CHAINS)).prop_map(|(v, a, b)| Plan::Dispatch(v, a, b)),
        2 => (0..4u128, 0..4u128).prop_map(|(a, b)| Plan::In(a.min(b), a.max(b))),
        6 => (0..6u32, any::<bool>()).prop_map(|(v, want)| Plan::InOne(v, want)),
        2 => (0..2u128, 2..4u128).prop_map(|(a, b)| Plan::Among(a, b)),
        2 => (0..6u32, (0..6u8, 0..CHAINS), (0..6u8, 0..CHAINS)).prop_map(|(v, a, b)| Plan::Map(v, a, b)),
        1 => Just(Plan::Unknown),
    ]
}

fn flow(chain: usize, (kind, to): (u8, usize)) -> Flow {
    let to = (chain + 1 + to) % (CHAINS + 1);
    match kind {
        0 => Flow::Verdict(Verdict::Accept),
        1 => Flow::Verdict(Verdict::Drop),
        2 => Flow::Return,
        3 => Flow::Continue,
        // Only forward, so that no chain calls itself.
        4 if to > chain && to < CHAINS => Flow::Jump(ChainId(to)),
        5 if to > chain && to < CHAINS => Flow::Goto(ChainId(to)),
        _ => Flow::Verdict(Verdict::Other("third".to_owned())),
    }
}

fn one(v: u32, want: bool) -> Range {
    Range { first: bit(v), width: 1, lo: want.into(), hi: want.into() }
}

fn steps(dd: &mut Arena, chain: usize, plan: &Plan) -> Vec<Step> {
    match *plan {
        Plan::Test(v, want) => vec![Step::Test(dd.conjunction(&[(bit(v), want)]).unwrap())],
        Plan::TestEither(a, b) => {
            let (a, b) = (dd.var(bit(a)).unwrap(), dd.var(bit(b)).unwrap());
            vec![Step::Test(dd.or(a, b).unwrap())]
        }
        Plan::Consult(o, want) => {
            let answer = dd.conjunction(&[(local_answer(OccurrenceId(o), 0), want)]).unwrap();
            vec![Step::Consult(OccurrenceId(o)), Step::Test(answer)]
        }
        Plan::Ask(o) => vec![Step::Consult(OccurrenceId(o))],
        Plan::Answer(o) => vec![Step::Test(dd.var(local_answer(OccurrenceId(o), 0)).unwrap())],
        Plan::Effect(n) => vec![Step::Effect { effect: Effect::Other(format!("effect {n}")), reads: Bands::default() }],
        Plan::EffectOn(n, v) => {
            let effect = Effect::Other(format!("effect {n}"));
            vec![Step::EffectOn { packets: dd.var(bit(v)).unwrap(), effect }]
        }
        Plan::Set(v, value) => vec![Step::Assign(vec![(bit(v), Dd::constant(value))])],
        Plan::Copy(to, from) => {
            let from = dd.var(bit(from)).unwrap();
            vec![Step::Assign(vec![(bit(to), from)])]
        }
        Plan::SetIf(to, condition) => {
            let condition = dd.var(bit(condition)).unwrap();
            let function = dd.ite(condition, Dd::TRUE, Dd::leaf(KEEP)).unwrap();
            vec![Step::Assign(vec![(bit(to), function)])]
        }
        Plan::Go(kind, to) => vec![Step::Flow(flow(chain, (kind, to)))],
        Plan::Dispatch(v, a, b) => {
            let (yes, no) = (dd.var(bit(v)).unwrap(), dd.conjunction(&[(bit(v), false)]).unwrap());
            let branch = |when, to| Branch { when: When::Set(when), flow: flow(chain, to) };
            vec![Step::Dispatch(vec![branch(yes, a), branch(no, b)])]
        }
        Plan::In(lo, hi) => vec![Step::In(Range { first: bit(4), width: 2, lo, hi })],
        Plan::Among(a, b) => {
            vec![Step::Among([a, b].map(|value| Range { first: bit(4), width: 2, lo: value, hi: value }).to_vec())]
        }
        Plan::InOne(v, want) => vec![Step::In(one(v, want))],
        Plan::Map(v, a, b) => {
            let branch = |want: bool, to| {
                let when = When::Ranges([one(v, want)].into_iter().collect());
                Branch { when, flow: flow(chain, to) }
            };
            vec![Step::Dispatch(vec![branch(true, a), branch(false, b)])]
        }
        Plan::Unknown => vec![Step::Unknown("who knows".to_owned())],
    }
}

fn program(dd: &mut Arena, plans: &[Vec<Vec<Plan>>]) -> Program {
    let mut program = Program::default();
    for (number, rules) in plans.iter().enumerate() {
        let id = program.add_chain(format!("c{number}"));
        let rules = rules.iter().zip(1..).map(|(rule, line)| Rule {
            line: id.0 as u32 * 100 + line,
            steps: rule.iter().flat_map(|plan| steps(dd, number, plan)).collect(),
        });
        program.chains[number].rules = rules.collect();
    }
    let key = BaseKey { hook: Hook::Forward, priority: 0, kind: ChainKind::Filter };
    program.bases.push(Base { key, chain: ChainId(0), policy: Verdict::Drop });
    for o in 0..OCCURRENCES {
        let (content, place) = ("limit".to_owned(), format!("place {o}"));
        program.occurrences.push(Occurrence { content, place, chain: "c".into(), width: 1 });
    }
    program
}

fn random_bit(row: u64, var: Var) -> bool {
    let mut h = row ^ (u64::from(var.0) << 17);
    h = (h ^ (h >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    h = (h ^ (h >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    h >> 40 & 1 == 1
}

/// How often each verdict is met, when every draw is a coin's.
fn verdicts_by_chance(
    dd: &Arena,
    program: &Program,
    buckets: &[Bucket],
    row: u64,
    drawn: &mut Vec<(Var, bool)>,
) -> BTreeMap<Verdict, Ratio> {
    let open = std::cell::Cell::new(None);
    let packet = |var: Var| match drawn.iter().find(|(known, _)| *known == var) {
        Some(&(_, value)) => value,
        None if var.band() == bands::ANSWER => {
            open.set(open.get().or(Some(var)));
            false
        }
        None => random_bit(row, var),
    };
    let trace = walk(dd, program, buckets, &program.bases[0], &packet);
    let Some(var) = open.get() else { return BTreeMap::from([(trace.verdict, Ratio::ONE)]) };
    let mut sum: BTreeMap<Verdict, Ratio> = BTreeMap::new();
    for value in [false, true] {
        drawn.push((var, value));
        for (verdict, share) in verdicts_by_chance(dd, program, buckets, row, drawn) {
            let half = share.times(Ratio::new(1, 2)).unwrap();
            let so_far = sum.get(&verdict).copied().unwrap_or(Ratio::new(0, 1));
            sum.insert(verdict, so_far.plus(half).unwrap());
        }
        drawn.pop();
    }
    sum
}

fn coin(var: Var) -> Option<Draw> {
    let chance = Chance::Yes { part: 1, whole: 2 };
    (var.band() == bands::ANSWER).then_some(Draw { first: var, width: 1, chance })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn draws_come_out_as_often_as_in_the_walk(
        plans in proptest::collection::vec(
            proptest::collection::vec(proptest::collection::vec(plan(), 1..4), 0..5),
            CHAINS..=CHAINS,
        ),
        row in any::<u64>(),
    ) {
        let mut dd = Arena::new(Budget::default());
        let mut terms = Terms::default();
        let program = program(&mut dd, &plans);
        let buckets = [Bucket(0), Bucket(1), Bucket(2)];
        let block = summarize(&mut dd, &mut terms, &program, &buckets, &[DRAWN; 3]).unwrap().remove(0);
        let mut averages = Averages::new(&coin, Bands(1 << bands::ANSWER));
        let average = averages.average(&mut dd, block.verdict).unwrap();
        for row in row..row.saturating_add(8) {
            let walked = verdicts_by_chance(&dd, &program, &buckets, row, &mut Vec::new());
            let leaf = Dd::leaf(dd.eval(average, |var| random_bit(row, var)));
            let summed = averages.outcomes_of(leaf).into_iter();
            let summed: BTreeMap<Verdict, Ratio> =
                summed.map(|(leaf, share)| (terms.verdict(leaf).unwrap().clone(), share)).collect();
            prop_assert_eq!(summed, walked);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn summaries_agree_with_the_walk(
        plans in proptest::collection::vec(
            proptest::collection::vec(proptest::collection::vec(plan(), 1..5), 0..6),
            CHAINS..=CHAINS,
        ),
        shared in any::<bool>(),
        row in any::<u64>(),
    ) {
        let mut dd = Arena::new(Budget::default());
        let mut terms = Terms::default();
        let program = program(&mut dd, &plans);
        // Two occurrences of one object share a bucket.
        let buckets = [Bucket(0), Bucket(1), Bucket(if shared { 1 } else { 2 })];
        let blocks = summarize(&mut dd, &mut terms, &program, &buckets, &[STATE; 3]).unwrap();
        let block = &blocks[0];
        for row in row..row.saturating_add(60) {
            let packet = |var: Var| random_bit(row, var);
            let trace = walk(&dd, &program, &buckets, &program.bases[0], &packet);
            let verdict = terms.verdict(dd.eval(block.verdict, packet)).cloned();
            prop_assert_eq!(verdict.as_ref(), Some(&trace.verdict));
            for n in 0..3 {
                let effect = Effect::Other(format!("effect {n}"));
                let count = dd.eval(block.effect(terms.key(&effect)), packet) as usize;
                prop_assert_eq!(count, trace.effects.iter().filter(|(e, _)| *e == effect).count());
                let count = dd.eval(block.effect(Key::Consult(n)), packet) as usize;
                prop_assert_eq!(count, trace.consulted.iter().filter(|&&(b, _)| b == Bucket(n)).count());
            }
            for i in 0..6 {
                let after = match dd.eval(block.change(bit(i)), packet) {
                    KEEP => packet(bit(i)),
                    value => value == 1,
                };
                prop_assert_eq!(after, trace.changed.get(&bit(i)).copied().unwrap_or(packet(bit(i))));
            }
        }
    }
}

#[test]
fn a_limit_chain_called_twice_is_asked_twice() {
    let mut dd = Arena::new(Budget::default());
    let mut terms = Terms::default();
    let limit = vec![Plan::Consult(0, true), Plan::Go(2, 0)];
    let called = vec![vec![Plan::Go(4, 0)], vec![Plan::Go(4, 0)]];
    let plans = [called, vec![limit, vec![Plan::Go(0, 0)]], vec![], vec![]];
    let program = program(&mut dd, &plans);
    let buckets = [Bucket(0), Bucket(1), Bucket(2)];
    let blocks = summarize(&mut dd, &mut terms, &program, &buckets, &[STATE; 3]).unwrap();
    let asked = blocks[0].effect(Key::Consult(0));
    assert_eq!(dd.leaves(asked), [1, 2]);
    let second = dd.support(blocks[0].verdict, 100).unwrap();
    assert_eq!(second, [Bucket(0).answer(0, 0), Bucket(0).answer(1, 0)]);
}

#[test]
fn a_chain_that_calls_itself_is_unknown() {
    let mut dd = Arena::new(Budget::default());
    let mut terms = Terms::default();
    let mut program =
        program(&mut dd, &[vec![vec![Plan::Test(0, true), Plan::Go(4, 0)]], vec![vec![]], vec![], vec![]]);
    program.chains[1].rules[0].steps = vec![Step::Flow(Flow::Jump(ChainId(0)))];
    let blocks = summarize(&mut dd, &mut terms, &program, &[Bucket(0); 3], &[STATE; 3]).unwrap();
    let leaves = dd.leaves(blocks[0].verdict);
    assert_eq!(terms.unknowns().len(), 1);
    assert!(leaves.contains(&terms.unknowns()[0]));
}
