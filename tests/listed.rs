//! A dump means what it means: itself, printed back, translated at each level, and listed by nft.
//!
//! Each translation is loaded by every nft at hand, listed in every way that nft lists, and the listing proved
//! against the dump. The fixtures, and the real dumps in the folder that `IPT2NFT_CORPUS` names. A version that does
//! not load a text is passed over, since the text is for a newer one; the system's own must load every fixture.

mod support;

use std::collections::BTreeMap;
use std::time::Duration;

use clap::ValueEnum;
use ipt2nft::certify::certify;
use ipt2nft::diag::Source;
use ipt2nft::nft::print::{Style, print};
use ipt2nft::optimize::Level;
use ipt2nft::prove::compare::{self, Answer, Report};
use ipt2nft::prove::save_meaning::SaveRules;
use ipt2nft::report::proof::{Sides, text};
use ipt2nft::save::{self, ipset::Ipsets};
use ipt2nft::translate::{Options, translate};
use support::dumps::{self, Dump};
use support::nft;

const TIME: Option<Duration> = Some(Duration::from_secs(20));
/// How a ruleset can be listed: as it is, without state, with numbers.
const MODES: [&str; 3] = ["list ruleset", "-s list ruleset", "-n list ruleset"];

fn told(report: &Report) -> String {
    let sides = Sides { old: "the dump", new: "the other", rule: &|_, _, _| None };
    text(report, sides).chars().take(600).collect()
}

/// Whether the prover says itself that it does not know an extension of the dump.
fn is_unread(report: &Report) -> bool {
    let doubts = report.bases.iter().flat_map(|base| &base.outcome.doubts).map(|doubt| &doubt.why);
    report.answer() == Answer::Undecided && doubts.chain(&report.stopped).any(|why| why.starts_with("the extension "))
}

/// Whether nothing is in doubt but what listings of nft do not tell (docs/semantics.md).
fn is_lost(report: &Report) -> bool {
    let mut doubts = report.bases.iter().flat_map(|base| &base.outcome.doubts);
    let untold = |why: &str| {
        why.starts_with("`fib .. oif 1`") || why.starts_with("a date, which nft lists") || why.contains("rt unknown ")
    };
    report.stopped.is_empty() && doubts.all(|doubt| untold(&doubt.why))
}

#[test]
fn dumps_mean_what_they_mean() {
    let (mut wrong, mut same, mut unread) = (Vec::new(), 0, Vec::new());
    for dump in dumps::fixtures().into_iter().chain(dumps::corpus()) {
        let parsed = save::parse(&dump.source(), Some(dump.family));
        if parsed.diagnostics.iter().any(|d| d.is_error()) {
            continue;
        }
        let printed = Source::new(0, "printed", save::print::print(&parsed.dump)).unwrap();
        let printed = save::parse(&printed, Some(dump.family)).dump;
        let options = compare::Options { families: vec![dump.family], time: TIME, ..compare::Options::default() };
        for (other, what) in [(&parsed.dump, "itself"), (&printed, "what was printed back")] {
            let report = compare::compare(&SaveRules(&parsed.dump), &SaveRules(other), &options);
            match report.answer() {
                Answer::Equivalent => same += 1,
                _ if is_unread(&report) => unread.push(dump.name.clone()),
                _ => wrong.push(format!("{} is not {what}:\n{}", dump.name, told(&report))),
            }
        }
    }
    println!("{same} times the same; not read whole: {unread:?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The dump's translation for any nft, and whether the prover takes it for the same; nothing where it is refused.
fn translated(dump: &Dump, level: Level) -> Option<Result<Vec<u8>, String>> {
    let source = dump.source();
    let mut options = Options { family: Some(dump.family), ..Options::default() };
    options.merge.level = level;
    let translation = translate(std::slice::from_ref(&source), &options);
    if translation.diagnostics.iter().any(|d| d.is_error()) {
        return None;
    }
    let printed = print(&translation.ruleset, &Style::default()).unwrap();
    Some(proved(dump, &printed).map(|()| printed))
}

fn proved(dump: &Dump, text: &[u8]) -> Result<(), String> {
    let proof = certify(&[dump.source()], Some(dump.family), &Ipsets::default(), text, TIME);
    let report = proof.map_err(|why| why.to_string())?.report;
    match report.answer() {
        Answer::Equivalent => Ok(()),
        Answer::Undecided if is_unread(&report) || is_lost(&report) => Ok(()),
        _ => Err(told(&report)),
    }
}

/// How often what was listed, and how often a version could not load it.
#[derive(Default)]
struct Tally {
    translated: BTreeMap<&'static str, usize>,
    listed: BTreeMap<String, usize>,
    refused: BTreeMap<String, usize>,
    wrong: Vec<String>,
}

impl Tally {
    /// Loads once, lists in all modes, and proves each listing.
    fn list(&mut self, dump: &Dump, level: Level, printed: &[u8], nft: &nft::Nft) {
        // What `--version` says stands between the listings.
        let outcome = nft.run(&format!("-f FILE\n{}", MODES.join("\n--version\n")), printed);
        let count = if outcome.ok { &mut self.listed } else { &mut self.refused };
        *count.entry(nft.version.to_string()).or_default() += 1;
        if !outcome.ok {
            return;
        }
        let text = String::from_utf8_lossy(&outcome.stdout);
        let mut listings = vec![String::new()];
        for line in text.lines() {
            match listings.last_mut().filter(|_| !line.starts_with("nftables v")) {
                Some(listing) => listing.extend([line, "\n"]),
                None => listings.push(String::new()),
            }
        }
        assert_eq!(listings.len(), MODES.len());
        listings.dedup();
        for listing in &listings {
            if let Err(why) = proved(dump, listing.as_bytes()) {
                self.wrong.push(format!("{}, --merge {level:?}, nft {}:\n{why}", dump.name, nft.version));
            }
        }
    }
}

#[test]
fn listings_mean_what_was_loaded() {
    let programs = nft::programs();
    let mut tally = Tally::default();
    let (fixtures, corpus) = (dumps::fixtures(), dumps::corpus());
    let many = fixtures.len();
    for (number, dump) in fixtures.iter().chain(&corpus).enumerate() {
        for (turn, level) in Level::value_variants().iter().enumerate() {
            let printed = match translated(dump, *level) {
                None => continue,
                Some(Err(why)) => {
                    tally.wrong.push(format!("{}, --merge {level:?}: {why}", dump.name));
                    continue;
                }
                Some(Ok(printed)) => printed,
            };
            *tally.translated.entry(if number < many { "fixtures" } else { "real dumps" }).or_default() += 1;
            // What is merged most by all versions; the other levels take turns.
            for (version, nft) in programs.iter().enumerate() {
                if *level == Level::default() || (number + turn) % programs.len() == version {
                    tally.list(dump, *level, &printed, nft);
                }
            }
        }
    }
    let Tally { translated, listed, refused, wrong } = tally;
    println!("translations proved: {translated:?}; loaded, listed and proved: {listed:?}; not loaded: {refused:?}");
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    let system = programs.iter().find(|nft| nft.version == ipt2nft::nft::version::Target::default().nft);
    let refused = system.and_then(|nft| refused.get(&nft.version.to_string()));
    assert!(!corpus.is_empty() || refused.is_none(), "fixtures that the default target does not load");
}
