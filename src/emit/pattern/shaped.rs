//! What patterns are for: rules of chains, and elements of sets.

use crate::emit::Table;
use crate::ir::slots::{self, Slot, SlotMut, rows};
use crate::ir::{Rule, SetRow};
use crate::nft::print::{ElementKinds, Entries, PrintError};
use crate::packet::Field;

/// Values of a list that rules may differ by.
const LISTED: usize = 16;

/// Something of which many are alike.
pub(in crate::emit) trait Shaped: Clone {
    /// Where all of them stand.
    type Place<'p>: Copy;

    /// The same for all that are alike, and rarely for others.
    fn hash(&self, place: Self::Place<'_>) -> u64;

    /// Whether the two are equal but for the values of their slots.
    fn is_like(&self, other: &Self, place: Self::Place<'_>) -> bool;

    /// Tells each slot, in order.
    fn each(&self, place: Self::Place<'_>, tell: impl FnMut(Slot));

    /// The same slots, to be changed.
    fn each_mut(&mut self, place: Self::Place<'_>, tell: impl FnMut(SlotMut));

    /// Whether how it is said depends on which of its values are equal.
    fn compares(&self, place: Self::Place<'_>) -> bool;

    /// Emits and prints it. The answer is whether the width of the page had a say in how it is laid out.
    fn print(&self, table: &Table, place: Self::Place<'_>, out: &mut Entries) -> Result<bool, PrintError>;
}

impl Shaped for Rule {
    type Place<'p> = ();

    fn hash(&self, (): ()) -> u64 {
        slots::key(self, LISTED)
    }

    fn is_like(&self, other: &Self, (): ()) -> bool {
        slots::alike(self, other, LISTED)
    }

    fn each(&self, (): (), tell: impl FnMut(Slot)) {
        slots::each(self, LISTED, tell);
    }

    fn each_mut(&mut self, (): (), tell: impl FnMut(SlotMut)) {
        slots::each_mut(self, LISTED, tell);
    }

    /// Values that have labels are said with them.
    fn compares(&self, (): ()) -> bool {
        !self.labels().is_empty()
    }

    fn print(&self, table: &Table, (): (), out: &mut Entries) -> Result<bool, PrintError> {
        out.resume_chain();
        out.rule(&table.rule(self), String::new)
    }
}

/// The set that elements stand in, by the fields of its key.
#[derive(Clone, Copy)]
pub(in crate::emit) struct Listed<'p> {
    pub key: &'p [Field],
    pub kinds: &'p ElementKinds,
}

impl Shaped for SetRow {
    type Place<'p> = Listed<'p>;

    fn hash(&self, place: Listed) -> u64 {
        rows::hash(place.key, self)
    }

    fn is_like(&self, other: &Self, place: Listed) -> bool {
        rows::alike(place.key, self, other)
    }

    fn each(&self, place: Listed, tell: impl FnMut(Slot)) {
        rows::each(place.key, self, tell);
    }

    fn each_mut(&mut self, place: Listed, tell: impl FnMut(SlotMut)) {
        rows::each_mut(place.key, self, tell);
    }

    fn compares(&self, _: Listed) -> bool {
        false
    }

    fn print(&self, table: &Table, place: Listed, out: &mut Entries) -> Result<bool, PrintError> {
        out.element(&table.element(place.key, self), place.kinds).map(|()| false)
    }
}
