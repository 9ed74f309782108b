//! Tables: their chains, base chains, sets and objects.

use bstr::{BString, ByteSlice};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{Read, Reading, Stop, fields, unread};
use crate::nft::ast::{
    Chain, Element, Entry, Expr, Lookup, Object, Policy, Rule, Set, Statement, Table, Verdict as Written,
};
use crate::packet::{CtKey, Family, Field};
use crate::prove::block::{Base, BaseKey, ChainId, Flow, Program, Rule as Meant, Step, Verdict};
use crate::prove::dd::Bounded;
use crate::prove::space::Space;
use crate::save::ast::TableKind;

/// What rules of a table can refer to.
pub(super) struct Context<'a> {
    /// Number of the table in the ruleset.
    pub number: usize,
    /// What its sets are told by, see [`standing_for`].
    pub stands_for: &'a str,
    pub family: Family,
    pub chains: FxHashMap<&'a BString, ChainId>,
    pub sets: FxHashMap<&'a BString, &'a Set>,
    pub objects: FxHashMap<&'a BString, Vec<&'a Object>>,
    /// Sets that rules write to.
    pub written: FxHashSet<&'a BString>,
    /// Fields that rules change.
    pub changed: Vec<Field>,
}

impl Context<'_> {
    /// Whether a set's elements stay as they are written.
    pub fn is_fixed(&self, set: &Set) -> bool {
        let elements_stay = set.elements.iter().all(|e| e.timeout.is_none() && e.expires.is_none());
        !self.is_written(set) && !set.flags.timeout && set.timeout.is_none() && elements_stay
    }

    /// Whether a rule may change which elements there are.
    pub fn is_written(&self, set: &Set) -> bool {
        self.written.contains(&set.name) || set.flags.dynamic
    }

    /// The elements of a map that nothing changes.
    pub fn map_elements<'m>(&'m self, map: &'m Lookup) -> Read<&'m [Element]> {
        match map {
            Lookup::Anonymous(elements) if elements.iter().all(is_plain) => Ok(elements),
            Lookup::Anonymous(_) => unread(WITH_STATE),
            Lookup::Named(name) => match self.sets.get(name) {
                Some(set) if self.is_fixed(set) => plain(set),
                Some(_) => unread(format!("the map {name} changes")),
                None => unread(format!("no map {name}")),
            },
        }
    }
}

const WITH_STATE: &str = "elements with state of their own, which a lookup asks";

/// Whether a lookup of an element does nothing but find it (`nft_set_elem_update_expr`).
pub(super) fn is_plain(element: &Element) -> bool {
    element.statements.iter().all(only_counts)
}

fn only_counts(statement: &Statement) -> bool {
    matches!(statement, Statement::Counter { .. } | Statement::Last)
}

/// The elements of a set, if looking one up does nothing but find it.
pub(super) fn plain(set: &Set) -> Read<&[Element]> {
    if set.statements.iter().all(only_counts) && set.elements.iter().all(is_plain) {
        return Ok(&set.elements);
    }
    unread(WITH_STATE)
}

/// The table of iptables that a table stands for, by the end of its name (`mine_filter`); its own name where that is not
/// clear. No two tables of a family stand for the same.
fn standing_for<'a>(table: &'a Table, tables: &'a [Table]) -> &'a str {
    let name = &table.name.name;
    let families = [table.name.family, Family::Inet];
    let rivals =
        tables.iter().filter(|other| families.contains(&other.name.family) || table.name.family == Family::Inet);
    let ends =
        |kind: TableKind| rivals.clone().filter(|other| other.name.name.ends_with(kind.name().as_bytes())).count();
    let kind = TableKind::ALL.into_iter().find(|kind| name.ends_with(kind.name().as_bytes()));
    match kind.filter(|kind| ends(*kind) == 1) {
        Some(kind) => kind.name(),
        None => name.to_str().unwrap_or_default(),
    }
}

