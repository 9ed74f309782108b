//! Rules kept as what they are like: long dumps hold thousands of rules that differ by an address or a port.
//!
//! A *form* is the words of a rule's line with its plain values cut out ([`cut`]). It is read whole twice, with
//! values that stand in for those of its rules ([`learn`]); a rule of the form is then no more than its values.
//! What the table as a whole is asked about stays whole, see [`is_asked_about`].
//! Invariant: a rule of a form is the form's tree with the rule's values in place of those that stand in.

pub mod cut;
pub mod learn;
pub mod names;
pub mod template;
#[cfg(test)]
mod tests;

use std::net::Ipv4Addr;

use bstr::{BStr, ByteSlice};
use smallvec::SmallVec;

use super::ast::{ChainName, Dump, Item, Rule, Table, TableKind};
use super::parse;
use crate::diag::{SourceId, Span};
use crate::packet::Family;
use names::Names;

/// A rule as it was read.
#[derive(Clone, Debug)]
pub enum Entry {
    Whole(Box<Rule>),
    Like(Like),
}

/// A rule of a form. It stands in place among the others: what long dumps are made of needs no room of its own.
#[derive(Clone, Copy, Default, Debug)]
pub struct Like {
    /// Which form.
    pub form: u32,
    /// The number of the chain that it stands in.
    pub chain: u32,
    /// 1-based line in the source.
    pub line: u32,
    pub span: Span,
    pub values: Values,
}

/// Values of a rule in the order written, each as its [`Kind`] says; as many as its form has.
pub type Values = [u32; MOST_VALUES];

/// Lines with more are read whole.
pub const MOST_VALUES: usize = 6;

/// What a value is, and how it is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// An IPv4 network of this prefix length, by its first address.
    Net(u8),
    Port,
    /// A chain that the rule goes to, by its number.
    Chain,
    /// A comment, by the place of its first byte in the source.
    Comment,
}

impl Kind {
    /// Whether both are networks, ports, chains or comments.
    fn is_like(self, other: Kind) -> bool {
        matches!((self, other), (Kind::Net(_), Kind::Net(_))) || self == other
    }
}

/// A value that a rule has, or that stands in for those of all rules of a form.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Plain<'a> {
    /// First and last address.
    Net(u32, u32),
    Port(u16),
    /// The number of a chain's name, or of one that stands in for others.
    Chain(u32),
    Comment(&'a BStr),
}

/// Rules that are alike but for their values.
#[derive(Clone, Debug)]
pub struct Form {
    pub family: Family,
    pub table: TableKind,
    pub kinds: SmallVec<[Kind; 4]>,
    /// Read with values that stand in for others: the first of each kind, and the second.
    pub trees: [Box<Rule>; 2],
}

/// The forms of an input, and the chains that their rules name.
#[derive(Clone, Debug)]
pub struct Forms<'s> {
    pub source: SourceId,
    /// Of the source.
    pub text: &'s [u8],
    pub all: Vec<Form>,
    pub names: Names,
}

/// A dump whose rules are kept as what they are like.
#[derive(Debug)]
pub struct Skimmed<'s> {
    pub dump: Dump<Entry>,
    pub forms: Forms<'s>,
}

/// Whether a table is asked about rules with the match or target: what they say of connections and of sets.
/// (`lower/helpers.rs`, `lower/tracking.rs`, `lower/buckets.rs`, `save/ext/written.rs`)
fn is_asked_about(extension: &str) -> bool {
    matches!(extension, "CT" | "NOTRACK" | "hashlimit" | "set" | "SET")
}

impl Skimmed<'_> {
    /// A dump whose rules are all kept whole.
    pub fn whole(dump: Dump, source: SourceId) -> Self {
        let forms = Forms { source, text: &[], all: Vec::new(), names: Names::default() };
        Skimmed { dump: dump.map(|rule| Some(Entry::Whole(rule))), forms }
    }

    /// The dump with all rules whole.
    pub fn into_whole(self) -> Dump {
        self.dump.map(|entry| self.forms.whole(entry))
    }
}

