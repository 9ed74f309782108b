//! Lines of rules that are like others: their forms are learned at second sight.
//!
//! Invariant: each piece of lines learns by itself, so that what is learned does not depend on who was faster; forms
//! are numbered in the order of the pieces.

use rustc_hash::FxHashMap;

use super::lines::{Line, Within};
use crate::save::forms::cut::{Cut, Place};
use crate::save::forms::template::{Prefixes, Template, Templates};
use crate::save::forms::{Form, Like, Values, learn};
use crate::save::words::{self, Word};

/// What is known of forms.
#[derive(Debug, Default)]
pub struct Known {
    /// Keys of lines and their forms by number; `None` where lines of the key have to be read whole.
    numbers: FxHashMap<Box<[u8]>, Option<u32>>,
    templates: Templates,
    /// How many forms there are.
    forms: u32,
}

/// A key of lines, and the form and how its lines are recognised where they have one.
pub struct Lesson {
    key: Box<[u8]>,
    form: Option<Form>,
    template: Option<(Template, Prefixes)>,
}

/// What a piece of lines learned, in order. Its likes count these behind the forms that were known.
pub type Learned = Vec<Lesson>;

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
    /// Templates that were not; they are counted behind the others.
    templates: Templates,
    /// The number of the next form.
    next: u32,
    learned: Learned,
    guesses: Guesses,
    cut: Cut,
    words: Vec<Word<'a>>,
}

impl<'a, 'k> Likes<'a, 'k> {
    pub fn new(within: Within<'a, 'k>, known: &'k Known) -> Self {
        Likes {
            within,
            known,
            here: FxHashMap::default(),
            templates: Templates::default(),
            next: known.forms,
            learned: Learned::new(),
            guesses: Guesses::default(),
            cut: Cut::default(),
            words: Vec::new(),
        }
    }

    /// The rule, when the line is like others before it.
    pub fn read(&mut self, line: Line) -> Option<Like> {
        let form = match self.guess(line) {
            Some(form) => form,
            None => self.find(line)?,
        };
        let mut values = Values::default();
        values.iter_mut().zip(&self.cut.values).for_each(|(place, value)| *place = *value);
        Some(Like { form, chain: self.cut.chain, line: line.number, span: line.span, values })
    }

    /// The form of the line, if its template is one of those that came behind that of the line before.
    fn guess(&mut self, line: Line) -> Option<u32> {
        let (text, place) = (self.within.source.slice(line.span), self.place(line));
        let (at, form) = self.guesses.likely().into_iter().find_map(|at| {
            let form = match at.checked_sub(self.known.templates.count()) {
                None => self.known.templates.read(at, text, place, &mut self.cut),
                Some(here) => self.templates.read(here, text, place, &mut self.cut),
            };
            Some((at, form?))
        })?;
        debug_assert!(self.is_found(line, form));
        self.guesses.note(at);
        Some(form)
    }

    /// Whether cutting the line gives the same form and values.
    fn is_found(&self, line: Line, form: u32) -> bool {
        let mut cut = Cut::default();
        let found = cut.line(self.within.source.slice(line.span), self.place(line));
        let number = match (self.known.numbers.get(cut.key.as_slice()), self.here.get(cut.key.as_slice())) {
            (Some(number), _) | (_, Some(Seen::Twice(number))) => *number,
            _ => None,
        };
        let same = (cut.chain, cut.values.as_slice()) == (self.cut.chain, self.cut.values.as_slice());
        found.is_some() && number == Some(form) && same
    }

    /// The form of the line by its key.
    fn find(&mut self, line: Line) -> Option<u32> {
        self.cut.line(self.within.source.slice(line.span), self.place(line))?;
        let form = match self.known.numbers.get(self.cut.key.as_slice()) {
            Some(known) => *known,
            None => self.learn(line),
        }?;
        let here = || Some(self.known.templates.count() + self.templates.of_form(form)?);
        self.known.templates.of_form(form).or_else(here).into_iter().for_each(|at| self.guesses.note(at));
        Some(form)
    }

    fn place(&self, line: Line) -> Place<'k> {
        let Within { family, table, chains, .. } = self.within;
        Place { family, table, chains, start: line.span.start }
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
        let template = number.and_then(|number| self.template(line, number));
        self.next += u32::from(form.is_some());
        self.here.insert(self.cut.key.as_slice().into(), Seen::Twice(number));
        self.learned.push(Lesson { key: self.cut.key.as_slice().into(), form, template });
        number
    }

    /// How lines like this one are recognised, from now on if their template is not known but for other prefixes.
    fn template(&mut self, line: Line, form: u32) -> Option<(Template, Prefixes)> {
        let template = Template::of(self.within.source.slice(line.span), &self.cut, self.place(line))?;
        if !self.known.templates.contains(&template.0) {
            self.templates.add(template.clone(), form);
        }
        Some(template)
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

/// Which templates come behind which, by their numbers.
#[derive(Default)]
struct Guesses {
    /// For each the last two that came behind it.
    next: Vec<[usize; 2]>,
    last: usize,
}

impl Guesses {
    /// Those that the next line may have.
    fn likely(&self) -> [usize; 2] {
        self.next.get(self.last).copied().unwrap_or([self.last; 2])
    }

    /// Notes the one that a line has.
    fn note(&mut self, at: usize) {
        if self.last >= self.next.len() {
            self.next.extend((self.next.len()..=self.last).map(|at| [at; 2]));
        }
        if let Some([first, second]) = self.next.get_mut(self.last).filter(|next| next[0] != at) {
            (*first, *second) = (at, *first);
        }
        self.last = at;
    }
}

impl Known {
    /// Takes in the forms that a piece learned; answers their numbers among all.
    pub fn take_in(&mut self, learned: Learned, all: &mut Vec<Form>) -> Vec<u32> {
        let mut numbers = Vec::new();
        for Lesson { key, form, template } in learned {
            let has_one = form.is_some();
            let number = *self.numbers.entry(key).or_insert_with(|| {
                all.push(form?);
                let number = all.len() as u32 - 1;
                template.into_iter().for_each(|template| self.templates.add(template, number));
                Some(number)
            });
            if has_one {
                numbers.push(number.unwrap_or(u32::MAX));
            }
        }
        self.forms = all.len() as u32;
        numbers
    }
}
