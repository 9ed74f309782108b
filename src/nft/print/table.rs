//! Tables and what stands in them.

use super::expr::not_understood;
use super::{PrintError, Printer, Why};
use crate::nft::ast::{Entry, Table, TableName};

impl<'a> Printer<'a> {
    pub(super) fn table(&mut self, table: &'a Table) -> Result<(), PrintError> {
        let place = format!("table {} {}", table.name.family.name(), table.name.name);
        self.enter(&table.name);
        self.table_head(table).map_err(|why| PrintError::new(why, place.clone()))?;
        for (index, entry) in table.entries.iter().enumerate() {
            // A comment belongs to what follows it.
            let after_comment = index.checked_sub(1).and_then(|before| table.entries.get(before));
            if index > 0 && !matches!(after_comment, Some(Entry::Comment(_))) {
                self.out.end_line();
            }
            self.entry(entry).map_err(|error| error.within(&place))?;
        }
        self.made_entries(table.entries.last())?;
        self.out.outdent();
        self.out.line("}");
        Ok(())
    }

    /// The entries that something else writes, behind the last one of the others.
    fn made_entries(&mut self, before: Option<&Entry>) -> Result<(), PrintError> {
        let Some(made) = self.made.next().filter(|made| made.any) else { return Ok(()) };
        if !matches!(before, None | Some(Entry::Comment(_))) {
            self.out.end_line();
        }
        (made.write)(&mut self.out)
    }

    /// Makes `name` the table at hand.
    pub(super) fn enter(&mut self, name: &'a TableName) {
        self.family = name.family;
        self.table = Some(name);
    }

    fn table_head(&mut self, table: &'a Table) -> Result<(), Why> {
        self.out.start_line();
        self.table_name("table", &table.name)?;
        self.out.put(" {");
        self.out.end_line();
        self.out.indent();
        self.comment_line(table.comment.as_ref())?;
        if table.flags.iter().any(|flag| flag.is_empty() || !flag.bytes().all(|byte| byte.is_ascii_lowercase())) {
            return Err(Why::Shape("a table flag that is no word"));
        }
        if !table.flags.is_empty() {
            self.out.line(format!("flags {}", table.flags.join(",")));
        }
        Ok(())
    }

    /// `words family name`.
    pub(super) fn table_name(&mut self, words: &str, name: &'a TableName) -> Result<(), Why> {
        self.out.put(format!("{words} {} ", name.family.name()));
        self.name(&name.name)
    }

    fn entry(&mut self, entry: &'a Entry) -> Result<(), PrintError> {
        match entry {
            Entry::Comment(note) => {
                self.notes(std::slice::from_ref(note));
                Ok(())
            }
            Entry::Chain(chain) => self.chain(chain),
            Entry::Set(set) => self.set(set).map_err(|why| PrintError::new(why, format!("set {}", set.name))),
            Entry::Object(object) => {
                self.object(object).map_err(|why| PrintError::new(why, format!("object {}", object.name)))
            }
            Entry::Opaque(opaque) => Err(PrintError::new(not_understood(opaque), format!("line {}", opaque.line))),
        }
    }
}
