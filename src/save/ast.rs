//! The syntax tree of iptables-save text: what was written, typed, with its place.
//!
//! Every option is kept in the order written, since iptables evaluates matches left to right. A long dump has a
//! rule per 40 bytes of text, so the tree is kept small: names are shared, what is rare is apart.
//! Invariant: nothing that was read is dropped; printing the tree and parsing it again gives
//! the same tree (spans apart).

use std::sync::Arc;

use bstr::BString;
use smallvec::SmallVec;

use super::ext::Extension;
use super::option::{OptionSpec, Value};
use crate::diag::Span;
use crate::packet::{Family, Hook};

/// All that one input held, in order. `R` is how rules are kept: whole, or as an [`Entry`](super::forms::Entry).
#[derive(Clone, Debug)]
pub struct Dump<R = Box<Rule>> {
    pub documents: Vec<Document<R>>,
}

/// A run of tables of one family; a stream may hold several (v4, then v6).
#[derive(Clone, Debug)]
pub struct Document<R = Box<Rule>> {
    pub family: Family,
    pub tables: Vec<Table<R>>,
    /// Comment lines behind the last table.
    pub trailing: Vec<Comment>,
}

/// `*filter` to `COMMIT`.
#[derive(Clone, Debug)]
pub struct Table<R = Box<Rule>> {
    pub kind: TableKind,
    pub span: Span,
    /// Chains, rules and comments in the order written.
    pub items: Vec<Item<R>>,
    /// Comment lines before the `*` line.
    pub leading: Vec<Comment>,
}

/// One line inside a table.
#[derive(Clone, Debug)]
pub enum Item<R = Box<Rule>> {
    Chain(Box<ChainLine>),
    Rule(R),
    Comment(Box<Comment>),
}

/// The name of a chain, shared by all that name it.
pub type ChainName = Arc<BString>;

/// A `#` line.
#[derive(Clone, Debug)]
pub struct Comment {
    /// What follows the `#`.
    pub text: BString,
    pub span: Span,
}

/// The five tables of iptables.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum TableKind {
    Raw,
    Mangle,
    Nat,
    Filter,
    Security,
}

/// `:CHAIN POLICY [packets:bytes]`, or `-N`, or `-P`.
#[derive(Clone, Debug)]
pub struct ChainLine {
    pub name: ChainName,
    pub name_span: Span,
    /// `None` for `-`, which stands beside user-defined chains.
    pub policy: Option<Policy>,
    pub counters: Option<Counters>,
    pub span: Span,
    pub line: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Policy {
    Accept,
    Drop,
}

/// `[packets:bytes]`
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Counters {
    pub packets: u64,
    pub bytes: u64,
}

/// `-A` or `-I`.
#[derive(Clone, Debug)]
pub struct Rule {
    pub span: Span,
    /// 1-based line in the source.
    pub line: u32,
    pub placement: Placement,
    pub chain: ChainName,
    pub chain_span: Span,
    pub counters: Option<Box<Counters>>,
    /// A `-4` or `-6` on the line: the other family's restore skips the rule.
    pub only: Option<Family>,
    /// `-s -d -i -o -p -f`: evaluated before any match. Extension `standard`.
    pub head: Part,
    /// In the order written.
    pub matches: Vec<Part>,
    pub target: Target,
}

/// Where the rule goes in its chain.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Placement {
    Append,
    /// 1-based position.
    Insert(u32),
}

/// What happens when a rule matches.
#[derive(Clone, Debug)]
pub enum Target {
    /// No `-j`: the rule only counts.
    None,
    /// `-j` or `-g` to a user-defined chain.
    Chain { name: ChainName, span: Span, goto: bool },
    /// `-j NAME` with the target's options.
    Extension(Part),
}

/// One use of an extension: a match, a target, or the standard head of a rule.
#[derive(Clone, Debug)]
pub struct Part {
    pub extension: &'static Extension,
    /// The name as written (an alias, perhaps).
    pub name_span: Span,
    /// Whether `-p tcp` loaded it without `-m tcp`.
    pub implicit: bool,
    pub options: Options,
}

/// The options of a part in the order written; most have one.
pub type Options = SmallVec<[Opt; 1]>;

/// One option with its value.
#[derive(Clone, Debug)]
pub struct Opt {
    pub spec: &'static OptionSpec,
    pub negated: bool,
    pub value: Value,
    pub span: Span,
}

impl Part {
    /// Adds an option.
    pub(super) fn push(&mut self, opt: Opt) {
        self.options.push(opt);
    }

    /// The option with this long name, when it was given.
    pub fn get(&self, name: &str) -> Option<&Opt> {
        self.options.iter().find(|o| o.spec.name == name)
    }

    /// Whether the option with this long name was given.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The number given to an option.
    pub fn number(&self, name: &str) -> Option<u64> {
        match self.get(name)?.value {
            Value::Number(n) => Some(n),
            _ => None,
        }
    }

    /// Of a head: the protocol that it fixes, and whether that is negated.
    pub fn protocol(&self) -> Option<(u8, bool)> {
        let opt = self.get("protocol")?;
        match opt.value {
            Value::Number(n) => Some((n as u8, opt.negated)),
            _ => None,
        }
    }

