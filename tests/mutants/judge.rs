//! What the prover says about a mutant, and what the kernel shows.

use std::fmt;
use std::time::Duration;

use ipt2nft::certify::certify;
use ipt2nft::diag::Source;
use ipt2nft::kernel::{self, Kind, Packet, Ruleset};
use ipt2nft::nft::ast;
use ipt2nft::nft::print::{Style, print};
use ipt2nft::optimize::Level;
use ipt2nft::packet::Family;
use ipt2nft::prove::compare::{Answer, Report};
use ipt2nft::report::proof::{self, Sides};
use ipt2nft::save::ipset::Ipsets;
use ipt2nft::translate::translate;

use crate::edits::Edit;
use crate::property;
use crate::support::dumps::Dump;
use crate::support::proof::examples;

/// How long the proof of one family may take.
const PATIENCE: Option<Duration> = Some(Duration::from_secs(10));
/// Packets that are sent where no example is, or where it shows nothing.
const PACKETS: usize = 300;
/// Longer texts take too long in the kernel to be tried many times.
const LONGEST: usize = 200_000;

/// A dump whose translation is proved the same.
pub struct Original {
    name: String,
    family: Family,
    pub dump: String,
    pub ruleset: ast::Ruleset,
    nft: String,
    ipset: Option<String>,
    ipsets: Ipsets,
}

/// One side with one thing changed.
pub enum Mutant {
    /// The dump, as text.
    Old(String),
    /// The translation.
    New(Edit),
}

impl Original {
    /// `None` where the dump is refused, or is not the same but for known differences. `ipset`: the sets it names.
    pub fn new(dump: Dump, ipset: Option<String>) -> Option<Self> {
        let text = String::from_utf8(dump.text).ok().filter(|text| text.len() < LONGEST)?;
        let source = Source::new(0, &dump.name, text.clone().into_bytes())?;
        let mut options = property::options(dump.family, Level::default());
        if ipset.is_none() {
            options.lower.ipsets = Ipsets::default();
        }
        let ipsets = options.lower.ipsets.clone();
        let translation = translate(&[source], &options);
        let nft = property::text(&translation).ok()?;
        // Connections that were there before are counted differently (docs/semantics.md).
        let is_known = text.contains("-m connlimit");
        let ipset = ipset.filter(|_| text.contains("-set "));
        let ruleset = translation.ruleset;
        let original = Original { name: dump.name, family: dump.family, dump: text, ruleset, nft, ipset, ipsets };
        let certificate = original.prove(&original.dump, &original.nft)?;
        (!is_known && certificate.0.answer() == Answer::Equivalent && !certificate.1).then_some(original)
    }

    /// The comparison, and whether a known difference was left out.
    fn prove(&self, dump: &str, nft: &str) -> Option<(Report, bool)> {
        let source = Source::new(0, "the dump", dump.as_bytes().to_vec())?;
        let proof = certify(&[source], Some(self.family), &self.ipsets, nft.as_bytes(), PATIENCE).ok()?;
        Some((proof.report, proof.known.is_some()))
    }

    /// Whether the kernel treats packets differently; `None` where it does not load one of the two.
    fn replayed(&self, dump: &str, nft: &str, witnesses: Vec<Packet>, packets: usize) -> Option<kernel::Report> {
        let old = Ruleset { text: dump.to_owned(), kind: Kind::Save(self.family), ipset: self.ipset.clone() };
        let new = Ruleset { text: nft.to_owned(), kind: Kind::Nft, ipset: None };
        let bursting = if packets == 0 { 0 } else { 8 };
        let packets = packets.max(witnesses.len());
        let options = kernel::Options { packets, bursting, witnesses, enough: 1, ..kernel::Options::default() };
        kernel::replay(&old, &new, &options, &mut |_| {}).ok()
    }
}

/// Whether both sides did the same, in another order.
fn is_order_alone(difference: &kernel::Difference) -> bool {
    let sorted = |events: &[kernel::Event]| {
        let mut told: Vec<String> = events.iter().map(|event| format!("{event:?}")).collect();
        told.sort_unstable();
        told
    };
    sorted(&difference.old) == sorted(&difference.new)
}

/// Texts are told apart from each other by the lines that differ, which are few.
const SIDES: Sides = Sides { old: "the dump", new: "the output", rule: &|_, _, _| None };

