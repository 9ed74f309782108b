//! Sets and maps, the long ones element by element.

use crate::emit::Table;
use crate::emit::pattern::{Listed, Patterns};
use crate::ir::{Set, SetData};
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
        let mut patterns = Patterns::new(Listed { key, kinds: &kinds });
        for row in &self.set.rows {
            out.begin_element(&mut list);
            if !patterns.write(table, row, out, style) {
                out.element(&table.element(key, row), &kinds)?;
            }
            out.end_element(&mut list, row.verdict.is_some() || row.comment.is_some());
        }
        out.close_set();
        Ok(())
    }

    /// Whether its elements need several lines, whatever they are, and its head can be said without them.
    fn is_long(&self, style: &Style) -> bool {
        let head = matches!(self.set.data, SetData::None | SetData::Verdict);
        head && self.set.rows.len() > style.width && self.set.rows.iter().all(|row| row.values.is_empty())
    }
}
