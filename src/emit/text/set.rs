//! Sets and maps, the long ones element by element.

use crate::emit::Table;
use crate::emit::pattern::{Listed, Patterns, printed};
use crate::ir::{Component, Set, SetData, SetRow, slots};
use crate::nft::names::Kind;
use crate::nft::print::{Entries, PrintError, Style};

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
        let key = &self.set.key;
        let place = Listed { key, kinds: &kinds };
        let mut patterns = Patterns::new(place);
        for row in &self.set.rows {
            out.begin_element(&mut list);
            if !write_lone(table, row, place, out, style) && !patterns.write(table, row, out, style) {
                out.element(&table.element(key, row), &kinds)?;
            }
            let carried = row.carried();
            out.end_element(&mut list, carried.verdict.is_some() || carried.comment.is_some());
        }
        out.close_set();
        Ok(())
    }

    /// Whether its elements need several lines, whatever they are, and its head can be said without them.
    fn is_long(&self, style: &Style) -> bool {
        let head = matches!(self.set.data, SetData::None | SetData::Verdict);
        head && self.set.rows.len() > style.width && self.set.rows.iter().all(|row| row.carried().values.is_empty())
    }
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