/// How the tries came out.
#[derive(Default)]
pub struct Score {
    /// Not loaded by nft or iptables, or not another text at all.
    refused: usize,
    equivalent: usize,
    undecided: usize,
    /// Called different, and the example is treated differently.
    pub shown: usize,
    /// Called different, and packets drawn for the rules are.
    otherwise: Vec<String>,
    /// Called different, and no packet shows it.
    never: Vec<String>,
    /// Undecided, and the kernel shows a difference.
    pub missed: Vec<String>,
    /// Called equivalent, and the kernel shows a difference.
    pub wrong: Vec<String>,
}

impl Score {
    /// Tries a mutant; whether it could be loaded.
    pub fn judge(&mut self, original: &Original, kind: &str, mutant: &Mutant) -> bool {
        let changed = |edit: &Edit| String::from_utf8(print(&edit.of(&original.ruleset), &Style::default()).ok()?).ok();
        let (dump, nft) = match mutant {
            Mutant::Old(dump) => (dump.clone(), Some(original.nft.clone())),
            Mutant::New(edit) => (original.dump.clone(), changed(edit)),
        };
        let nft = nft.filter(|nft| dump != original.dump || *nft != original.nft);
        let proof = nft.as_ref().and_then(|nft| original.prove(&dump, nft));
        let (Some(nft), Some((report, _))) = (nft, proof) else {
            self.refused += 1;
            return false;
        };
        let what = || {
            let line =
                |new: &str, old: &str| new.lines().find(|line| !old.contains(line)).map(|line| line.trim().to_owned());
            let line = line(&nft, &original.nft).or_else(|| line(&dump, &original.dump)).unwrap_or_default();
            format!("{}: {kind}: {line}", original.name)
        };
        self.compare(original, [&dump, &nft], &report, &what)
    }

    fn compare(
        &mut self,
        original: &Original,
        [dump, nft]: [&str; 2],
        report: &Report,
        what: &dyn Fn() -> String,
    ) -> bool {
        let answer = report.answer();
        let examples = if answer == Answer::Different { examples(report) } else { Vec::new() };
        if !examples.is_empty() {
            let Some(replayed) = original.replayed(dump, nft, examples, 0) else {
                self.refused += 1;
                return false;
            };
            if !replayed.is_equal() {
                self.shown += 1;
                return true;
            }
        }
        let Some(seen) = original.replayed(dump, nft, Vec::new(), PACKETS) else {
            self.refused += 1;
            return false;
        };
        // By chance, one side may seldom do what the other does: seen once more, in other packets' company.
        let again = |old: &kernel::Report| {
            let witnesses = old.differences.iter().map(|difference| difference.case.packet.clone()).collect();
            original.replayed(dump, nft, witnesses, 0).is_some_and(|report| !report.is_equal())
        };
        let is_equal = seen.is_equal() || seen.differences.iter().all(|d| !d.always) && !again(&seen);
        let whole = || format!("{}\n{seen}\n{}\n{dump}\n{nft}", what(), proof::text(report, SIDES));
        match (answer, is_equal) {
            (Answer::Equivalent, true) => self.equivalent += 1,
            // `docs/semantics.md`: the order of log lines is not compared.
            (Answer::Equivalent, false) if seen.differences.iter().all(is_order_alone) => self.equivalent += 1,
            (Answer::Undecided, true) => self.undecided += 1,
            (Answer::Equivalent, false) => self.wrong.push(whole()),
            (Answer::Undecided, false) => self.missed.push(what()),
            (Answer::Different, true) => self.never.push(what()),
            (Answer::Different, false) => self.otherwise.push(what()),
        }
        true
    }

    /// How many are called different.
    pub fn different(&self) -> usize {
        self.shown + self.otherwise.len() + self.never.len()
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Score { refused, equivalent, undecided, shown, otherwise, never, missed, wrong } = self;
        for (how, which) in [
            ("another packet than the example shows it", otherwise),
            ("no packet shows it", never),
            ("undecided, and the kernel shows a difference", missed),
        ] {
            which.iter().try_for_each(|one| writeln!(f, "{how}: {one}"))?;
        }
        write!(
            f,
            "{} mutants called different: {shown} shown by the example, {} by another packet, {} by none; \
             {} called equivalent, {} of them wrongly; {} undecided, {} of them different; {refused} not loaded",
            self.different(),
            otherwise.len(),
            never.len(),
            equivalent + wrong.len(),
            wrong.len(),
            undecided + missed.len(),
            missed.len(),
        )
    }
}
