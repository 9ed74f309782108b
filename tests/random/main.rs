//! Rulesets that nobody wrote: drawn, translated, loaded, proved, and run in the kernel against what they came from.
//!
//! A short run is a test. A long one is a command:
//!
//! ```text
//! IPT2NFT_RANDOM_SECONDS=1800 cargo test --release --test random -- --nocapture
//! ```
//!
//! `IPT2NFT_RANDOM_SEED` sets the first seed. What fails is made small and printed. Needs root, nft, ipset and
//! iptables-legacy-restore; says so and passes where they are missing.
#![cfg(target_os = "linux")]

mod draw;
mod dump;
mod fitting;
mod property;
mod shrink;
#[path = "../support/mod.rs"]
mod support;
mod values;
mod vocabulary;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ipt2nft::packet::Family;

use dump::Dump;
use fitting::{SIZE, dump_of, nfts, vocabulary};
use property::{Checked, Effort, Failure};
use support::nft::Nft;
use vocabulary::Vocabulary;

/// Questions that making a failing dump small may take.
const SHRINKS: usize = 400;

/// What a run did.
#[derive(Default)]
struct Tally {
    rulesets: usize,
    rules: usize,
    proved: usize,
    replayed: usize,
    packets: usize,
    bursts: usize,
    known: usize,
    unread: usize,
    slow: usize,
    /// Rules that each alone are fine and that do not go together, or that this kernel does not take: why, how often.
    set_aside: BTreeMap<String, usize>,
    /// How often each extension was used.
    uses: BTreeMap<String, usize>,
}

impl Tally {
    fn add(&mut self, dump: &Dump, checked: Checked) {
        self.rulesets += 1;
        self.rules += dump.rules();
        self.proved += checked.proved;
        self.replayed += usize::from(checked.packets > 0);
        self.packets += checked.packets;
        self.bursts += checked.bursts;
        self.known += usize::from(checked.known);
        self.unread += usize::from(checked.unread);
        self.slow += usize::from(checked.slow);
        let rules = dump.tables.iter().flat_map(|table| &table.chains).flat_map(|chain| &chain.rules);
        for name in rules.flat_map(|rule| &rule.0).map(|part| part.name.join(" ")) {
            *self.uses.entry(name).or_default() += 1;
        }
    }

    fn tell(&self) {
        println!(
            "{} rulesets of {} rules: {} translations loaded and proved; {} replayed with {} packets and {} bursts; \
             {} with a known difference, not replayed; {} that the prover does not read whole; {} that it takes too long for",
            self.rulesets,
            self.rules,
            self.proved,
            self.replayed,
            self.packets,
            self.bursts,
            self.known,
            self.unread,
            self.slow
        );
        for (why, count) in &self.set_aside {
            println!("  set aside {count}: {why}");
        }
    }
}

fn small(dump: &Dump, nfts: &[Nft], effort: Effort, failure: &Failure) -> Dump {
    let mut fails = |dump: &Dump| {
        if failure.kind != "refuse" && !property::refused(dump).is_empty() || property::legacy(dump).is_err() {
            return false;
        }
        property::check(dump, nfts, effort).is_err_and(|other| other.kind == failure.kind)
    };
    shrink::shrink(dump, SHRINKS, &mut fails)
}

/// How many rulesets the short run draws.
const SHORT_RUN: u64 = 16;

#[test]
fn random_rulesets_are_translated_proved_and_run_alike() {
    if !support::can_run(&["nft", "iptables-legacy-restore", "ip6tables-legacy-restore", "ipset"]) {
        return;
    }
    // By number where nothing is said, so that one machine tries what another does.
    let time = support::setting("IPT2NFT_RANDOM_SECONDS", 0);
    let goes_on = |done: u64, begin: Instant| match time {
        0 => done < SHORT_RUN,
        seconds => begin.elapsed() < Duration::from_secs(seconds),
    };
    let first = support::setting("IPT2NFT_RANDOM_SEED", 3);
    let packets = support::setting("IPT2NFT_RANDOM_PACKETS", 250) as usize;
    let nfts = nfts();
    let vocabularies = [Family::Ip, Family::Ip6].map(|family| (family, vocabulary(family, &nfts)));
    let mut tally = Tally::default();
    let mut failed: Vec<(u64, String)> = Vec::new();
    let begin = Instant::now();
    let mut seed = first;
    while seed == first || goes_on(seed - first, begin) {
        let effort = Effort { packets, seed };
        let aside = &mut |why| *tally.set_aside.entry(why).or_default() += 1;
        let dump = dump_of(seed, &vocabularies, aside);
        match property::check(&dump, &nfts, effort) {
            Ok(checked) => {
                if checked.slow {
                    println!("seed {seed}: the proof takes too long\n{dump}");
                }
                tally.add(&dump, checked);
            }
            Err(failure) => {
                let smallest = small(&dump, &nfts, effort, &failure);
                let failure = property::check(&smallest, &nfts, effort).err().unwrap_or(failure);
                println!("seed {seed}: {}\n{smallest}\n{}\n", failure.kind, failure.what);
                failed.push((seed, failure.kind.to_owned()));
            }
        }
        seed += 1;
    }
    tally.tell();
    println!("uses: {:?}", tally.uses);
    assert!(failed.is_empty(), "{} rulesets fail: {failed:?}", failed.len());
}

/// Dumps that failed once, each with a first line that says how.
#[test]
fn what_was_found_stays_mended() {
    if !support::can_run(&["nft", "iptables-legacy-restore", "ip6tables-legacy-restore", "ipset"]) {
        return;
    }
    let nfts = nfts();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/random/found");
    let mut failed = Vec::new();
    for file in std::fs::read_dir(folder).expect("a folder") {
        let path = file.expect("a file").path();
        let family = if path.extension().is_some_and(|end| end == "v6") { Family::Ip6 } else { Family::Ip };
        let text = std::fs::read_to_string(&path).expect("text");
        assert!(text.starts_with("# "), "{} says what was wrong", path.display());
        let effort = Effort { packets: 120, seed: 1 };
        match property::check_text(&text, family, &nfts, effort) {
            Ok(checked) if checked.slow => failed.push(format!("{}: the proof takes too long", path.display())),
            Ok(_) => {}
            Err(failure) => failed.push(format!("{}: {}: {}", path.display(), failure.kind, failure.what)),
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn a_seed_gives_one_dump() {
    let vocabulary = Vocabulary::new(Family::Ip);
    let draw = |seed| draw::draw(seed, Family::Ip, SIZE, &vocabulary, &mut |dump| property::refused(dump).is_empty());
    assert_eq!(draw(7), draw(7));
    assert_ne!(draw(7), draw(8));
}

#[test]
fn what_fails_is_made_small() {
    let vocabulary = Vocabulary::new(Family::Ip);
    let mut is_fit = |dump: &Dump| property::refused(dump).is_empty();
    let dump = draw::draw(3, Family::Ip, SIZE, &vocabulary, &mut is_fit);
    let chains = &dump.tables[0].chains;
    // A rule that leads nowhere else: all but its own chain can go.
    let leads = |rule: &str| chains.iter().any(|chain| rule.ends_with(&format!(" {}", chain.name)));
    let mut rules = chains.iter().flat_map(|chain| &chain.rules).map(ToString::to_string);
    let needle = rules.find(|rule| !leads(rule)).expect("a rule");
    let small = shrink::shrink(&dump, 1000, &mut |dump| dump.to_string().contains(&needle));
    assert_eq!((small.rules(), small.tables.len(), small.tables[0].chains.len()), (1, 1, 1), "{small}");
}
