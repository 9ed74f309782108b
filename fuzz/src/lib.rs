//! What must hold of any bytes: never a panic, never a hang, and nothing printed that is not right.
//!
//! Each check is used by a fuzz target and by a test of a second (`tests/fuzz_smoke.rs`). `fuzz/run TARGET SECONDS`
//! runs a target with a stable toolchain. Invariant: a check fails by panicking, and by nothing else.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use ipt2nft::certify::certify;
use ipt2nft::diag::Source;
use ipt2nft::packet::Family;
use ipt2nft::prove::compare::Answer;
use ipt2nft::save::ipset as sets;
use ipt2nft::translate::{Options, translate};
use ipt2nft::{nft as language, save};

/// How long a proof may take before it stays undecided.
const PATIENCE: Duration = Duration::from_secs(2);

fn source(data: &[u8]) -> Option<Source> {
    Source::new(0, "fuzz", data.to_vec())
}

/// Rules that are kept as what they are like are those that are read whole. A dump that is read without errors is
/// printed in one form, which is read as the same.
pub fn dump(data: &[u8]) {
    let Some(text) = source(data) else { return };
    for family in [Family::Ip, Family::Ip6] {
        let parsed = save::parse(&text, Some(family));
        let (skimmed, said) = save::skim(&text, Some(family));
        assert_eq!(format!("{said:?}"), format!("{:?}", parsed.diagnostics), "the same is said");
        assert_eq!(format!("{:?}", skimmed.into_whole()), format!("{:?}", parsed.dump), "the same is read");
        if parsed.diagnostics.iter().any(|d| d.is_error()) {
            continue;
        }
        let printed = save::print::print(&parsed.dump);
        let again = source(&printed).map(|text| save::parse(&text, Some(family)));
        let again = again.map(|parsed| save::print::print(&parsed.dump));
        assert_eq!(again.as_deref(), Some(printed.as_slice()), "printing is canonical");
    }
}

/// Any text gives sets and problems.
pub fn ipset(data: &[u8]) {
    let _ = sets::parse(data);
}

/// Any text is read or refused, and what is read can be resolved or refused.
pub fn nft(data: &[u8]) {
    if let Ok(tree) = language::read::read("fuzz", data) {
        let _ = language::read::resolve(tree);
    }
}

/// Where a translation claims to be whole, its text can be read back, is not proved different, and is loaded by nft
/// where there is one (and root).
pub fn pipeline(data: &[u8]) {
    let Some(text) = source(data) else { return };
    let sources = [text];
    for family in [Family::Ip, Family::Ip6] {
        let translation = translate(&sources, &Options { family: Some(family), ..Options::default() });
        if translation.diagnostics.iter().any(|d| d.is_error()) {
            continue;
        }
        let style = language::print::Style::default();
        let printed = language::print::print(&translation.ruleset, &style).expect("what is whole can be printed");
        let certificate = certify(&sources, Some(family), &sets::Ipsets::default(), &printed, Some(PATIENCE))
            .expect("it can be read back");
        let shown = || String::from_utf8_lossy(&printed).into_owned();
        assert_ne!(certificate.report.answer(), Answer::Different, "{}", shown());
        if let Err(said) = load(&printed) {
            panic!("nft does not load it: {said}\n{}", shown());
        }
    }
}

/// Loads a ruleset in a namespace of its own. Fine where that cannot be tried, and where the kernel lacks something.
fn load(ruleset: &[u8]) -> Result<(), String> {
    let mut command = Command::new("unshare");
    command.args(["-n", "nft", "-f", "-"]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let Ok(mut child) = command.spawn() else { return Ok(()) };
    if let Some(mut input) = child.stdin.take() {
        let _ = input.write_all(ruleset);
    }
    let Ok(output) = child.wait_with_output() else { return Ok(()) };
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    // `dup .. device` asks for the interface, as the note above such a rule says.
    let elsewhere = ["unshare: ", "No such file or directory", "not supported", "Interface does not exist"];
    if output.status.success() || elsewhere.iter().any(|why| said.contains(why)) { Ok(()) } else { Err(said) }
}
