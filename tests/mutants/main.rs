//! Rulesets with one thing changed: the prover must see every change that the kernel sees.
//!
//! Each mutant of a translation is compared with the dump, by the prover and by packets in the running kernel, and so
//! is the translation with each mutant of the dump. A mutant that is called equivalent may show no differing packet;
//! the example of one that is called different is sent. What the kernel shows otherwise, or never, is printed:
//! `docs/semantics.md` says why that can be. A short run is a test. A long one is a command:
//!
//! ```text
//! IPT2NFT_MUTANTS_SECONDS=1800 cargo test --release --test mutants -- --nocapture
//! ```
//!
//! `IPT2NFT_MUTANTS_SEED` sets the first seed of random dumps; IPT2NFT_CORPUS adds a folder of real ones. Needs root,
//! nft, ipset and iptables-legacy-restore; says so and passes where they are missing.
#![cfg(target_os = "linux")]

#[path = "../random/draw.rs"]
mod draw;
#[path = "../random/dump.rs"]
mod dump;
mod edits;
#[path = "../random/fitting.rs"]
mod fitting;
mod judge;
mod lines;
#[path = "../random/property.rs"]
#[expect(dead_code, reason = "shared with the test of random dumps")]
mod property;
#[path = "../support/mod.rs"]
mod support;
#[path = "../random/values.rs"]
mod values;
mod variants;
#[path = "../random/vocabulary.rs"]
mod vocabulary;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ipt2nft::kernel::Chance;
use ipt2nft::packet::Family;

use judge::{Original, Score};
use support::dumps::{self, Dump};

/// Mutants that the short run tries: of the fixtures, of random dumps.
const SHORT_RUN: [usize; 2] = [24, 12];

/// Mutants to try of one original, in the order drawn: those of rare kinds are as likely as those of common ones.
fn mutants(original: &Original, chance: &mut Chance, most: usize) -> Vec<(String, judge::Mutant)> {
    let mut by_kind: BTreeMap<String, Vec<judge::Mutant>> = BTreeMap::new();
    for edit in edits::edits(&original.ruleset) {
        by_kind.entry(edit.kind.to_owned()).or_default().push(judge::Mutant::New(edit));
    }
    for (kind, text) in lines::mutants(&original.dump) {
        by_kind.entry(format!("{kind} of the dump")).or_default().push(judge::Mutant::Old(text));
    }
    let mut out = Vec::new();
    while out.len() < most && !by_kind.is_empty() {
        let at = chance.below(by_kind.len());
        let Some(kind) = by_kind.keys().nth(at).cloned() else { break };
        let Some(of_kind) = by_kind.get_mut(&kind) else { break };
        let at = chance.below(of_kind.len());
        out.push((kind.clone(), of_kind.swap_remove(at)));
        if of_kind.is_empty() {
            by_kind.remove(&kind);
        }
    }
    out
}

/// Tries mutants of each original by turns, until so many are tried, or until the time is over.
fn try_all(originals: &[Original], chance: &mut Chance, most: usize, until: Option<Instant>, score: &mut Score) {
    let each = most.div_ceil(originals.len().max(1));
    let mut left = most;
    for original in originals {
        for (kind, mutant) in mutants(original, chance, each) {
            if left == 0 || until.is_some_and(|until| Instant::now() > until) {
                return;
            }
            left -= usize::from(score.judge(original, &kind, &mutant));
        }
    }
}

fn originals(dumps: Vec<Dump>) -> Vec<Original> {
    dumps.into_iter().filter_map(|dump| Original::new(dump, None)).collect()
}

#[test]
fn every_change_that_the_kernel_sees_is_seen() {
    if !support::can_run(&["nft", "iptables-legacy-restore", "ip6tables-legacy-restore", "ipset"]) {
        return;
    }
    let time = support::setting("IPT2NFT_MUTANTS_SECONDS", 0);
    let first = support::setting("IPT2NFT_MUTANTS_SEED", 3);
    let mut chance = Chance::new(first);
    let mut score = Score::default();
    let begin = Instant::now();
    let until = (time > 0).then(|| begin + Duration::from_secs(time));
    let fixtures = originals(dumps::fixtures());
    let nfts = fitting::nfts();
    let vocabularies = [Family::Ip, Family::Ip6].map(|family| (family, fitting::vocabulary(family, &nfts)));
    let random = |seed| {
        let dump = fitting::dump_of(seed, &vocabularies, &mut |_| {});
        let (family, text) = (dump.family, dump.to_string().into_bytes());
        Original::new(Dump { name: format!("seed {seed}"), family, text }, Some(property::sets(family)))
    };
    match until {
        None => {
            try_all(&fixtures, &mut chance, SHORT_RUN[0], None, &mut score);
            let drawn: Vec<Original> = (first..first + 6).filter_map(random).collect();
            try_all(&drawn, &mut chance, SHORT_RUN[1], None, &mut score);
        }
        Some(end) => {
            let corpus = originals(dumps::corpus());
            let mut seed = first;
            while Instant::now() < end {
                try_all(&fixtures, &mut chance, fixtures.len(), until, &mut score);
                try_all(&corpus, &mut chance, corpus.len(), until, &mut score);
                let drawn: Vec<Original> = (seed..seed + 20).filter_map(random).collect();
                try_all(&drawn, &mut chance, 3 * drawn.len(), until, &mut score);
                seed += 20;
            }
        }
    }
    println!("{score}\n{:.0} s", begin.elapsed().as_secs_f64());
    assert!(
        score.wrong.is_empty(),
        "called equivalent, and the kernel shows a difference:\n{}",
        score.wrong.join("\n")
    );
    assert!(score.missed.is_empty() || time > 0, "undecided, and the kernel shows a difference");
    assert!(score.different() > 0 && score.shown * 2 >= score.different(), "too few examples show what they are for");
}
