//! Lines of rules that are like others: their forms are learned at second sight.
//!
//! Invariant: each piece of lines learns by itself, so that what is learned does not depend on who was faster; forms
//! are numbered in the order of the pieces.

use rustc_hash::FxHashMap;

use super::lines::{Line, Within};
use crate::save::forms::cut::{Cut, Place};
use crate::save::forms::{Form, Like, Values, learn};
use crate::save::words::{self, Word};

/// What is known of forms.
#[derive(Debug, Default)]
pub struct Known {
    /// Keys of lines and their forms by number; `None` where lines of the key have to be read whole.
    numbers: FxHashMap<Box<[u8]>, Option<u32>>,
    /// How many forms there are.
    forms: u32,
}

/// What a piece of lines learned, in order. Its likes count these behind the forms that were known.
pub type Learned = Vec<(Box<[u8]>, Option<Form>)>;

/// How often lines with a key were seen in a piece.
enum Seen {
    Once,
    /// Their form by its number, when they have one.
    Twice(Option<u32>),
}

/// Reads the lines of one piece.
pub struct Likes<'a, 'k> {
    within: Within<'a, 'k>,
    known: &'k Known,
    /// Keys that were not.
    here: FxHashMap<Box<[u8]>, Seen>,
    /// The number of the next form.
    next: u32,
    learned: Learned,
    cut: Cut,
    words: Vec<Word<'a>>,
}

impl<'a, 'k> Likes<'a, 'k> {
    pub fn new(within: Within<'a, 'k>, known: &'k Known) -> Self {
        let (here, learned) = (FxHashMap::default(), Learned::new());
        Likes { within, known, here, next: known.forms, learned, cut: Cut::default(), words: Vec::new() }
    }

    /// The rule, when the line is like others before it.
    pub fn read(&mut self, line: Line) -> Option<Box<Like>> {
        let Within { source, family, table, chains, .. } = self.within;
        let place = Place { family, table, chains, start: line.span.start };
        self.cut.line(source.slice(line.span), place)?;
        let form = match self.known.numbers.get(self.cut.key.as_slice()) {
            Some(known) => (*known)?,
            None => self.learn(line)?,
        };
        let values = Values::from_slice(&self.cut.values);
        Some(Box::new(Like { form, chain: self.cut.chain, line: line.number, span: line.span, values }))
    }

    /// The number of the line's form, from its second sight on.
    fn learn(&mut self, line: Line) -> Option<u32> {
        match self.here.get(self.cut.key.as_slice()) {
            Some(Seen::Twice(number)) => return *number,
            Some(Seen::Once) => {}
            None => {
                self.here.insert(self.cut.key.as_slice().into(), Seen::Once);
                return None;
            }
        }
        let form = self.form(line);
        let number = form.is_some().then_some(self.next);
        self.next += u32::from(form.is_some());
        self.here.insert(self.cut.key.as_slice().into(), Seen::Twice(number));
        self.learned.push((self.cut.key.as_slice().into(), form));
        number
    }

    fn form(&mut self, line: Line) -> Option<Form> {
        let Within { source, family, table, .. } = self.within;
        words::split(source.slice(line.span), line.span.start as usize, &mut self.words).ok()?;
        let read = |words: &[Word]| self.within.with_stand_ins(line, words);
        learn::form(&self.words, &self.cut, (family, table), read)
    }

    pub fn learned(self) -> Learned {
        self.learned
    }
}

impl Known {
    /// Takes in the forms that a piece learned; answers their numbers among all.
    pub fn take_in(&mut self, learned: Learned, all: &mut Vec<Form>) -> Vec<u32> {
        let mut numbers = Vec::new();
        for (key, form) in learned {
            let has_one = form.is_some();
            let number = *self.numbers.entry(key).or_insert_with(|| {
                all.push(form?);
                Some(all.len() as u32 - 1)
            });
            if has_one {
                numbers.push(number.unwrap_or(u32::MAX));
            }
        }
        self.forms = all.len() as u32;
        numbers
    }
}
