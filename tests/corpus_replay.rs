//! Whole dumps through the running kernel: each dump against its translation, packet by packet.
//!
//! Every `.v4` and `.v6` of `fixtures/translate`, and of the folder that `IPT2NFT_CORPUS` names, is told in a line of its
//! own. A long run, which takes minutes:
//!
//! ```text
//! IPT2NFT_CORPUS=DIR IPT2NFT_PACKETS=1500 cargo test --test corpus_replay -- --nocapture
//! ```
//!
//! `IPT2NFT_CORPUS_ONLY` takes the dumps whose names hold a word. Needs root, nft and iptables-legacy-restore; says so
//! and passes where they are missing.
#![cfg(target_os = "linux")]

mod support;

use std::time::Duration;

use ipt2nft::certify::certify;
use ipt2nft::diag::Source;
use ipt2nft::kernel::{self, Kind, LoadError, ReplayError, Ruleset, SideError};
use ipt2nft::nft::print::{Style, print};
use ipt2nft::save::ipset::Ipsets;
use ipt2nft::translate::{Options, translate};
use support::dumps::{self, Dump};
use support::told;

/// What became of a dump.
enum Fate {
    /// The kernel did the same with all packets and bursts.
    Same(kernel::Report),
    /// It did not, and `docs/semantics.md` says why.
    Known(&'static str, kernel::Report),
    Different(kernel::Report),
    /// Not translated as a whole, so there is nothing to replay.
    Refused,
    /// The dump is not for iptables as it stands: `iptables-legacy-restore` says no.
    NotRestored(String),
    /// The kernel lacks what the translation asks for.
    Lacking(String),
    Failed(String),
}

impl Fate {
    fn told(&self) -> (&'static str, String) {
        let sent = |report: &kernel::Report| {
            let kernel::Report { packets, bursts, seconds, .. } = report;
            format!("{packets} packets, {bursts} bursts, {seconds:.1} s")
        };
        match self {
            Fate::Same(report) => ("the same", sent(report)),
            Fate::Known(why, report) => ("known difference", format!("{why}\n{report}")),
            Fate::Different(report) => ("DIFFERENT", format!("\n{report}")),
            Fate::Refused => ("not translated", String::new()),
            Fate::NotRestored(said) => ("not restored", said.clone()),
            Fate::Lacking(said) => ("not in this kernel", said.clone()),
            Fate::Failed(said) => ("FAILED", said.clone()),
        }
    }

    const fn is_wrong(&self) -> bool {
        matches!(self, Fate::Different(_) | Fate::Failed(_))
    }
}

fn dumps() -> Vec<Dump> {
    let only = std::env::var("IPT2NFT_CORPUS_ONLY").unwrap_or_default();
    let all = dumps::fixtures().into_iter().chain(dumps::corpus());
    all.filter(|dump| dump.name.contains(&only)).collect()
}

fn fate(Dump { family, text, .. }: &Dump, packets: usize) -> Fate {
    let family = *family;
    let sources = [Source::new(0, "dump", text.clone()).unwrap()];
    let translation = translate(&sources, &Options { family: Some(family), ..Options::default() });
    if translation.diagnostics.iter().any(|d| d.is_error()) {
        return Fate::Refused;
    }
    let printed = print(&translation.ruleset, &Style::default()).unwrap();
    let patience = Some(Duration::from_secs(30));
    let known = certify(&sources, Some(family), &Ipsets::default(), &printed, patience).unwrap().known;
    let text = String::from_utf8_lossy(text).into_owned();
    let why = match known {
        Some(_) => Some("a SYN without an MSS option"),
        None => text.contains("-m connlimit").then_some("which packets connlimit counts"),
    };
    let new = Ruleset { text: String::from_utf8(printed).unwrap(), kind: Kind::Nft, ipset: None };
    let old = Ruleset { text: text.clone(), kind: Kind::Save(family), ipset: None };
    let options = kernel::Options { packets, bursting: 8, ..kernel::Options::default() };
    match (kernel::replay(&old, &new, &options, &mut |_| {}), why) {
        (Ok(report), _) if report.is_equal() => Fate::Same(report),
        (Ok(report), Some(why)) => Fate::Known(why, report),
        (Ok(report), None) if told::type_of_link_local(&text, &report) => {
            Fate::Known("the type of a link-local address", report)
        }
        (Ok(report), None) => Fate::Different(report),
        (Err(ReplayError::Old(SideError::Load(LoadError::Refused(_, said)))), _) => {
            Fate::NotRestored(first_line(&said))
        }
        (Err(ReplayError::New(SideError::Load(LoadError::Refused(_, said)))), _)
            if ["No such file", "not supported"].iter().any(|why| said.contains(why)) =>
        {
            Fate::Lacking(first_line(&said))
        }
        (Err(error), _) => Fate::Failed(error.to_string()),
    }
}

fn first_line(said: &str) -> String {
    said.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn dumps_do_the_same_to_packets() {
    if !support::can_run(&["nft", "iptables-legacy-restore", "ip6tables-legacy-restore"]) {
        return;
    }
    let packets = support::packets(60);
    let mut sums = std::collections::BTreeMap::<&str, usize>::new();
    let (mut sent, mut bursts, mut wrong) = (0, 0, Vec::new());
    for dump in dumps() {
        let fate = fate(&dump, packets);
        let (word, details) = fate.told();
        println!("{}: {word}: {details}", dump.name);
        *sums.entry(word).or_default() += 1;
        if let Fate::Same(report) | Fate::Known(_, report) | Fate::Different(report) = &fate {
            (sent, bursts) = (sent + report.packets, bursts + report.bursts);
        }
        if fate.is_wrong() {
            wrong.push(dump.name);
        }
    }
    println!("{sent} packets and {bursts} bursts sent through both sides");
    sums.iter().for_each(|(word, count)| println!("  {word}: {count}"));
    assert!(wrong.is_empty(), "{wrong:?}");
}
