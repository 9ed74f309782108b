//! Decides, over all packets, whether two rulesets mean the same: no root, no packets, no kernel.
//!
//! # What is claimed
//!
//! Of two rulesets whose comparison ([`compare::compare`]) says *equivalent*, in every base chain (family, hook,
//! priority, type; one that is missing is an empty one that accepts), for every packet and whatever
//! happened before:
//! - the packet gets the same verdict: accept, drop, the same rejection, queue, or translation;
//! - every bit of what rules can change (mark, connection mark, DSCP, TTL, priority ...) ends up the
//!   same, unless the packet is dropped and the bit with it (what belongs to the connection stays);
//! - every side effect happens equally often: each log line (prefix, level, flags, group), each
//!   update of a set, each helper given;
//! - every limit and counter is asked by the same packets, equally often, and the answers are used
//!   alike. Which place of one ruleset is which of the other is one mapping for all;
//! - where chance decides, all of this together has the same distribution: random choices are fresh and
//!   independent each time one is made, so how they are nested, and which number stands for what, is free
//!   ([`chance`]).
//!
//! # What is not claimed
//!
//! The order of side effects of one packet; what a log line says beside its prefix; counters of rules;
//! comments; packets cut short inside a header; speed. What the model relies on stands in
//! [`space`] and [`space::Space::possible`]'s source. A wrong matching of occurrences can make equal
//! rulesets look different, never the other way round. What a reader does not understand becomes
//! *unknown*, and unknown is equal to nothing.
//!
//! *Architecture invariant*: this room imports `packet`, `nft::ast`, `save::ast` and `diag`, and nothing
//! that translates: a mistake made there must not be made here as well. The two readers do not import
//! each other.
//!
//! # What a reader provides
//!
//! Each syntax has a reader, `nft_meaning` and `save_meaning`, that implements [`Ruleset`]:
//!
//! 1. [`Ruleset::facts`], before there is a space: all interface names and wildcards that the ruleset
//!    mentions (too many do no harm), and whether anything in the family tracks connections.
//! 2. [`Ruleset::program`]: a [`block::Program`], the ruleset for one family. For each rule a list of
//!    [`block::Step`]s, in the order in which the kernel does them:
//!    - a test is `Step::Test(set)`, the set made by [`space::Space`]: `within(field, values)`,
//!      `masked(field, mask, value)`, `any_bit`, `name(Iifname, b"eth", true)`; combined with
//!      `space.dd.and/or/not`. **Whether the packet has the field is a test of its own**: a rule that
//!      breaks off where the field is missing gets `Test(present(field))` first; one that is true
//!      there, such as most negated matches of iptables, gets `present -> test` spelled out by `ite`.
//!      Ports and ICMP types further need `right_protocol(field)` and, where the kernel checks it,
//!      `first_fragment()`.
//!    - what the model has no bits for is `space.opaque("words")`, in words both readers agree on; they
//!      are made by [`vocabulary`], never on the spot.
//!    - a test of state or chance is `program.occurrence(..)`, `Step::Consult(id)`, then `Step::Test` of
//!      `space.dd.var(local_answer(id, 0))`. Put it where the kernel does: only packets that passed the
//!      steps before it consult.
//!    - changes are `Step::Assign` of the variables of `space.slot(field)`.
//!    - verdicts, jumps: `Step::Flow`. What cannot be told: `Step::Unknown("why")`, or of some packets
//!      `Step::UnknownOn`.
//!
//!    Empty built-in chains with policy accept need no base chain. `-A X` without a target is a rule
//!    without effect. Keys: raw -300, mangle -150, nat -100 (prerouting, output) and 100 (input,
//!    postrouting), filter 0, security 50; type `nat` for nat, `route` for mangle OUTPUT, else `filter`.

pub mod block;
pub mod chance;
pub mod compare;
pub mod dd;
pub mod known;
pub mod nft_meaning;
pub mod reach;
pub mod save_meaning;
pub mod space;
pub mod trace;
pub mod vocabulary;

use block::Program;
use dd::Bounded;
use space::Space;

use crate::packet::Family;

/// One side of a comparison, whatever its syntax.
pub trait Ruleset {
    /// What must be known about a family's rules before any test can be written down.
    fn facts(&self, family: Family) -> Facts;

    /// The rules for the family of `space`.
    ///
    /// # Errors
    /// Only when the arena's budget is used up; what is not understood is a step of its own.
    fn program(&self, space: &mut Space) -> Bounded<Program>;
}

/// See [`Ruleset::facts`]. The default is that of a ruleset without rules.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Interface names, and (with `true`) beginnings of names.
    pub names: Vec<(Vec<u8>, bool)>,
    /// Whether any rule makes the kernel track connections: `ct` anything, nat, a helper, synproxy.
    pub tracks: bool,
    /// Whether a base chain sees packets before the kernel puts fragments together.
    pub early: bool,
    /// Whether rules give packets templates for connection tracking (`CT`, `ct zone set`).
    pub templates: bool,
}
