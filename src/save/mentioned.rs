//! Which matches and targets rules name, found in one look at all of them.
//!
//! Most questions about a whole table concern a few extensions, and a long dump names none of those.

use super::ast::{Document, Item, Table};
use super::ext::Extension;
use crate::parallel;

/// Lines that one processor looks at in one go.
const PIECE: usize = 4096;

/// The extensions that some rules name, each once.
#[derive(Clone, Debug, Default)]
pub struct Mentioned(Vec<&'static Extension>);

impl Mentioned {
    /// By the rules of a table.
    pub fn in_table(table: &Table) -> Self {
        Mentioned::of_all(&parallel::map(table.items.chunks(PIECE).collect(), Mentioned::in_items))
    }

    /// By the rules of all tables.
    pub fn in_document(document: &Document) -> Self {
        Mentioned::of_all(&document.tables.iter().map(Mentioned::in_table).collect::<Vec<_>>())
    }

    fn in_items(items: &[Item]) -> Self {
        let mut found = Mentioned::default();
        let rules = items.iter().filter_map(Item::as_rule);
        rules.flat_map(|rule| rule.parts()).for_each(|part| found.add(part.extension));
        found
    }

    fn add(&mut self, extension: &'static Extension) {
        if !self.0.iter().any(|known| std::ptr::eq(*known, extension)) {
            self.0.push(extension);
        }
    }

    /// All of them together.
    pub fn of_all(many: &[Mentioned]) -> Self {
        let mut all = Mentioned::default();
        many.iter().flat_map(|one| &one.0).for_each(|extension| all.add(extension));
        all
    }

    /// Whether one of them has such a name.
    pub fn any(&self, such: impl Fn(&str) -> bool) -> bool {
        self.0.iter().any(|extension| such(extension.name))
    }
}
