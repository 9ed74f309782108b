//! A form, learned from one of its lines.
//!
//! Invariant: a form is only made of a line that is read without anything to say about it, and whose values may be
//! others.

use std::borrow::Cow;

use super::cut::Cut;
use super::{Form, Kind, STAND_INS, is_asked_about, stand_in_address, stand_in_port};
use crate::packet::Family;
use crate::save::ast::{Rule, TableKind};
use crate::save::words::Word;

/// The form of a line with these words, which was cut so. `read` makes the tree of words.
pub fn form(
    words: &[Word],
    cut: &Cut,
    (family, table): (Family, TableKind),
    read: impl Fn(&[Word]) -> Option<Box<Rule>>,
) -> Option<Form> {
    let tree = |tree| read(&with_stand_ins(words, cut, tree)?);
    let trees = [tree(0)?, tree(1)?];
    let asked_about = trees[0].parts().any(|part| is_asked_about(part.extension.name));
    (!asked_about).then(|| Form { family, table, kinds: cut.kinds.clone(), trees })
}

/// The words with those that hold values put out for others.
fn with_stand_ins<'w>(words: &[Word<'w>], cut: &Cut, tree: usize) -> Option<Vec<Word<'w>>> {
    let mut words = words.to_vec();
    let stand_in: &'static str = STAND_INS.get(tree)?;
    if cut.own_chain {
        words.get_mut(1)?.text = Cow::Borrowed(stand_in.as_bytes());
    }
    let mut before = None;
    for (place, (&kind, &at)) in cut.kinds.iter().zip(&cut.words).enumerate() {
        let word = words.get_mut(at as usize)?;
        let text = match kind {
            Kind::Net(32) => stand_in_address(tree, place, 32).to_string(),
            Kind::Net(prefix) => format!("{}/{prefix}", stand_in_address(tree, place, prefix)),
            Kind::Port => stand_in_port(tree, place).to_string(),
            Kind::Chain | Kind::Comment => stand_in.to_owned(),
        };
        // `address:port` is two values in one word.
        word.text = match before == Some(at) {
            true => Cow::Owned([&*word.text, b":", text.as_bytes()].concat()),
            false => Cow::Owned(text.into_bytes()),
        };
        before = Some(at);
    }
    Some(words)
}

/// Whether the name stands in for that of a chain.
pub fn is_stand_in(name: &[u8]) -> bool {
    STAND_INS.iter().any(|stand_in| stand_in.as_bytes() == name)
}