impl Form {
    /// The place among the values of the chain that rules go to.
    pub fn callee(&self) -> Option<usize> {
        self.kinds.iter().position(|kind| *kind == Kind::Chain)
    }

    /// What stands in for the value at this place in one of the two trees.
    pub fn stand_in(&self, tree: usize, place: usize) -> Option<Plain<'_>> {
        Some(match *self.kinds.get(place)? {
            Kind::Net(prefix) => net(u32::from(stand_in_address(tree, place, prefix)), prefix),
            Kind::Port => Plain::Port(stand_in_port(tree, place)),
            Kind::Chain => Plain::Chain(names::stand_in(tree)),
            Kind::Comment => Plain::Comment(STAND_INS.get(tree)?.as_bytes().as_bstr()),
        })
    }
}

impl Forms<'_> {
    /// The form of a rule.
    pub fn of(&self, like: &Like) -> Option<&Form> {
        self.all.get(like.form as usize)
    }

    /// The value of a rule of the form at a place.
    pub fn value(&self, like: &Like, place: usize) -> Option<Plain<'_>> {
        let kind = *self.of(like)?.kinds.get(place)?;
        let value = *like.values.get(place)?;
        Some(match kind {
            Kind::Net(prefix) => net(value, prefix),
            Kind::Port => Plain::Port(value as u16),
            Kind::Chain => Plain::Chain(value),
            Kind::Comment => Plain::Comment(cut::comment(self.text, value as usize).as_bstr()),
        })
    }

    /// The chain that a rule stands in.
    pub fn chain<'e>(&'e self, entry: &'e Entry) -> Option<&'e ChainName> {
        match entry {
            Entry::Whole(rule) => Some(&rule.chain),
            Entry::Like(like) => self.names.get(like.chain),
        }
    }

    /// The number of the chain that the rule goes to.
    pub fn callee(&self, like: &Like) -> Option<u32> {
        like.values.get(self.of(like)?.callee()?).copied()
    }

    /// The rule's own tree.
    pub fn whole(&self, entry: Entry) -> Option<Box<Rule>> {
        match entry {
            Entry::Whole(rule) => Some(rule),
            Entry::Like(like) => parse::again(self, &like),
        }
    }
}

impl Table<Entry> {
    /// The rules that are kept whole, as all are that [a table is asked about](is_asked_about).
    pub fn whole_rules(&self) -> impl Iterator<Item = &Rule> {
        self.items.iter().filter_map(|item| match item {
            Item::Rule(entry) => entry.as_whole(),
            Item::Chain(_) | Item::Comment(_) => None,
        })
    }
}

impl Entry {
    /// The rule's own tree, when it is kept whole.
    pub fn as_whole(&self) -> Option<&Rule> {
        match self {
            Entry::Whole(rule) => Some(rule),
            Entry::Like(_) => None,
        }
    }

    pub fn line(&self) -> u32 {
        match self {
            Entry::Whole(rule) => rule.line,
            Entry::Like(like) => like.line,
        }
    }

    pub fn span(&self) -> Span {
        match self {
            Entry::Whole(rule) => rule.span,
            Entry::Like(like) => like.span,
        }
    }
}

fn net(address: u32, prefix: u8) -> Plain<'static> {
    Plain::Net(address, address | cut::host_bits(prefix))
}

/// Names and comments that stand in for others; no chain of a dump has a blank in its name.
pub const STAND_INS: [&str; 2] = ["a stand-in", "another stand-in"];

fn stand_in_address(tree: usize, place: usize, prefix: u8) -> Ipv4Addr {
    let place = place as u8;
    let address = match tree {
        0 => Ipv4Addr::new(21 + 2 * place, 85, 170, 85),
        _ => Ipv4Addr::new(22 + 2 * place, 170, 85, 170),
    };
    Ipv4Addr::from(u32::from(address) & !cut::host_bits(prefix))
}

const fn stand_in_port(tree: usize, place: usize) -> u16 {
    20_001 + 10_000 * tree as u16 + place as u16
}
