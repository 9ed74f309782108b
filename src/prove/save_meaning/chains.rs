//! Tables and chains: which base chains there are, and in which order rules are tried.

use bstr::{BString, ByteSlice};
use rustc_hash::FxHashMap;

use super::{Reading, head, helpers, parts, sets};
use crate::nft::ast::ChainKind;
use crate::packet::{Family, Hook};
use crate::prove::block::{Base, BaseKey, ChainId, Flow, Program, Rule as Meant, Step, Verdict};
use crate::prove::dd::Bounded;
use crate::prove::space::Space;
use crate::save::ast::{Dump, Policy, Rule, Table, TableKind, Target};
use crate::save::ipset::Ipsets;
use crate::save::order;

/// The tables of a family, in the order of the dump.
pub(super) fn tables(dump: &Dump, family: Family) -> Vec<&Table> {
    dump.documents.iter().filter(|document| document.family == family).flat_map(|document| &document.tables).collect()
}

/// The program of one family's tables.
pub(super) fn program(dump: &Dump, ipsets: &Ipsets, space: &mut Space) -> Bounded<Program> {
    let mut program = Program::default();
    let tables = tables(dump, space.family());
    let written = sets::written(dump, ipsets);
    let moves_addresses = tables.iter().flat_map(|table| table.rules()).any(sets::moves_addresses);
    let contents = sets::Contents { written, moves_addresses, ipsets };
    for table in tables {
        add_table(table, Place::Own, &contents, space, &mut program)?;
        if helpers::are_given(table) {
            add_table(table, Place::BehindTracking, &contents, space, &mut program)?;
        }
    }
    Ok(program)
}

/// The hooks that can bring packets to each chain.
fn hooks<'a>(restored: &'a [order::Chain<&Rule>]) -> FxHashMap<&'a [u8], Vec<Hook>> {
    let chains: FxHashMap<&[u8], &order::Chain<&Rule>> =
        restored.iter().map(|chain| (chain.name.as_slice(), chain)).collect();
    let mut reached: FxHashMap<&[u8], Vec<Hook>> = FxHashMap::default();
    for (base, hook) in restored.iter().filter_map(|chain| Some((chain, chain.hook?))) {
        let mut waiting: Vec<&[u8]> = vec![base.name.as_slice()];
        while let Some(name) = waiting.pop() {
            let hooks = reached.entry(name).or_default();
            if hooks.last() == Some(&hook) {
                continue;
            }
            hooks.push(hook);
            let rules = chains.get(name).map(|chain| chain.rules.as_slice()).unwrap_or_default();
            waiting.extend(rules.iter().filter_map(|rule| match &rule.target {
                Target::Chain { name, .. } => Some(name.as_slice()),
                _ => None,
            }));
        }
    }
    reached
}

/// Which of a table's effects are read.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// What it does where it stands.
    Own,
    /// Which connections get helpers of it.
    BehindTracking,
}

fn add_table(
    table: &Table,
    place: Place,
    contents: &sets::Contents<'_>,
    space: &mut Space,
    program: &mut Program,
) -> Bounded<()> {
    let restored = order::chains(table, space.family());
    let hooks = hooks(&restored);
    let ids: FxHashMap<&[u8], ChainId> =
        restored.iter().map(|chain| (chain.name.as_slice(), program.add_chain(chain.name.as_bstr()))).collect();
    for chain in &restored {
        let has_a_say = match (place, chain.hook) {
            (Place::BehindTracking, Some(_)) => helpers::up_to_last(&chain.rules),
            _ => chain.rules.as_slice(),
        };
        let mut rules = Vec::with_capacity(has_a_say.len());
        for rule in has_a_say {
            let mut reading = Reading {
                space: &mut *space,
                program: &mut *program,
                rule,
                table: table.kind,
                hooks: hooks.get(chain.name.as_slice()).map(Vec::as_slice).unwrap_or_default(),
                written: &contents.written,
                moves_addresses: contents.moves_addresses,
                ipsets: contents.ipsets,
                part: 0,
            };
            let steps = match place {
                Place::Own => steps(&mut reading, &ids)?,
                Place::BehindTracking => helpers::steps(&mut reading, &ids)?,
            };
            rules.push(Meant { line: rule.line, steps });
        }
        let Some(&id) = ids.get(chain.name.as_slice()) else { continue };
        if let Some(hook) = chain.hook {
            let policy = match (place, chain.policy) {
                (Place::BehindTracking, _) | (_, Policy::Accept) => Verdict::Accept,
                (Place::Own, Policy::Drop) => Verdict::Drop,
            };
            program.bases.push(Base { key: key(table.kind, place, hook), chain: id, policy });
        }
        if let Some(meant) = program.chains.get_mut(id.0) {
            meant.rules = rules;
        }
    }
    Ok(())
}

/// `iptable_nat` and `iptable_mangle` register chains that act like nft's types of that name.
fn key(table: TableKind, place: Place, hook: Hook) -> BaseKey {
    let kind = match (table, hook) {
        (TableKind::Nat, _) => ChainKind::Nat,
        (TableKind::Mangle, Hook::Output) => ChainKind::Route,
        _ => ChainKind::Filter,
    };
    let priority = match place {
        Place::Own => table.priority(hook),
        Place::BehindTracking => helpers::PRIORITY,
    };
    BaseKey { hook, priority, kind }
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

pub(super) fn call(name: &BString, goto: bool, chains: &FxHashMap<&[u8], ChainId>) -> Step {
    match chains.get(name.as_slice()) {
        Some(&chain) if goto => Step::Flow(Flow::Goto(chain)),
        Some(&chain) => Step::Flow(Flow::Jump(chain)),
        None => Step::Unknown("a jump to a chain that does not exist".to_owned()),
    }
}
