//! The intermediate form that passes work on: typed, exact, and neither iptables nor nft syntax.
//!
//! A rule is an ordered list of steps and one verdict. A step is a *test* (pure: tests commute
//! with each other) or a *statement* (may keep state or change the packet: its place among the
//! steps is meaning). Every rule carries the dump lines it came from to the end. Leaf data that
//! both sides spell alike (log options, limits, reject types) is taken from `nft::ast`.
//! Invariant: sets of values are canonical; chains refer to chains by index, never by name.

pub mod fragments;
mod origin;
mod rule;
pub mod slots;
mod statement;
mod test;
pub mod tracking;

pub use origin::Origin;
pub use rule::{
    Counters, Draw, Fields, Join, MapRow, NamedMap, Nat, NatData, NatTarget, Remarks, Rule, Step, Steps, Verdict,
    VerdictMap,
};
pub use statement::{Assigned, KeyPart, ObjectBody, Statement};
pub use test::{Bits, Component, Name, Row, Test};

use bstr::BString;

use crate::packet::{Family, Field, Hook};

/// What one translation unit holds: all tables of all families.
#[derive(Clone, Debug, Default)]
pub struct Ruleset {
    pub tables: Vec<Table>,
}

/// One table of one family.
#[derive(Clone, Debug)]
pub struct Table {
    pub family: Family,
    /// Name the table will have (prefix applied by the emitter).
    pub name: BString,
    pub chains: Vec<Chain>,
    pub sets: Vec<Set>,
    pub objects: Vec<Object>,
    /// `#` lines of the dump that stand before the table.
    pub notes: Vec<BString>,
}

/// Index into `Table::chains`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ChainId(pub u32);

/// Index into `Table::sets`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct SetId(pub u32);

/// Index into `Table::objects`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ObjectId(pub u32);

/// A chain; `base` when the kernel calls it.
#[derive(Clone, Debug)]
pub struct Chain {
    /// Name in the dump, or a speaking name for a chain that lowering made. The emitter makes
    /// it legal and unique.
    pub name: BString,
    pub base: Option<Base>,
    pub rules: Vec<Rule>,
    /// Made by lowering or a pass; not in the dump.
    pub helper: bool,
    /// Other software makes it and may fill it any time.
    pub foreign: bool,
}

/// Where the kernel calls a base chain.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Base {
    pub kind: crate::nft::ast::ChainKind,
    pub hook: Hook,
    pub priority: i32,
    pub policy: crate::nft::ast::Policy,
    /// Counters of the policy, kept on request as a closing rule.
    pub counters: Option<Counters>,
}

/// A named set or map.
#[derive(Clone, Debug)]
pub struct Set {
    pub name: BString,
    pub key: Vec<Field>,
    pub comment: Option<BString>,
    /// Rules add to it: contents are state.
    pub dynamic: bool,
    pub interval: bool,
    /// What is added later may overlap with what is there.
    pub auto_merge: bool,
    /// Seconds; `Some(0)` declares the flag without a default.
    pub timeout: Option<u64>,
    pub size: Option<u32>,
    pub data: SetData,
    pub rows: Vec<SetRow>,
    /// Every element counts (`counter`).
    pub counter: bool,
}

/// What an element of a set carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SetData {
    /// A set.
    None,
    /// A verdict map.
    Verdict,
    /// A map to values of these fields' types.
    Values(Option<Field>, Option<Field>),
    /// A map to named objects of a kind.
    Object(crate::nft::ast::ObjectKind),
}

/// One element.
#[derive(Clone, Debug)]
pub struct SetRow {
    pub key: Row,
    /// Nothing in most rows of long sets.
    more: Option<Box<Carried>>,
}

/// What an element carries besides its key.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Carried {
    pub verdict: Option<Verdict>,
    pub values: Vec<Component>,
    pub comment: Option<BString>,
    pub timeout: Option<u64>,
    pub counters: Option<Counters>,
}

/// A named object (counter, quota, ct helper, ct timeout ...).
#[derive(Clone, Debug)]
pub struct Object {
    pub name: BString,
    pub body: ObjectBody,
}

impl SetRow {
    /// An element that carries nothing.
    pub const fn new(key: Row) -> Self {
        SetRow { key, more: None }
    }

    /// An element that carries what is told.
    pub fn carrying(key: Row, carried: Carried) -> Self {
        SetRow { key, more: (carried != *Carried::NOTHING).then(|| Box::new(carried)) }
    }

    /// Whether it carries nothing.
    pub const fn is_bare(&self) -> bool {
        self.more.is_none()
    }

    /// What it carries.
    pub fn carried(&self) -> &Carried {
        self.more.as_deref().unwrap_or(Carried::NOTHING)
    }

    /// The same, to be changed, where there is anything.
    pub fn carried_mut(&mut self) -> Option<&mut Carried> {
        self.more.as_deref_mut()
    }
}

impl Carried {
    const NOTHING: &Self = &Carried { verdict: None, values: Vec::new(), comment: None, timeout: None, counters: None };
}

impl Table {
    /// The chain with this index; indices come from this table, so it is there.
    pub fn chain(&self, id: ChainId) -> Option<&Chain> {
        self.chains.get(id.0 as usize)
    }

    /// The set with this index.
    pub fn set(&self, id: SetId) -> Option<&Set> {
        self.sets.get(id.0 as usize)
    }

    /// Adds a chain and says where it is.
    pub fn add_chain(&mut self, chain: Chain) -> ChainId {
        self.chains.push(chain);
        ChainId(self.chains.len() as u32 - 1)
    }

    /// Takes out the chains that nothing leads to any more; all others keep their order.
    pub fn retain_chains(&mut self, keep: impl Fn(ChainId) -> bool) {
        let mut numbers = Vec::with_capacity(self.chains.len());
        let mut next = 0;
        for at in 0..self.chains.len() as u32 {
            numbers.push(ChainId(next));
            next += u32::from(keep(ChainId(at)));
        }
        let mut at = 0..;
        self.chains.retain(|_| at.next().is_some_and(|at| keep(ChainId(at))));
        let mut renumber = |id: &mut ChainId| *id = numbers.get(id.0 as usize).copied().unwrap_or(*id);
        let rules = self.chains.iter_mut().flat_map(|chain| &mut chain.rules);
        rules.for_each(|rule| rule.verdict.for_each_callee(&mut renumber));
        let rows = self.sets.iter_mut().flat_map(|set| &mut set.rows);
        rows.filter_map(|row| row.carried_mut()?.verdict.as_mut())
            .for_each(|verdict| verdict.for_each_callee(&mut renumber));
    }

    /// Adds a set and says where it is.
    pub fn add_set(&mut self, set: Set) -> SetId {
        self.sets.push(set);
        SetId(self.sets.len() as u32 - 1)
    }

    /// Adds an object, or finds the same one again.
    pub fn add_object(&mut self, object: Object) -> ObjectId {
        let found = self.objects.iter().position(|o| o.name == object.name && o.body == object.body);
        ObjectId(found.unwrap_or_else(|| {
            self.objects.push(object);
            self.objects.len() - 1
        }) as u32)
    }
}
