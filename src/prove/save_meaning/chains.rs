//! Tables and chains: which base chains there are, and in which order rules are tried.

use bstr::BString;
use rustc_hash::FxHashMap;

use super::{Reading, head, parts};
use crate::nft::ast::ChainKind;
use crate::packet::{Family, Hook};
use crate::prove::block::{Base, BaseKey, ChainId, Flow, Program, Rule as Meant, Step, Verdict};
use crate::prove::dd::Bounded;
use crate::prove::space::Space;
use crate::save::ast::{Dump, Placement, Policy, Rule, Table, TableKind, Target};

/// The tables of a family, in the order of the dump.
pub(super) fn tables(dump: &Dump, family: Family) -> Vec<&Table> {
    dump.documents.iter().filter(|document| document.family == family).flat_map(|document| &document.tables).collect()
}

/// The program of one family's tables.
pub(super) fn program(dump: &Dump, space: &mut Space) -> Bounded<Program> {
    let mut program = Program::default();
    for table in tables(dump, space.family()) {
        add_table(table, space, &mut program)?;
    }
    Ok(program)
}

fn add_table(table: &Table, space: &mut Space, program: &mut Program) -> Bounded<()> {
    let mut chains: FxHashMap<&[u8], ChainId> = FxHashMap::default();
    for &(name, _) in table.kind.builtins() {
        chains.insert(name.as_bytes(), program.add_chain(name));
    }
    for line in table.chains() {
        chains.entry(&line.name).or_insert_with(|| program.add_chain(line.name.clone()));
    }
    for (name, rules) in in_order(table, space.family()) {
        let Some(&id) = chains.get(name) else { continue };
        let hook = table.kind.hook(name);
        let mut meant = Vec::with_capacity(rules.len());
        for rule in rules {
            let mut reading =
                Reading { space: &mut *space, program: &mut *program, rule, table: table.kind, hook, part: 0 };
            meant.push(Meant { line: rule.line, steps: steps(&mut reading, &chains)? });
        }
        if let Some(chain) = program.chains.get_mut(id.0) {
            chain.rules = meant;
        }
    }
    for &(name, hook) in table.kind.builtins() {
        let Some(&chain) = chains.get(name.as_bytes()) else { continue };
        let drops = table.chains().any(|line| line.name == name && line.policy == Some(Policy::Drop));
        let policy = if drops { Verdict::Drop } else { Verdict::Accept };
        program.bases.push(Base { key: key(table.kind, hook), chain, policy });
    }
    Ok(())
}

/// `iptable_nat` and `iptable_mangle` register chains that act like nft's types of that name.
fn key(table: TableKind, hook: Hook) -> BaseKey {
    let kind = match (table, hook) {
        (TableKind::Nat, _) => ChainKind::Nat,
        (TableKind::Mangle, Hook::Output) => ChainKind::Route,
        _ => ChainKind::Filter,
    };
    BaseKey { hook, priority: table.priority(hook), kind }
}

/// Each chain's rules as they stand once the dump is restored.
fn in_order(table: &Table, family: Family) -> Vec<(&[u8], Vec<&Rule>)> {
    let mut order: Vec<(&[u8], Vec<&Rule>)> = Vec::new();
    let mut places: FxHashMap<&[u8], usize> = FxHashMap::default();
    for rule in table.rules() {
        if rule.only.is_some_and(|only| only != family) {
            continue;
        }
        let at = *places.entry(&rule.chain).or_insert_with(|| {
            order.push((&rule.chain, Vec::new()));
            order.len() - 1
        });
        let Some((_, rules)) = order.get_mut(at) else { continue };
        match rule.placement {
            Placement::Append => rules.push(rule),
            Placement::Insert(position) => rules.insert((position.max(1) as usize - 1).min(rules.len()), rule),
        }
    }
    order
}

fn steps(reading: &mut Reading<'_>, chains: &FxHashMap<&[u8], ChainId>) -> Bounded<Vec<Step>> {
    let rule = reading.rule;
    let mut steps = head::steps(reading)?;
    for (part, number) in rule.matches.iter().zip(1..) {
        reading.part = number;
        steps.extend(parts::read_match(part, reading)?);
    }
    reading.part += 1;
    match &rule.target {
        Target::None => {}
        Target::Chain { name, goto, .. } => steps.push(call(name, *goto, chains)),
        Target::Extension(part) => steps.extend(parts::read_target(part, reading)?),
    }
    Ok(steps)
}

fn call(name: &BString, goto: bool, chains: &FxHashMap<&[u8], ChainId>) -> Step {
    match chains.get(name.as_slice()) {
        Some(&chain) if goto => Step::Flow(Flow::Goto(chain)),
        Some(&chain) => Step::Flow(Flow::Jump(chain)),
        None => Step::Unknown("a jump to a chain that does not exist".to_owned()),
    }
}
