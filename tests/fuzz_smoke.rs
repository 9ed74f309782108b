//! The checks of the fuzz targets on inputs made out of fixtures, for a second each: fuzzing itself is `fuzz/run`.

#[path = "../fuzz/src/lib.rs"]
mod fuzz;

use std::path::Path;
use std::time::{Duration, Instant};

use ipt2nft::kernel::Chance;

/// How long each check runs, and how long one input may take in a build without optimization.
const TIME: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(20);

/// Pieces that lead somewhere.
const PIECES: &[&str] = &[
    "\n",
    " ",
    "!",
    "\"",
    "\\",
    "\0",
    "\u{1b}[31m",
    "*filter\n",
    "COMMIT\n",
    ":x - [0:0]\n",
    "-A INPUT ",
    "-j x",
    "-g x",
    "-p tcp ",
    "-m tcp ",
    "--dport 0:65535 ",
    "/0",
    "-1",
    "4294967296",
    "99999999999999999999",
    "::",
    "{",
    "}",
    ";",
    "$a",
    "@s",
    "#",
    ",",
    "-",
    ":",
    "table ip t {",
    "chain c {",
    "jump c",
    "vmap { ",
    "add s 10.0.0.0/0",
    "create s hash:net\n",
];

fn seeds(folder: &str, ends: &[&str]) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut paths: Vec<_> = std::fs::read_dir(folder).expect("seeds").map(|f| f.expect("file").path()).collect();
    paths.retain(|path| ends.is_empty() || ends.iter().any(|end| path.extension().is_some_and(|e| e == *end)));
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).expect("a seed")).filter(|seed| seed.len() < 4000).collect()
}

/// A seed with a few changes: pieces put in, taken out, doubled, bytes flipped, another seed's end behind.
fn changed(chance: &mut Chance, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut text = seeds[chance.below(seeds.len())].clone();
    for _ in 0..=chance.below(4) {
        let at = chance.below(text.len() + 1);
        let end = (at + chance.below(40)).min(text.len());
        match chance.below(6) {
            0 => drop(text.splice(at..at, PIECES[chance.below(PIECES.len())].bytes())),
            1 => drop(text.drain(at..end)),
            2 => {
                let again = text[at..end].to_vec();
                text.splice(at..at, again);
            }
            3 if at < text.len() => text[at] ^= 1 << chance.below(8),
            4 => text.truncate(at),
            _ => {
                let other = &seeds[chance.below(seeds.len())];
                text.truncate(at);
                text.extend_from_slice(&other[chance.below(other.len() + 1)..]);
            }
        }
    }
    text
}

fn run(seed: u64, seeds: &[Vec<u8>], check: fn(&[u8])) {
    let mut chance = Chance::new(seed);
    let begin = Instant::now();
    let mut inputs = seeds.iter().cloned();
    let mut count = 0;
    while begin.elapsed() < TIME || count == 0 {
        let input = inputs.next().unwrap_or_else(|| changed(&mut chance, seeds));
        let started = Instant::now();
        let outcome = std::panic::catch_unwind(|| check(&input));
        assert!(outcome.is_ok(), "it fails with:\n{}", input.escape_ascii());
        assert!(started.elapsed() < PATIENCE, "it takes {:?} with:\n{}", started.elapsed(), input.escape_ascii());
        count += 1;
    }
    println!("{count} inputs");
}

#[test]
fn dumps() {
    run(1, &seeds("fixtures/translate", &["v4", "v6"]), fuzz::dump);
}

#[test]
fn ipsets() {
    run(2, &seeds("fuzz/seeds/ipset", &[]), fuzz::ipset);
}

#[test]
fn nft_texts() {
    run(3, &seeds("fixtures/translate", &["nft"]), fuzz::nft);
}

#[test]
fn whole_pipeline() {
    run(4, &seeds("tests/random/found", &[]), fuzz::pipeline);
}