    /// The text given to an option.
    pub fn text(&self, name: &str) -> Option<&bstr::BStr> {
        match &self.get(name)?.value {
            Value::Text(t) => Some(t.as_ref()),
            _ => None,
        }
    }
}

impl Rule {
    /// The protocol the head fixes: number, and whether it is negated.
    pub fn protocol(&self) -> Option<(u8, bool)> {
        self.head.protocol()
    }

    /// Gives back room that reading took and did not need.
    pub(super) fn shrink(&mut self) {
        self.matches.shrink_to_fit();
        self.head.options.shrink_to_fit();
        self.matches.iter_mut().for_each(|part| part.options.shrink_to_fit());
        if let Target::Extension(part) = &mut self.target {
            part.options.shrink_to_fit();
        }
    }

    /// All parts in the order the kernel evaluates them.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        let target = match &self.target {
            Target::Extension(part) => Some(part),
            _ => None,
        };
        std::iter::once(&self.head).chain(&self.matches).chain(target)
    }
}

impl Item {
    /// The rule, when the line is one.
    pub fn as_rule(&self) -> Option<&Rule> {
        match self {
            Item::Rule(rule) => Some(rule),
            Item::Chain(_) | Item::Comment(_) => None,
        }
    }
}

impl<R> Item<R> {
    /// The chain line, when it is one.
    pub fn as_chain(&self) -> Option<&ChainLine> {
        match self {
            Item::Chain(chain) => Some(chain),
            Item::Rule(_) | Item::Comment(_) => None,
        }
    }

    /// The rule by itself, when the line is one.
    pub fn into_rule(self) -> Option<R> {
        match self {
            Item::Rule(rule) => Some(rule),
            Item::Chain(_) | Item::Comment(_) => None,
        }
    }
}

impl<R> Default for Dump<R> {
    fn default() -> Self {
        Dump { documents: Vec::new() }
    }
}

impl<R> Dump<R> {
    /// The same with rules kept otherwise; those that become nothing are left out.
    pub fn map<S>(self, mut keep: impl FnMut(R) -> Option<S>) -> Dump<S> {
        let mut item = |item| {
            Some(match item {
                Item::Rule(rule) => Item::Rule(keep(rule)?),
                Item::Chain(chain) => Item::Chain(chain),
                Item::Comment(comment) => Item::Comment(comment),
            })
        };
        let mut table = |Table { kind, span, items, leading }| {
            let items = items.into_iter().filter_map(&mut item).collect();
            Table { kind, span, items, leading }
        };
        let document = |Document { family, tables, trailing }| {
            let tables = Vec::into_iter(tables).map(&mut table).collect();
            Document { family, tables, trailing }
        };
        Dump { documents: self.documents.into_iter().map(document).collect() }
    }
}

impl Table {
    /// The rules in the order written.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.items.iter().filter_map(Item::as_rule)
    }
}

impl<R> Table<R> {
    /// The chain lines in the order written.
    pub fn chains(&self) -> impl Iterator<Item = &ChainLine> {
        self.items.iter().filter_map(Item::as_chain)
    }
}

impl TableKind {
    /// All tables, in the order of their priorities.
    pub const ALL: [TableKind; 5] =
        [TableKind::Raw, TableKind::Mangle, TableKind::Nat, TableKind::Filter, TableKind::Security];

    pub const fn name(self) -> &'static str {
        match self {
            TableKind::Raw => "raw",
            TableKind::Mangle => "mangle",
            TableKind::Nat => "nat",
            TableKind::Filter => "filter",
            TableKind::Security => "security",
        }
    }

    /// The built-in chains (`net/ipv4/netfilter/iptable_*.c`), in the order of `iptables-save`.
    pub const fn builtins(self) -> &'static [(&'static str, Hook)] {
        const P: (&str, Hook) = ("PREROUTING", Hook::Prerouting);
        const I: (&str, Hook) = ("INPUT", Hook::Input);
        const F: (&str, Hook) = ("FORWARD", Hook::Forward);
        const O: (&str, Hook) = ("OUTPUT", Hook::Output);
        const Q: (&str, Hook) = ("POSTROUTING", Hook::Postrouting);
        match self {
            TableKind::Raw => &[P, O],
            TableKind::Mangle => &[P, I, F, O, Q],
            TableKind::Nat => &[P, I, O, Q],
            TableKind::Filter | TableKind::Security => &[I, F, O],
        }
    }

    /// The hook of a built-in chain; `None` for user-defined chains.
    pub fn hook(self, chain: &[u8]) -> Option<Hook> {
        self.builtins().iter().find(|(name, _)| name.as_bytes() == chain).map(|&(_, hook)| hook)
    }

    /// Priority at a hook (`include/uapi/linux/netfilter_ipv4.h`, NF_IP_PRI_*).
    pub const fn priority(self, hook: Hook) -> i32 {
        match (self, hook) {
            (TableKind::Raw, _) => -300,
            (TableKind::Mangle, _) => -150,
            (TableKind::Nat, Hook::Prerouting | Hook::Output) => -100,
            (TableKind::Nat, _) => 100,
            (TableKind::Filter, _) => 0,
            (TableKind::Security, _) => 50,
        }
    }
}
