//! Who calls whom, and what is known wherever a chain is called.
//!
//! A literal that holds at every call of a chain (`ip daddr 10.96.0.17` on the way to a service's chain)
//! need not be tested in it again: its summary is then about the rest only, and stays small where many
//! such chains hang below one dispatcher. Only literals of bits that no rule changes are carried.

use rustc_hash::{FxHashMap, FxHashSet};

use super::program::{Branch, ChainId, Flow, Program, Rule, Step, When};
use crate::prove::dd::{Arena, Bands, Cube, Dd, Range, Var};
use crate::prove::space::bands;

/// The chains that base chains reach.
pub(super) struct Calls {
    /// Every reachable chain, callers before the called.
    pub order: Vec<ChainId>,
    /// What holds wherever a chain is called.
    pub known: FxHashMap<ChainId, Cube>,
}

impl Calls {
    /// Follows all calls from the base chains of `program`. A chain that calls itself is listed before
    /// one of the chains it calls, whose call then finds no summary: the answer there is *unknown*.
    pub fn new(dd: &Arena, program: &Program) -> Self {
        let order = order(program);
        let known = known(dd, program, &order);
        Calls { order, known }
    }
}

fn target(flow: &Flow) -> Option<ChainId> {
    match flow {
        Flow::Jump(chain) | Flow::Goto(chain) => Some(*chain),
        Flow::Continue | Flow::Return | Flow::Verdict(_) => None,
    }
}

fn targets(rule: &Rule) -> impl Iterator<Item = ChainId> {
    rule.steps.iter().flat_map(|step| {
        let flows: Vec<ChainId> = match step {
            Step::Flow(flow) => target(flow).into_iter().collect(),
            Step::Dispatch(branches) => branches.iter().filter_map(|branch| target(&branch.flow)).collect(),
            _ => Vec::new(),
        };
        flows
    })
}

/// Every chain that base chains reach, callers before the called.
///
/// Depth-first, without recursion: a chain is listed when all it calls are, then the list is reversed.
pub fn order(program: &Program) -> Vec<ChainId> {
    let called = |id: ChainId| -> Vec<ChainId> {
        program.chain(id).map(|chain| chain.rules.iter().flat_map(targets).collect()).unwrap_or_default()
    };
    let (mut done, mut open) = (FxHashSet::default(), FxHashSet::default());
    let mut order = Vec::new();
    for base in &program.bases {
        let mut stack = vec![(base.chain, called(base.chain).into_iter())];
        if !open.insert(base.chain) || done.contains(&base.chain) {
            continue;
        }
        while let Some((id, rest)) = stack.last_mut() {
            match rest.next() {
                Some(next) if open.contains(&next) || done.contains(&next) => {}
                Some(next) => {
                    open.insert(next);
                    stack.push((next, called(next).into_iter()));
                }
                None => {
                    let id = *id;
                    open.remove(&id);
                    done.insert(id);
                    order.push(id);
                    stack.pop();
                }
            }
        }
    }
    order.reverse();
    order
}

fn known(dd: &Arena, program: &Program, order: &[ChainId]) -> FxHashMap<ChainId, Cube> {
    let changed: FxHashSet<Var> = program
        .chains
        .iter()
        .flat_map(|chain| &chain.rules)
        .flat_map(|rule| &rule.steps)
        .filter_map(|step| match step {
            Step::Assign(changes) => Some(changes.iter().map(|&(var, _)| var)),
            _ => None,
        })
        .flatten()
        .collect();
    // What a lookup says may change with what it reads.
    let moving = |var: Var| var.band() == bands::LOCAL_ANSWER || Bands::of(var).meets(bands::LOOKUPS);
    let fixed = |var: Var| !changed.contains(&var) && !moving(var);
    let mut known: FxHashMap<ChainId, Cube> = program.bases.iter().map(|base| (base.chain, Cube::default())).collect();
    for id in order {
        let here = known.get(id).cloned().unwrap_or_default();
        for rule in program.chain(*id).map(|chain| chain.rules.as_slice()).unwrap_or_default() {
            if targets(rule).next().is_some() {
                calls_of_rule(dd, rule, &here, &fixed, &mut known);
            }
        }
    }
    known
}

fn calls_of_rule(
    dd: &Arena,
    rule: &Rule,
    here: &Cube,
    fixed: &impl Fn(Var) -> bool,
    known: &mut FxHashMap<ChainId, Cube>,
) {
    let mut literals: Vec<(Var, bool)> = here.literals().to_vec();
    let forced = |set: Dd| dd.forced(set).into_iter().filter(|&(var, _)| fixed(var)).collect::<Vec<_>>();
    let forced_by = |range: Range| range.forced().filter(|&(var, _)| fixed(var));
    for step in &rule.steps {
        match step {
            Step::Test(set) => literals.extend(forced(*set)),
            Step::In(range) => literals.extend(forced_by(*range)),
            Step::Flow(flow) => {
                if let Some(chain) = target(flow) {
                    called_with(known, chain, literals.iter().copied().collect());
                }
                return;
            }
            Step::Dispatch(branches) => {
                for Branch { when, flow } in branches {
                    let Some(chain) = target(flow) else { continue };
                    let mut all = literals.clone();
                    match when {
                        When::Set(set) => all.extend(forced(*set)),
                        When::Ranges(ranges) => all.extend(ranges.iter().copied().flat_map(forced_by)),
                    }
                    called_with(known, chain, all.into_iter().collect());
                }
                return;
            }
            _ => {}
        }
    }
}

fn called_with(known: &mut FxHashMap<ChainId, Cube>, chain: ChainId, cube: Cube) {
    match known.get_mut(&chain) {
        Some(already) => already.meet(&cube),
        None => {
            known.insert(chain, cube);
        }
    }
}
