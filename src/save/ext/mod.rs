//! Extensions: one file per match and per target.
//!
//! A file declares the extension's options, checks their combination, lowers a use of it to the
//! intermediate form, and lists what `docs/coverage.md` says of each option. `registry` is the
//! one list of them all.
//! Invariant: an extension file imports no other extension file.

pub mod dynamic;
pub mod extension_header;
pub mod hops;
pub mod icmp_type;
pub mod lowering;
pub mod mark;
pub mod matches;
pub mod named_set;
pub mod nat;
pub mod prefix_translation;
pub mod program;
pub mod registry;
pub mod set_name;
pub mod shared;
pub mod standard;
pub mod targets;
pub mod tracked;
pub mod word;
pub mod written;

use super::ast::Part;
use super::option::OptionSpec;
use crate::packet::Family;
use lowering::{Action, Cond, Cx, Refusal};

/// A match or a target.
#[derive(Debug)]
pub struct Extension {
    pub name: &'static str,
    /// Other names that load it (`icmpv6` for `icmp6`).
    pub aliases: &'static [&'static str],
    pub families: Families,
    pub options: &'static [OptionSpec],
    /// What the options must satisfy together, as the legacy tool checks it: the reason when not.
    pub check: fn(&Part, &CheckCx) -> Result<(), String>,
    pub lower: Lower,
    /// One row per option for the coverage table.
    pub coverage: &'static [Coverage],
}

/// How a use of an extension becomes intermediate form.
#[derive(Debug)]
pub enum Lower {
    /// A match: what must hold, in order.
    Match(fn(&Part, &mut Cx) -> Result<Vec<Cond>, Refusal>),
    /// A target: what is done.
    Target(fn(&Part, &mut Cx) -> Result<Action, Refusal>),
}

/// Which command knows the extension.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Families {
    Both,
    Ip,
    Ip6,
}

/// What a check may look at besides the extension's own options.
#[derive(Clone, Copy, Debug)]
pub struct CheckCx<'a> {
    pub family: Family,
    pub table: super::ast::TableKind,
    pub chain: &'a [u8],
    /// Protocol of the rule's head: number and negation.
    pub protocol: Option<(u8, bool)>,
    /// The matches of the rule, for targets that ask for one.
    pub matches: &'a [Part],
}

/// What the coverage table says about one option.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Coverage {
    /// As written, such as `--dport` or `! --dport`.
    pub option: &'static str,
    pub grade: Grade,
    /// A rule tail that shows it, for example `-p tcp --dport 22 -j ACCEPT`.
    pub example: &'static str,
    /// Family of the example.
    pub family: Family,
    /// What a reader should know: a reason, a limit, a needed version. May be empty.
    pub note: &'static str,
}

/// How well an option translates.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Grade {
    Exact,
    /// Only with `--approximate`.
    Approximate,
    Refused,
}

impl Families {
    pub const fn include(self, family: Family) -> bool {
        !matches!((self, family), (Families::Ip, Family::Ip6) | (Families::Ip6, Family::Ip))
    }
}

impl Coverage {
    /// Translates exactly; the example is an IPv4 one.
    pub const fn exact(option: &'static str, example: &'static str) -> Self {
        Coverage { option, grade: Grade::Exact, example, family: Family::Ip, note: "" }
    }

    /// Translates with `--approximate` only, for the reason in the note.
    pub const fn approximate(option: &'static str, example: &'static str, note: &'static str) -> Self {
        Coverage { option, grade: Grade::Approximate, example, family: Family::Ip, note }
    }

    /// Does not translate, for the reason in the note.
    pub const fn refused(option: &'static str, example: &'static str, note: &'static str) -> Self {
        Coverage { option, grade: Grade::Refused, example, family: Family::Ip, note }
    }

    /// The example is an IPv6 one.
    #[must_use]
    pub const fn v6(mut self) -> Self {
        self.family = Family::Ip6;
        self
    }

    /// With something that a reader should know.
    #[must_use]
    pub const fn note(mut self, note: &'static str) -> Self {
        self.note = note;
        self
    }
}
