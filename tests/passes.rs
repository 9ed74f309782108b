//! After every pass the output still means what the dump means.
//!
//! Each dump is translated rule for rule; then pass after pass runs, and whenever one did something its
//! result is emitted, printed, read again and compared with the dump. Dumps are those of
//! `fixtures/translate`, and of the folder that IPT2NFT_CORPUS names.

mod support;

use std::time::Duration;

use ipt2nft::certify::certify;
use ipt2nft::diag::Source;
use ipt2nft::nft::ast::Ruleset;
use ipt2nft::nft::version::Target;
use ipt2nft::optimize::{self, Level, PASSES};
use ipt2nft::prove::compare::Answer;
use ipt2nft::save::ipset::Ipsets;
use ipt2nft::translate::{Options, translate};
use ipt2nft::{emit, report};
use libtest_mimic::{Arguments, Failed, Trial};
use support::dumps::{self, Dump};

/// Dumps of more bytes take the prover of a test build too long; `ipt2nft` itself proves them.
const MOST_BYTES: usize = 30_000;

/// Time for one comparison.
const TIME: Duration = Duration::from_secs(20);

fn main() {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(2);
    let mut trials = Vec::new();
    for dump in dumps::fixtures().into_iter().chain(dumps::corpus()) {
        if dump.text.len() > MOST_BYTES {
            println!("skipped: {} is longer than {MOST_BYTES} bytes", dump.name);
            continue;
        }
        for (target, level) in [("debian12", Level::Full), ("debian12", Level::Safe), ("debian11", Level::Full)] {
            let name = format!("{} {target} {level:?}", dump.name);
            let dump = dump.clone();
            let test = move || check(&dump, target, level).map_err(Failed::from);
            trials.push(Trial::test(name, test));
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn check(dump: &Dump, target: &str, level: Level) -> Result<(), String> {
    let source = dump.source();
    let target: Target = target.parse().map_err(|e| format!("{e}"))?;
    let mut options = Options::default();
    options.lower.target = target;
    options.merge = optimize::Options { level: Level::None, target, ..optimize::Options::default() };
    options.explain = true;
    let translation = translate(std::slice::from_ref(&source), &options);
    if translation.diagnostics.iter().any(|d| d.is_error()) {
        println!("skipped: {} cannot be translated whole", dump.name);
        return Ok(());
    }
    options.merge.level = level;
    let mut rules = translation.explained.ok_or("nothing explains the result")?.after;
    let mut before = prove(&source, &translation.ruleset, "rule for rule")?;
    for pass in PASSES.iter().filter(|pass| pass.level <= level) {
        let mut merged = Vec::new();
        optimize::run_pass(pass, &mut rules, &options.merge, Some(&mut merged));
        if merged.is_empty() {
            continue;
        }
        let answer = prove(&source, &emit::emit(&rules, &options.emit).ruleset, pass.name)?;
        if answer == Answer::Undecided && before != Answer::Undecided {
            return Err(format!("after {} the proof finds no answer, before it did", pass.name));
        }
        before = answer;
    }
    Ok(())
}

/// The answer, or what differs.
fn prove(source: &Source, ruleset: &Ruleset, after: &str) -> Result<Answer, String> {
    let style = ipt2nft::nft::print::Style::default();
    let text = ipt2nft::nft::print::print(ruleset, &style).map_err(|e| format!("after {after}: {e}"))?;
    let certificate = certify(std::slice::from_ref(source), None, &Ipsets::default(), &text, Some(TIME));
    let certificate = certificate.map_err(|e| format!("after {after}: {e}"))?;
    let answer = certificate.report.answer();
    if answer != Answer::Different {
        return Ok(answer);
    }
    let sides = report::proof::Sides { old: "the dump", new: "the output", rule: &|_, _, _| None };
    let what = report::proof::text(&certificate.report, sides);
    Err(format!("after {after}:\n{what}\n{}", String::from_utf8_lossy(&text)))
}