/// Adds a table, the one of this number, that sees the packets of the space's family; others are passed over.
pub(super) fn add_table<'a>(
    tables: &'a [Table],
    number: usize,
    space: &mut Space,
    program: &mut Program,
) -> Bounded<()> {
    let Some(table) = tables.get(number) else { return Ok(()) };
    let dormant = table.flags.iter().any(|flag| flag == "dormant");
    if !dormant && !matches!(table.name.family, Family::Ip | Family::Ip6 | Family::Inet) {
        let name = &table.name;
        program.unread.push(format!(
            "table {} {}: packets of this family are not compared",
            name.family.name(),
            name.name
        ));
    }
    if dormant || (table.name.family != space.family() && table.name.family != Family::Inet) {
        return Ok(());
    }
    let mut context = Context {
        number,
        stands_for: standing_for(table, tables),
        family: table.name.family,
        chains: FxHashMap::default(),
        sets: FxHashMap::default(),
        objects: FxHashMap::default(),
        written: FxHashSet::default(),
        changed: Vec::new(),
    };
    let chains: Vec<&'a Chain> = table.entries.iter().filter_map(chain_of).collect();
    for entry in &table.entries {
        match entry {
            Entry::Chain(chain) => drop(context.chains.insert(&chain.name, program.add_chain(chain.name.clone()))),
            Entry::Set(set) => drop(context.sets.insert(&set.name, set)),
            Entry::Object(object) => context.objects.entry(&object.name).or_default().push(object),
            Entry::Comment(_) => {}
            Entry::Opaque(opaque) => program.unread.push(format!("line {}: {}", opaque.line, opaque.text)),
        }
    }
    for statement in chains.iter().flat_map(|chain| &chain.rules).flat_map(|rule| &rule.statements) {
        match statement {
            Statement::SetUpdate { set, .. } => drop(context.written.insert(set)),
            Statement::Set { target: Expr::Field(field), .. } if !context.changed.contains(field) => {
                context.changed.push(*field);
            }
            Statement::Notrack => context.changed.push(Field::Ct(CtKey::State)),
            _ => {}
        }
    }
    for chain in chains {
        add_chain(chain, &context, space, program)?;
    }
    Ok(())
}

fn chain_of(entry: &Entry) -> Option<&Chain> {
    match entry {
        Entry::Chain(chain) => Some(chain),
        _ => None,
    }
}

fn add_chain(chain: &Chain, context: &Context<'_>, space: &mut Space, program: &mut Program) -> Bounded<()> {
    let Some(&id) = context.chains.get(&chain.name) else { return Ok(()) };
    let mut rules = Vec::with_capacity(chain.rules.len());
    for (number, rule) in chain.rules.iter().enumerate() {
        let reading = Reading {
            space: &mut *space,
            program: &mut *program,
            table: context,
            chain: &chain.name,
            rule: number,
            steps: Vec::new(),
            places: 0,
            said: fields::Said::default(),
            open: false,
        };
        rules.push(Meant { line: rule.line, steps: reading.rule(rule)? });
    }
    if let Some(found) = program.chains.get_mut(id.0) {
        found.rules = rules;
    }
    let Some(base) = &chain.base else { return Ok(()) };
    let policy = if base.policy == Policy::Drop { Verdict::Drop } else { Verdict::Accept };
    match base.hook {
        Some(hook) => {
            let key = BaseKey { hook, priority: base.priority, kind: base.kind };
            program.bases.push(Base { key, chain: id, policy });
        }
        None => program.unread.push(format!("line {}: chain {} at a hook of devices", chain.line, chain.name)),
    }
    Ok(())
}

impl Reading<'_> {
    /// All steps of a rule; a statement that is not understood is the last.
    fn rule(mut self, rule: &Rule) -> Bounded<Vec<Step>> {
        for statement in &rule.statements {
            let read = if self.open {
                unread("a statement behind a verdict map that says continue")
            } else {
                self.statement(statement)
            };
            match read {
                Ok(()) => {}
                Err(Stop::Budget(stop)) => return Err(stop),
                Err(Stop::Unread(why)) => {
                    self.steps.push(Step::Unknown(why));
                    break;
                }
            }
        }
        Ok(self.steps)
    }

    /// Where a written verdict leads.
    pub(super) fn flow(&self, verdict: &Written) -> Read<Flow> {
        let chain = |name: &BString| match self.table.chains.get(name) {
            Some(&chain) => Ok(chain),
            None => unread(format!("no chain {name}")),
        };
        Ok(match verdict {
            Written::Accept => Flow::Verdict(Verdict::Accept),
            Written::Drop => Flow::Verdict(Verdict::Drop),
            Written::Return => Flow::Return,
            Written::Continue => Flow::Continue,
            Written::Jump(name) => Flow::Jump(chain(name)?),
            Written::Goto(name) => Flow::Goto(chain(name)?),
        })
    }
}
