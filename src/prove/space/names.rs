//! Interface names: strings, divided into the classes that two rulesets can tell apart.
//!
//! Classes are numbered so that the names matched by a wildcard are neighbours: class 0 is the missing
//! interface, whose name is empty; each exact name is a class; each wildcard `p*` is the class of the
//! names that begin with `p` and are in no longer class; `*` is everything else.

use std::collections::BTreeSet;

use crate::packet::{Interval, IntervalSet};

/// The name of an interface, or what names begin with.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Class {
    text: Vec<u8>,
    /// Sorts before exact names: `p*` stands before everything that begins with `p`.
    exact: bool,
}

/// The classes of names, sorted.
#[derive(Clone, Debug)]
pub struct Names {
    classes: Vec<Class>,
}

impl Names {
    /// Classes for all names and wildcards (text before the `*`) that rules mention.
    pub fn new(mentioned: impl IntoIterator<Item = (Vec<u8>, bool)>) -> Self {
        let mut classes: BTreeSet<Class> =
            mentioned.into_iter().map(|(text, wildcard)| Class { text, exact: !wildcard }).collect();
        classes.insert(Class { text: Vec::new(), exact: false });
        classes.remove(&Class { text: Vec::new(), exact: true });
        Names { classes: classes.into_iter().collect() }
    }

    /// The number of classes, the missing interface among them.
    pub fn len(&self) -> usize {
        self.classes.len() + 1
    }

    /// Never: there is always the missing interface.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Bits that hold the number of a class.
    pub fn width(&self) -> u32 {
        usize::BITS - (self.len() - 1).leading_zeros()
    }

    /// The classes of the name `text`, or with `wildcard` of all names that begin with it.
    ///
    /// The name must be among those the classes were made for; a name that is not matches nothing.
    /// The empty name is the missing interface; the empty wildcard matches that, too.
    pub fn classes(&self, text: &[u8], wildcard: bool) -> IntervalSet {
        if text.is_empty() {
            return if wildcard { IntervalSet::range(0, self.classes.len() as u128) } else { IntervalSet::point(0) };
        }
        let hits = self.classes.iter().zip(1u128..).filter(|(class, _)| {
            if wildcard { class.text.starts_with(text) } else { class.exact && class.text == text }
        });
        hits.map(|(_, number)| Interval::point(number)).collect()
    }

    /// A name of the class, for people: `eth0`, `eth*` or an empty string.
    pub fn describe(&self, class: u128) -> String {
        let at = usize::try_from(class).ok().and_then(|class| class.checked_sub(1));
        match at.and_then(|at| self.classes.get(at)) {
            Some(class) => format!("{}{}", String::from_utf8_lossy(&class.text), if class.exact { "" } else { "*" }),
            None => String::new(),
        }
    }
    /// A name that belongs to the class and to no longer one: `eth0` for itself, `eth1` for `eth*`.
    pub fn example(&self, class: u128) -> String {
        let at = usize::try_from(class).ok().and_then(|class| class.checked_sub(1));
        let Some(found) = at.and_then(|at| self.classes.get(at)) else { return String::new() };
        let stem = if found.text.is_empty() { b"if".as_slice() } else { &found.text };
        let fits = |name: &Vec<u8>| {
            self.classes
                .iter()
                .filter(|c| c.exact && c.text == *name || !c.exact && name.starts_with(&c.text))
                .all(|c| !c.exact && c.text.len() <= found.text.len())
        };
        let name = if found.exact {
            Some(found.text.clone())
        } else {
            (0..1000).map(|n| [stem, n.to_string().as_bytes()].concat()).find(fits)
        };
        String::from_utf8_lossy(&name.unwrap_or_else(|| stem.to_vec())).into_owned()
    }
    /// Whether a set of classes can be written as names and wildcards: with each wildcard it has all that begins so.
    pub fn is_whole(&self, classes: &IntervalSet) -> bool {
        self.classes.iter().zip(1u128..).filter(|(_, number)| classes.contains(*number)).all(|(class, _)| {
            class.exact || !class.text.is_empty() && self.classes(&class.text, true).is_subset(classes)
        })
    }
}
