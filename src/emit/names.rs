//! Names that nft takes, for chains, sets and objects of a table.
//!
//! Invariant: names are unique per table and kind, and a legal name that clashes with nothing is
//! kept as it is.

use std::borrow::Cow;
use std::hash::BuildHasher;
use std::sync::LazyLock;

use bstr::{BStr, BString, ByteSlice};
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use crate::ir::{self, ChainId, ObjectId, SetId};
use crate::nft::identifier::check_name;
use crate::parallel;

/// The names chosen for one table, by index; those that the table gives are borrowed.
#[derive(Debug, Default)]
pub struct Names<'a> {
    chains: Vec<Cow<'a, BString>>,
    sets: Vec<Cow<'a, BString>>,
    objects: Vec<Cow<'a, BString>>,
}

/// A chain of the dump that had to be called something else.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Renamed {
    pub table: BString,
    pub from: BString,
    pub to: BString,
}

impl<'a> Names<'a> {
    /// Chooses names for everything in a table.
    pub fn choose(table: &'a ir::Table) -> Self {
        let chains = table.chains.iter().map(|chain| &chain.name).collect();
        let sets = table.sets.iter().map(|set| &set.name).collect();
        let objects = table.objects.iter().map(|object| &object.name).collect();
        Names { chains: legal_and_unique(chains), sets: legal_and_unique(sets), objects: legal_and_unique(objects) }
    }

    pub fn chain(&self, id: ChainId) -> &BString {
        self.chains.get(id.0 as usize).map(Cow::as_ref).unwrap_or_else(|| name_of_stand_in(id))
    }

    /// A chain of no table, whose name is as long as that of any other of these, for rules that are printed to see where
    /// the names of their chains stand.
    pub(crate) const fn stand_in(number: usize) -> ChainId {
        ChainId(u32::MAX - number as u32)
    }

    pub fn set(&self, id: SetId) -> BString {
        self.sets.get(id.0 as usize).cloned().unwrap_or_default().into_owned()
    }

    pub fn object(&self, id: ObjectId) -> BString {
        self.objects.get(id.0 as usize).cloned().unwrap_or_default().into_owned()
    }

    /// The dump's chains whose names changed.
    pub fn renamed(&self, table: &ir::Table) -> Vec<Renamed> {
        let renamed = |(chain, to): (&ir::Chain, &Cow<BString>)| match to {
            Cow::Owned(to) if !chain.helper => {
                Some(Renamed { table: table.name.clone(), from: chain.name.clone(), to: to.clone() })
            }
            _ => None,
        };
        table.chains.iter().zip(&self.chains).filter_map(renamed).collect()
    }
}

fn name_of_stand_in(id: ChainId) -> &'static BString {
    const COUNT: u32 = 48;
    static NAMES: LazyLock<Vec<BString>> =
        LazyLock::new(|| (0..COUNT).map(|number| format!("s-{number:02}").into()).collect());
    static NONE: BString = BString::new(Vec::new());
    NAMES.get((u32::MAX - id.0) as usize).unwrap_or(&NONE)
}

fn is_legal(name: &[u8]) -> bool {
    check_name(name).is_ok()
}

/// Names that are legal as they are go first, so that no other can take them.
fn legal_and_unique(wanted: Vec<&BString>) -> Vec<Cow<'_, BString>> {
    if are_legal_and_unique(&wanted) {
        return wanted.into_iter().map(Cow::Borrowed).collect();
    }
    let mut taken = Taken::default();
    taken.kept.reserve(wanted.len());
    let kept: Vec<bool> = wanted.iter().map(|name| is_legal(name) && taken.kept.insert(name.as_bstr())).collect();
    let settled = wanted.into_iter().zip(kept);
    settled.map(|(name, kept)| if kept { Cow::Borrowed(name) } else { Cow::Owned(invent(name, &mut taken)) }).collect()
}

/// Whether all are legal and no two have the same hash, as most often is so: then there is nothing to choose.
fn are_legal_and_unique(wanted: &[&BString]) -> bool {
    let hash = |at: usize| wanted.get(at).filter(|name| is_legal(name)).map(|name| FxBuildHasher.hash_one(name));
    let mut seen = FxHashSet::with_capacity_and_hasher(wanted.len(), FxBuildHasher);
    parallel::numbers(wanted.len(), hash).into_iter().all(|hash| hash.is_some_and(|hash: u64| seen.insert(hash)))
}

/// The names that are given to something.
#[derive(Default)]
struct Taken<'a> {
    kept: FxHashSet<&'a BStr>,
    invented: FxHashSet<BString>,
    /// The next numbers to try.
    numbers: FxHashMap<String, u32>,
}

impl Taken<'_> {
    fn has(&self, name: &BString) -> bool {
        self.kept.contains(name.as_bstr()) || self.invented.contains(name)
    }
}

/// A legal name that still resembles the wanted one.
fn invent(name: &[u8], taken: &mut Taken) -> BString {
    const MOST: usize = 100;
    let mut base = String::from_utf8_lossy(name).chars().take(MOST).map(legal_char).collect::<String>();
    if !base.starts_with(|c: char| c.is_ascii_alphabetic()) {
        base.insert_str(0, "chain_");
    }
    let mut number = taken.numbers.get(&base).copied().unwrap_or(1);
    let numbered = std::iter::repeat_with(|| {
        number += 1;
        format!("{base}_{number}")
    });
    let candidates = [base.clone(), format!("{base}_chain")].into_iter().chain(numbered);
    let is_free = |c: &BString| is_legal(c) && !taken.has(c);
    let chosen = candidates.map(BString::from).find(is_free).unwrap_or_else(|| base.as_str().into());
    taken.numbers.insert(base, number);
    taken.invented.insert(chosen.clone());
    chosen
}

const fn legal_char(c: char) -> char {
    if c.is_ascii_alphanumeric() || matches!(c, '_' | '-') { c } else { '_' }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(names: &[&str]) -> Vec<String> {
        let names: Vec<BString> = names.iter().map(|n| BString::from(*n)).collect();
        legal_and_unique(names.iter().collect()).iter().map(|n| n.to_string()).collect()
    }

    #[test]
    fn names_are_kept_made_legal_and_kept_apart() {
        assert_eq!(chosen(&["INPUT", "f2b-sshd", "KUBE-SVC-X"]), ["INPUT", "f2b-sshd", "KUBE-SVC-X"]);
        assert_eq!(chosen(&["reject"]), ["reject_chain"]);
        assert_eq!(chosen(&["a b", "a_b", "a;b"]), ["a_b_chain", "a_b", "a_b_2"]);
        assert_eq!(chosen(&["x } table ip evil {"]), ["x___table_ip_evil__"]);
        assert_eq!(chosen(&["1st"]), ["chain_1st"]);
    }
}
