//! Names that nft takes, for chains, sets and objects of a table.
//!
//! Invariant: names are unique per table and kind, and a legal name that clashes with nothing is
//! kept as it is.

use std::borrow::Cow;
use std::sync::LazyLock;

use bstr::BString;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::ir::{self, ChainId, ObjectId, SetId};
use crate::nft::identifier::check_name;

/// The names chosen for one table, by index.
#[derive(Debug, Default)]
pub struct Names {
    chains: Vec<BString>,
    sets: Vec<BString>,
    objects: Vec<BString>,
}

/// A chain of the dump that had to be called something else.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Renamed {
    pub table: BString,
    pub from: BString,
    pub to: BString,
}

impl Names {
    /// Chooses names for everything in a table.
    pub fn choose(table: &ir::Table) -> Self {
        let chains: Vec<&BString> = table.chains.iter().map(|c| &c.name).collect();
        let sets: Vec<&BString> = table.sets.iter().map(|s| &s.name).collect();
        let objects: Vec<&BString> = table.objects.iter().map(|o| &o.name).collect();
        Names { chains: legal_and_unique(&chains), sets: legal_and_unique(&sets), objects: legal_and_unique(&objects) }
    }

    pub fn chain(&self, id: ChainId) -> &BString {
        self.chains.get(id.0 as usize).unwrap_or_else(|| name_of_stand_in(id))
    }

    /// A chain of no table, whose name is as long as that of any other of these, for rules that are printed to see where
    /// the names of their chains stand.
    pub(crate) const fn stand_in(number: usize) -> ChainId {
        ChainId(u32::MAX - number as u32)
    }

    pub fn set(&self, id: SetId) -> BString {
        self.sets.get(id.0 as usize).cloned().unwrap_or_default()
    }

    pub fn object(&self, id: ObjectId) -> BString {
        self.objects.get(id.0 as usize).cloned().unwrap_or_default()
    }

    /// The dump's chains whose names changed.
    pub fn renamed(&self, table: &ir::Table) -> Vec<Renamed> {
        let chains = table.chains.iter().zip(&self.chains);
        chains
            .filter(|(chain, to)| !chain.helper && chain.name != **to)
            .map(|(chain, to)| Renamed { table: table.name.clone(), from: chain.name.clone(), to: to.clone() })
            .collect()
    }
}

fn name_of_stand_in(id: ChainId) -> &'static BString {
    const COUNT: u32 = 24;
    static NAMES: LazyLock<Vec<BString>> =
        LazyLock::new(|| (0..COUNT).map(|number| format!("stand-in-{number:02}").into()).collect());
    static NONE: BString = BString::new(Vec::new());
    NAMES.get((u32::MAX - id.0) as usize).unwrap_or(&NONE)
}

fn is_legal(name: &[u8]) -> bool {
    check_name(name).is_ok()
}

/// Names that are legal as they are go first, so that no other can take them.
fn legal_and_unique(wanted: &[&BString]) -> Vec<BString> {
    let mut taken: FxHashSet<Cow<BString>> = FxHashSet::default();
    taken.reserve(wanted.len());
    let mut numbers = FxHashMap::default();
    let kept: Vec<bool> = wanted.iter().map(|name| is_legal(name) && taken.insert(Cow::Borrowed(name))).collect();
    let settled = wanted.iter().zip(kept);
    settled.map(|(name, kept)| if kept { (*name).clone() } else { invent(name, &mut taken, &mut numbers) }).collect()
}

/// A legal name that still resembles the wanted one; `numbers` are the next ones to try.
fn invent(name: &[u8], taken: &mut FxHashSet<Cow<BString>>, numbers: &mut FxHashMap<String, u32>) -> BString {
    const MOST: usize = 100;
    let mut base = String::from_utf8_lossy(name).chars().take(MOST).map(legal_char).collect::<String>();
    if !base.starts_with(|c: char| c.is_ascii_alphabetic()) {
        base.insert_str(0, "chain_");
    }
    let number = numbers.entry(base.clone()).or_insert(1);
    let numbered = std::iter::repeat_with(|| {
        *number += 1;
        format!("{base}_{number}")
    });
    let candidates = [base.clone(), format!("{base}_chain")].into_iter().chain(numbered);
    let is_free = |c: &BString| is_legal(c) && !taken.contains(c);
    let chosen = candidates.map(BString::from).find(is_free).unwrap_or_else(|| base.into());
    taken.insert(Cow::Owned(chosen.clone()));
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
        let refs: Vec<&BString> = names.iter().collect();
        legal_and_unique(&refs).iter().map(|n| n.to_string()).collect()
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
