//! Dumps that this machine's tools take, drawn from what its kernel has.

use std::collections::BTreeMap;

use ipt2nft::nft::version::Target;
use ipt2nft::packet::Family;

use crate::dump::Dump;
use crate::support;
use crate::support::nft::Nft;
use crate::vocabulary::{self, Vocabulary};
use crate::{draw, property};

/// Rules per table.
pub const SIZE: usize = 12;

/// The nft programs that are not too old for what is printed by default.
pub fn nfts() -> Vec<Nft> {
    let mut found = support::nft::programs();
    found.retain(|nft| nft.version >= Target::default().nft);
    found
}

/// What this machine can check: the extensions that its kernel has on both sides.
pub fn vocabulary(family: Family, nfts: &[Nft]) -> Vocabulary {
    let mut vocabulary = Vocabulary::new(family);
    let mut lacking = Vec::new();
    let mut asked: BTreeMap<&str, bool> = BTreeMap::new();
    let mut is_there = |found: &vocabulary::Use| {
        let name = found.extension.name;
        *asked.entry(name).or_insert_with(|| {
            let is_fit = &mut |dump: &Dump| property::refused(dump).is_empty();
            let there = draw::example(found, family, is_fit).is_none_or(|dump| {
                property::legacy(&dump).is_ok() && !nfts.iter().any(|nft| property::is_lacking(&dump, nft))
            });
            if !there {
                lacking.push(name);
            }
            there
        })
    };
    vocabulary.matches.retain(&mut is_there);
    vocabulary.targets.retain(&mut is_there);
    println!("not on this machine for {}: {lacking:?}", family.name());
    vocabulary
}

/// A dump of the seed that both the translator and the legacy tool take; `aside` is told why rules of it are left out:
/// each alone is fine and they do not go together, or this kernel does not take them.
pub fn dump_of(seed: u64, vocabularies: &[(Family, Vocabulary)], aside: &mut dyn FnMut(String)) -> Dump {
    let (family, vocabulary) = &vocabularies[seed as usize % vocabularies.len()];
    let mut is_fit = |dump: &Dump| property::refused(dump).is_empty();
    let mut dump = draw::draw(seed, *family, SIZE, vocabulary, &mut is_fit);
    let mut without = |dump: Dump, reasons: Vec<(u32, String)>| {
        let lines: Vec<u32> = reasons.iter().map(|(line, _)| *line).collect();
        reasons.into_iter().for_each(|(_, why)| aside(why));
        dump.without_lines(&lines)
    };
    // What is taken away may leave others without company: look again.
    loop {
        let refused: Vec<(u32, String)> =
            property::refused(&dump).into_iter().map(|(line, why)| (line.unwrap_or_default(), why)).collect();
        if refused.is_empty() {
            break;
        }
        let rules = dump.rules();
        dump = without(dump, refused);
        if dump.rules() == rules {
            // No rule is to blame: only the base chains stay.
            for table in &mut dump.tables {
                table.chains.retain(|chain| chain.policy.is_some());
                table.chains.iter_mut().for_each(|chain| chain.rules.clear());
            }
            break;
        }
    }
    if property::legacy(&dump).is_err() {
        let alone = dump.one_by_one().into_iter();
        let refused = alone.filter_map(|(line, one)| property::legacy(&one).err().map(|why| (line, why)));
        let refused = refused.map(|(line, why)| (line, format!("legacy: {why}: {}", rule_on(&dump, line)))).collect();
        dump = without(dump, refused);
    }
    dump
}

fn rule_on(dump: &Dump, line: u32) -> String {
    dump.to_string().lines().nth(line as usize - 1).unwrap_or_default().to_owned()
}
