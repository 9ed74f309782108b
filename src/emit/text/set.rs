//! Sets and maps. What long ones hold is written on all processors, before it is seen which lines it fills.

use std::mem::replace;
use std::ops::Range;

use super::ELEMENT;
use crate::emit::Table;
use crate::emit::pattern::{Listed, Patterns, printed};
use crate::ir::{Component, Set, SetData, SetRow, slots};
use crate::nft::names::Kind;
use crate::nft::print::{Entries, PrintError, Style};
use crate::parallel;

/// A set or map, and where it stands among those of its table.
pub(super) struct WholeSet<'a> {
    pub at: usize,
    pub set: &'a Set,
}

impl WholeSet<'_> {
    pub(super) fn write(&self, table: &Table, out: &mut Entries, style: &Style) -> Result<(), PrintError> {
        if !self.is_long(style) {
            return out.set(&table.set(self.at, self.set));
        }
        let head = table.set_head(self.at, self.set);
        let kinds = out.kinds(&head);
        let mut list = out.open_set(&head)?;
        let place = Listed { key: &self.set.key, kinds: &kinds };
        let rows = &self.set.rows;
        let mut done = Ok(());
        let texts = |piece: Range<usize>| (piece.clone(), self.texts(piece, table, place, style));
        parallel::flow_pieces(rows.len(), texts, |(piece, texts)| match texts {
            Err(why) if done.is_ok() => done = Err(why),
            Err(_) => {}
            Ok(texts) => {
                for (row, text) in rows.get(piece).unwrap_or_default().iter().zip(texts.each()) {
                    out.begin_element(&mut list);
                    out.piece(text);
                    out.end_element(&mut list, is_rich(row));
                }
            }
        });
        done.map(|()| out.close_set())
    }

    /// The texts of some of its elements.
    fn texts(&self, rows: Range<usize>, table: &Table, place: Listed, style: &Style) -> Result<Texts, PrintError> {
        let mut out = Entries::new(&table.name, style, rows.len() * ELEMENT);
        let mut patterns = Patterns::new(place);
        let mut ends = Vec::with_capacity(rows.len());
        for row in self.set.rows.get(rows).unwrap_or_default() {
            if !write_lone(table, row, place, &mut out, style) && !patterns.write(table, row, &mut out, style) {
                out.element(&table.element(place.key, row), place.kinds)?;
            }
            ends.push(out.mark());
        }
        Ok(Texts { all: out.finish(), ends })
    }

    /// Whether its elements need several lines, whatever they are, and its head can be said without them.
    fn is_long(&self, style: &Style) -> bool {
        let head = matches!(self.set.data, SetData::None | SetData::Verdict);
        head && self.set.rows.len() > style.width && self.set.rows.iter().all(|row| row.carried().values.is_empty())
    }
}

/// Texts of elements, one behind the other, and where each ends.
struct Texts {
    all: Vec<u8>,
    ends: Vec<usize>,
}

impl Texts {
    fn each(&self) -> impl Iterator<Item = &[u8]> {
        let mut from = 0;
        self.ends.iter().map(move |&end| self.all.get(replace(&mut from, end)..end).unwrap_or_default())
    }
}

/// Whether the element carries more than its key, so that it has a line of its own.
fn is_rich(row: &SetRow) -> bool {
    let carried = row.carried();
    carried.verdict.is_some() || carried.comment.is_some()
}

/// Writes an element that is nothing but plain values of one field, as most of the longest sets are.
fn write_lone(table: &Table, row: &SetRow, place: Listed, out: &mut Entries, style: &Style) -> bool {
    let ([field], [Component::Interval(values)]) = (place.key, row.key.as_slice()) else { return false };
    if !row.is_bare() || !slots::is_plain(*field) {
        return false;
    }
    let mark = out.mark();
    let written = out.interval(*values, Kind::of_field(*field, table.family())).is_ok();
    debug_assert!(!written || printed(table, row, place, style) == out.since(mark), "{values:?}");
    if !written {
        out.take_back(mark);
    }
    written
}
