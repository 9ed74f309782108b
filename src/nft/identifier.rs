//! Names that every nft takes for tables, chains, sets, maps and objects, and how to make one.
//!
//! Measured with 0.9.8, 1.0.6, 1.1.3 and 1.1.7: a letter, `_` or `.` first, then letters, digits and
//! `_ . / -`, at most 255 bytes, no keyword, and not `.` alone. (A few more strings pass because they
//! look like an address or a time; no rule could be made of those.)
//! Invariant: what `Renamer` hands out is legal, and distinct for distinct old names.

use std::collections::BTreeSet;

use bstr::{BStr, BString, ByteSlice};
use indexmap::IndexMap;
use thiserror::Error;

use super::keywords::is_keyword;
use super::quoted::all;

/// NFT_NAME_MAXLEN (`include/uapi/linux/netfilter/nf_tables.h`) less the final zero; Linux 4.14 and newer.
pub const MAX_LEN: usize = 255;

/// Why a string is no name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum WhyNotName {
    #[error("a name cannot be empty")]
    Empty,
    #[error("a name has at most {MAX_LEN} bytes, this has {0}")]
    TooLong(usize),
    #[error("a name cannot start with byte {0:#04x}")]
    Start(u8),
    #[error("a name cannot hold byte {0:#04x}")]
    Byte(u8),
    #[error("the word is a keyword of nft")]
    Keyword,
}

/// Whether every nft takes `name`.
///
/// # Errors
/// The first reason why not.
pub fn check_name(name: &[u8]) -> Result<(), WhyNotName> {
    let Some(&first) = name.first() else { return Err(WhyNotName::Empty) };
    if name.len() > MAX_LEN {
        return Err(WhyNotName::TooLong(name.len()));
    }
    if !may_start(first) || name == b"." {
        return Err(WhyNotName::Start(first));
    }
    if all(name, may_follow) {
        return if is_keyword(name) { Err(WhyNotName::Keyword) } else { Ok(()) };
    }
    let wrong = name.iter().copied().find(|byte| !may_follow(*byte));
    Err(WhyNotName::Byte(wrong.unwrap_or(first)))
}

const fn may_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'.')
}

/// Whether it may stand behind the first one.
#[inline]
const fn may_follow(byte: u8) -> bool {
    ((byte | 0x20).wrapping_sub(b'a') < 26) | (byte.wrapping_sub(b'-') <= b'9' - b'-') | (byte == b'_')
}

/// Maps names of one name space (the chains of a table, say) to legal and distinct ones.
///
/// Deterministic: the answer depends on the names asked for and on their order alone. Names that are
/// legal as they are should be [reserved](Renamer::reserve) first, so that no other is changed into one.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Renamer {
    new_names: IndexMap<BString, BString>,
    taken: BTreeSet<BString>,
}

impl Renamer {
    /// Keeps `name` as it is if it is legal and free; otherwise does nothing.
    pub fn reserve(&mut self, name: &BStr) {
        if check_name(name).is_ok() && !self.new_names.contains_key(name) && self.taken.insert(name.to_owned()) {
            self.new_names.insert(name.to_owned(), name.to_owned());
        }
    }

    /// The legal name of `old`; the same one each time.
    pub fn name(&mut self, old: &BStr) -> BString {
        if let Some(new) = self.new_names.get(old) {
            return new.clone();
        }
        let new = self.fresh(old);
        self.taken.insert(new.clone());
        self.new_names.insert(old.to_owned(), new.clone());
        new
    }

    /// Old and new name of everything that had to change, in the order first asked.
    pub fn renamed(&self) -> impl Iterator<Item = (&BStr, &BStr)> {
        self.new_names.iter().filter(|(old, new)| old != new).map(|(old, new)| (old.as_bstr(), new.as_bstr()))
    }

    fn fresh(&self, old: &BStr) -> BString {
        let base = legalize(old);
        if !self.taken.contains(&base) {
            return base;
        }
        let mut number = 2u64;
        loop {
            let suffix = format!("-{number}");
            let mut candidate = base.clone();
            candidate.truncate(MAX_LEN - suffix.len());
            candidate.extend_from_slice(suffix.as_bytes());
            if !self.taken.contains(&candidate) {
                return candidate;
            }
            number += 1;
        }
    }
}

/// The nearest legal name: other bytes become `_`, a keyword or a bad start gets a prefix.
fn legalize(old: &BStr) -> BString {
    let mut name: BString =
        old.iter().map(|&byte| if may_follow(byte) { byte } else { b'_' }).collect::<Vec<_>>().into();
    if name.first().is_none_or(|first| !may_start(*first)) || is_keyword(&name) || name == "." {
        name = [b"chain_", name.as_slice()].concat().into();
    }
    name.truncate(MAX_LEN);
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn legal_names() {
        for name in ["INPUT", "f2b-sshd", "KUBE-SVC-XYZ", "a.b/c", "_", "..", ".a", "Tcp"] {
            assert_eq!(check_name(name.as_bytes()), Ok(()), "{name}");
        }
        for (name, why) in [
            ("", WhyNotName::Empty),
            (".", WhyNotName::Start(b'.')),
            ("-a", WhyNotName::Start(b'-')),
            ("0a", WhyNotName::Start(b'0')),
            ("a b", WhyNotName::Byte(b' ')),
            ("a:b", WhyNotName::Byte(b':')),
            ("a\"b", WhyNotName::Byte(b'"')),
            ("a}b", WhyNotName::Byte(b'}')),
            ("log", WhyNotName::Keyword),
        ] {
            assert_eq!(check_name(name.as_bytes()), Err(why), "{name}");
        }
        assert_eq!(check_name(&[b'x'; 255]), Ok(()));
        assert_eq!(check_name(&[b'x'; 256]), Err(WhyNotName::TooLong(256)));
    }

    #[test]
    fn renames_are_legal_and_distinct() {
        let long = "x".repeat(300);
        let names = ["in_put", "in put", "in:put", "log", "chain_log", "", "9", "é", &long, &long[..299], "in_put"];
        let mut renamer = Renamer::default();
        for name in names {
            renamer.reserve(name.into());
        }
        let mut new: Vec<BString> = names.iter().map(|name| renamer.name((*name).into())).collect();
        assert_eq!(new.first(), new.last());
        for (old, expect) in [(0, "in_put"), (1, "in_put-2"), (2, "in_put-3"), (3, "chain_log-2"), (4, "chain_log")] {
            assert_eq!(new[old], expect);
        }
        assert!(new.iter().all(|name| check_name(name).is_ok()));
        new.pop();
        let count = new.len();
        new.sort();
        new.dedup();
        assert_eq!(new.len(), count);
        assert_eq!(renamer.renamed().count(), count - 2);
    }
}
