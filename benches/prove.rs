//! How long proofs take and what they need, as the dump grows: `cargo bench --bench prove`.
//!
//! A line per shape and size: rules, seconds of the proof alone (reading the dump and the output again
//! included), the peak memory of the whole process, and how much longer it took than for a tenth of the
//! size: 10 is linear. Each runs in a process of its own. With `IPT2NFT_CORPUS`, also the median and the
//! longest of the dumps in that folder.

mod shapes;
#[path = "../tests/support/mod.rs"]
mod support;

use std::process::Command;
use std::time::{Duration, Instant};

use ipt2nft::certify::certify;
use ipt2nft::diag::Source;
use ipt2nft::nft::print::{Style, print};
use ipt2nft::prove::compare::Answer;
use ipt2nft::save::ipset::Ipsets;
use ipt2nft::translate::{Options, translate};

use support::dumps::{self, Dump};

/// Shapes, and how many rules each has per unit of size.
const SHAPES: [(&str, u32); 4] = [("kube", 11), ("block", 1), ("ports", 1), ("fail2ban", 1)];
const RULES: [u32; 3] = [1_000, 10_000, 100_000];

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if let [_, one, name, size] = args.as_slice()
        && one == "one"
    {
        let size = size.parse().expect("a size");
        println!("{}", measured(&shapes::shape(name, size).expect("a shape")));
        return;
    }
    println!("{:10} {:>9} {:>10} {:>10} {:>7}  answer", "shape", "rules", "proof s", "peak MiB", "growth");
    for (name, per_unit) in SHAPES {
        let mut last: Option<f64> = None;
        for rules in RULES {
            last = line(name, rules / per_unit, last);
        }
    }
    let corpus = dumps::corpus();
    if !corpus.is_empty() {
        corpus_times(&corpus);
    }
}

/// Prints one measurement; the seconds it took.
fn line(name: &str, size: u32, last: Option<f64>) -> Option<f64> {
    let own = std::env::current_exe().expect("this program");
    let output = Command::new(own).args(["one", name, &size.to_string()]).output().expect("started");
    let text = String::from_utf8_lossy(&output.stdout);
    let [rules, seconds, peak, answer] = text.split_whitespace().collect::<Vec<_>>()[..] else {
        println!("{name:10} {size:>9} failed: {}", output.status);
        return None;
    };
    let seconds: f64 = seconds.parse().expect("seconds");
    let growth = last.map_or("-".to_owned(), |last| format!("{:.1}", seconds / last));
    println!("{name:10} {rules:>9} {seconds:>10.3} {peak:>10} {growth:>7}  {answer}");
    Some(seconds)
}

/// Rules, seconds, MiB and the answer.
fn measured(dump: &str) -> String {
    let (seconds, answer) = proof(dump.as_bytes()).expect("a dump that can be translated");
    let rules = dump.lines().filter(|line| line.starts_with("-A")).count();
    format!("{rules} {} {} {answer:?}", seconds.as_secs_f64(), peak().map_or("-".to_owned(), |mib| mib.to_string()))
}

/// How long it takes to prove the translation of a dump; `None` where there is none.
fn proof(dump: &[u8]) -> Option<(Duration, Answer)> {
    let sources = [Source::new(0, "dump", dump.to_vec())?];
    let translation = translate(&sources, &Options::default());
    if translation.diagnostics.iter().any(|d| d.is_error()) {
        return None;
    }
    let text = print(&translation.ruleset, &Style::default()).ok()?;
    drop(translation);
    let start = Instant::now();
    let certificate = certify(&sources, None, &Ipsets::default(), &text, None).ok()?;
    Some((start.elapsed(), certificate.report.answer()))
}

/// The most memory that this process has had, where the system tells.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1024)
}

fn corpus_times(corpus: &[Dump]) {
    let mut times: Vec<Duration> = corpus.iter().filter_map(|dump| proof(&dump.text)).map(|(time, _)| time).collect();
    times.sort_unstable();
    let shown =
        |time: Option<&Duration>| time.map_or("-".to_owned(), |time| format!("{:.1}", time.as_secs_f64() * 1000.0));
    let (median, longest) = (shown(times.get(times.len() / 2)), shown(times.last()));
    println!("corpus: {} proofs, median {median} ms, longest {longest} ms", times.len());
}
