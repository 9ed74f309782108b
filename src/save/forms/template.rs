//! Lines of forms as text: what stands between the values, so that the next line of a form is recognised by that.
//!
//! Invariant: what is read out of a line is what cutting the line gives ([`Cut::line`]); builds with debug assertions
//! look at each. A line that is not recognised may be of a form all the same.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::Kind;
use super::cut::{self, Cut, Place};
use crate::packet::Family;
use crate::save::ast::TableKind;

/// What lines have in common that differ by their values, and by the prefixes of networks.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Template {
    family: Family,
    table: TableKind,
    /// The chain that the rules stand in, when it is built in.
    chain: Option<Box<[u8]>>,
    /// The values, each with what stands before it, from behind the chain on.
    values: SmallVec<[(Box<[u8]>, Hole); 2]>,
    /// What stands behind the last one.
    end: Box<[u8]>,
}

/// A place where a value stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Hole {
    /// An address with its prefix, which is 32 where none is said.
    Network,
    Address,
    Port,
    Chain,
    /// Up to a quote, or up to a blank.
    Comment {
        in_quotes: bool,
    },
}

/// The prefixes of a line's networks, by which forms with one template differ.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub struct Prefixes(u64);

/// Networks whose prefixes fit.
const MOST: usize = 8;

/// Forms of a template that are looked through; lines of any others are not recognised.
const FEW: usize = 32;

/// Templates by number, and the forms of their lines.
#[derive(Debug, Default)]
pub struct Templates {
    all: Vec<(Template, Vec<(Prefixes, u32)>)>,
    numbers: FxHashMap<Template, usize>,
    of_forms: FxHashMap<u32, usize>,
}

impl Template {
    /// Of a line that was cut; `None` where it has more networks than any rule.
    pub fn of(line: &[u8], cut: &Cut, place: Place) -> Option<(Self, Prefixes)> {
        let (chain, mut rest) = cut::behind_chain(line)?;
        let mut values = SmallVec::new();
        let mut prefixes = Prefixes::default();
        for (&kind, &(start, end)) in cut.kinds.iter().zip(&cut.spans) {
            let before = line.get(line.len() - rest.len()..start as usize)?;
            let hole = match kind {
                Kind::Net(prefix) if before.ends_with(b"-s ") || before.ends_with(b"-d ") => {
                    prefixes = prefixes.and(prefix);
                    Hole::Network
                }
                Kind::Net(_) => Hole::Address,
                Kind::Port => Hole::Port,
                Kind::Chain => Hole::Chain,
                Kind::Comment => Hole::Comment { in_quotes: before.ends_with(b"\"") },
            };
            values.push((before.into(), hole));
            rest = line.get(end as usize..)?;
        }
        let chain = (!cut.own_chain).then(|| chain.into());
        let template = Template { family: place.family, table: place.table, chain, values, end: rest.into() };
        (template.values.len() <= MOST).then_some((template, prefixes))
    }

    /// The prefixes of a line of the template, whose chain and values are put into `cut`.
    fn read(&self, line: &[u8], place: Place, cut: &mut Cut) -> Option<Prefixes> {
        // Lines that follow each other mostly differ by what is done.
        if !line.ends_with(&self.end) || (self.family, self.table) != (place.family, place.table) {
            return None;
        }
        let (chain, mut rest) = cut::behind_chain(line)?;
        if self.chain.as_ref().is_some_and(|own| **own != *chain) {
            return None;
        }
        let mut prefixes = Prefixes::default();
        cut.values.clear();
        cut.kinds.clear();
        for (before, hole) in &self.values {
            rest = rest.strip_prefix(&**before)?;
            let (kind, value, behind) = match *hole {
                Hole::Network => {
                    let (value, prefix, behind) = cut::network(rest)?;
                    prefixes = prefixes.and(prefix);
                    (Kind::Net(prefix), value, behind)
                }
                Hole::Address => cut::host(rest).map(|(value, behind)| (Kind::Net(32), value, behind))?,
                Hole::Port => cut::port(rest).map(|(value, behind)| (Kind::Port, value, behind))?,
                Hole::Chain => cut::chain(rest, place.chains).map(|(value, behind)| (Kind::Chain, value, behind))?,
                Hole::Comment { in_quotes } => {
                    let at = place.start + (line.len() - rest.len()) as u32;
                    (Kind::Comment, at, cut::plain_comment(rest, in_quotes)?)
                }
            };
            cut.kinds.push(kind);
            cut.values.push(value);
            rest = behind;
        }
        cut.stand_in(chain, place.chains)?;
        let whole =
            *rest == *self.end && cut.own_chain == self.chain.is_none() && (cut.values.len() < 2 || cut.differ());
        whole.then_some(prefixes)
    }
}

impl Prefixes {
    /// With that of one network more.
    const fn and(self, prefix: u8) -> Self {
        Prefixes(self.0 << 8 | prefix as u64)
    }
}

impl Templates {
    /// How many there are.
    pub const fn count(&self) -> usize {
        self.all.len()
    }

    pub fn contains(&self, template: &Template) -> bool {
        self.numbers.contains_key(template)
    }

    /// The number of the template that lines of the form have.
    pub fn of_form(&self, form: u32) -> Option<usize> {
        self.of_forms.get(&form).copied()
    }

    /// Lines of the template with these prefixes have the form, unless they have another one.
    pub fn add(&mut self, (template, prefixes): (Template, Prefixes), form: u32) {
        let at = *self.numbers.entry(template).or_insert_with_key(|template| {
            self.all.push((template.clone(), Vec::new()));
            self.all.len() - 1
        });
        if let Some((_, forms)) = self.all.get_mut(at).filter(|(_, forms)| forms.len() < FEW) {
            forms.push((prefixes, form));
            self.of_forms.insert(form, at);
        }
    }

    /// The form of the line, when it has the template with this number; the line's chain and values are put into `cut`.
    pub fn read(&self, at: usize, line: &[u8], place: Place, cut: &mut Cut) -> Option<u32> {
        let (template, forms) = self.all.get(at)?;
        let prefixes = template.read(line, place, cut)?;
        forms.iter().find(|(known, _)| *known == prefixes).map(|(_, form)| *form)
    }
}
