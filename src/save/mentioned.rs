//! Which matches and targets rules name, found in one look at all of them.
//!
//! Most questions about a whole table concern a few extensions, and a long dump names none of those.

use super::ast::{Document, Item, Rule, Table};
use super::ext::Extension;
use super::forms::{Entry, Forms};
use crate::parallel;

/// The extensions that some rules name, each once.
#[derive(Clone, Debug, Default)]
pub struct Mentioned(Vec<&'static Extension>);

impl Mentioned {
    /// By the rules of a table.
    pub fn in_table(table: &Table<Entry>, forms: &Forms) -> Self {
        let items = |piece| table.items.get(piece).unwrap_or_default();
        Mentioned::of_all(&parallel::pieces(table.items.len(), |piece| Mentioned::in_items(items(piece), forms)))
    }

    /// By the rules of all tables.
    pub fn in_document(document: &Document) -> Self {
        let mut found = Mentioned::default();
        document.tables.iter().flat_map(|table| table.rules()).for_each(|rule| found.add_rule(rule));
        found
    }

    fn in_items(items: &[Item<Entry>], forms: &Forms) -> Self {
        let mut found = Mentioned::default();
        let mut used = vec![false; forms.all.len()];
        for item in items {
            match item {
                Item::Rule(Entry::Whole(rule)) => found.add_rule(rule),
                Item::Rule(Entry::Like(like)) => {
                    if let Some(used) = used.get_mut(like.form as usize) {
                        *used = true;
                    }
                }
                Item::Chain(_) | Item::Comment(_) => {}
            }
        }
        let used = used.into_iter().zip(&forms.all).filter(|(used, _)| *used);
        used.for_each(|(_, form)| found.add_rule(&form.trees[0]));
        found
    }

    fn add_rule(&mut self, rule: &Rule) {
        rule.parts().for_each(|part| self.add(part.extension));
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
