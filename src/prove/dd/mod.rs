//! Decision diagrams: functions from assignments of Boolean variables to small numbers, hash-consed.
//!
//! A diagram is a `Dd`: either a *leaf* holding a number, or a node that tests one variable. Nodes are
//! reduced and shared and variables are met in ascending order, so **two diagrams of one arena denote
//! the same function if and only if they are the same `Dd`**. Everything the prover concludes rests on
//! that sentence; `tests.rs` checks it against truth tables.
//!
//! A *set* is a diagram with leaves 0 (`FALSE`) and 1 (`TRUE`). A *count* is a diagram whose leaves say
//! how often; a set is a count, too.
//!
//! Every operation is bounded by the arena's [`Budget`] and fails with [`OutOfBudget`] instead of
//! running on: an answer that was not reached is never an answer.

mod apply;
mod arena;
mod average;
mod build;
mod cache;
mod compose;
pub mod list;
mod meet;
mod over;
mod paths;
mod quantify;
pub mod range;
#[cfg(test)]
mod tests;

pub use arena::{Arena, Budget};
pub use average::{Averages, Draw};
pub use build::Piece;
pub use compose::Substitution;
pub use list::Ranges;
pub use over::{Over, Where};
pub use paths::Cube;
pub use range::Range;

/// A Boolean variable. Smaller variables are tested first.
///
/// The top five bits are the variable's *band*, 0 to 28: nodes remember which bands are tested below them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Var(pub u32);

/// How many bands there can be.
pub const BANDS: u32 = 29;
/// Bits of a variable's number that are not its band.
pub const BAND_SHIFT: u32 = 27;

impl Var {
    /// The variable `index` of `band`.
    pub const fn new(band: u32, index: u32) -> Self {
        debug_assert!(band < BANDS, "no such band");
        Var((band << BAND_SHIFT) | index)
    }

    /// The variable's band.
    pub const fn band(self) -> u32 {
        self.0 >> BAND_SHIFT
    }

    /// The variable's place in its band.
    pub const fn index(self) -> u32 {
        self.0 & ((1 << BAND_SHIFT) - 1)
    }
}

/// A set of bands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Bands(pub u32);

impl Bands {
    /// Whether the two sets share a band.
    pub const fn meets(self, other: Bands) -> bool {
        self.0 & other.0 != 0
    }

    /// The bands of either set.
    #[must_use]
    pub const fn union(self, other: Bands) -> Bands {
        Bands(self.0 | other.0)
    }

    /// The set of one variable's band.
    pub const fn of(var: Var) -> Bands {
        Bands(1 << var.band())
    }
}

/// A function of an [`Arena`]; meaningless in any other arena.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Dd(u32);

const LEAF: u32 = 1 << 31;

impl Dd {
    /// The empty set, and the count 0.
    pub const FALSE: Dd = Dd(LEAF);
    /// The full set, and the count 1.
    pub const TRUE: Dd = Dd(LEAF | 1);

    /// The constant function `value`; the topmost bit of `value` is lost.
    pub const fn leaf(value: u32) -> Dd {
        Dd(value | LEAF)
    }

    /// The set of everything or nothing.
    pub const fn constant(value: bool) -> Dd {
        if value { Dd::TRUE } else { Dd::FALSE }
    }

    /// The number, when the function is constant.
    pub const fn as_leaf(self) -> Option<u32> {
        if self.0 & LEAF != 0 { Some(self.0 & !LEAF) } else { None }
    }

    const fn is_leaf(self) -> bool {
        self.0 & LEAF != 0
    }
}

/// Why an operation stopped before its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum OutOfBudget {
    /// The arena may not hold more nodes.
    #[error("the comparison needs more than {0} diagram nodes")]
    Nodes(usize),
    /// The deadline has passed.
    #[error("the comparison took longer than it may")]
    Time,
    /// An operation took more steps than it was given.
    #[error("an operation on diagrams is larger than it may be")]
    Steps,
    /// A path tests more variables than the stack has room for.
    #[error("a condition depends on more than {0} independent bits")]
    Depth(u32),
}

/// The result of an operation on diagrams.
pub type Bounded<T> = Result<T, OutOfBudget>;
