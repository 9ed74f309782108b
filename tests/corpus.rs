//! Whole dumps: the fixtures, and the real ones in the folder that `IPT2NFT_CORPUS` names.
//!
//! Whatever the legacy tool restores is read, printed back without a change of meaning, and translated or
//! refused with a place, a reason and a next step; no translation is known to be wrong, and each loads on
//! every nft at hand, twice.

mod support;

use std::time::Duration;

use ipt2nft::certify::certify;
use ipt2nft::diag::{Diagnostic, Source, Trouble};
use ipt2nft::lower;
use ipt2nft::nft::print::{Style, print};
use ipt2nft::nft::version::Target;
use ipt2nft::optimize;
use ipt2nft::packet::Family;
use ipt2nft::prove::compare::Answer;
use ipt2nft::save::{self, ipset::Ipsets};
use ipt2nft::translate::{Options, translate};
use support::dumps::{self, Dump};
use support::nft;

/// What the legacy tool saves after restoring the text; `None` where it refuses.
fn saved(family: Family, text: &[u8]) -> Option<Vec<String>> {
    let tool = if family == Family::Ip6 { "ip6tables" } else { "iptables" };
    let script = format!("{tool}-legacy-restore && {tool}-legacy-save");
    let output = support::in_namespace("sh", &["-c", &script], text);
    let text = String::from_utf8_lossy(&output.stdout);
    let lines = text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned);
    output.status.success().then(|| lines.collect())
}

fn dumps() -> Vec<Dump> {
    let mut all = dumps::fixtures();
    all.extend(dumps::corpus());
    all
}

fn can_restore() -> bool {
    support::can_run(&["iptables-legacy-restore", "ip6tables-legacy-restore"])
}

fn options(dump: &Dump, target: Target) -> Options {
    Options {
        family: Some(dump.family),
        lower: lower::Options { target, ..lower::Options::default() },
        merge: optimize::Options { target, ..optimize::Options::default() },
        ..Options::default()
    }
}

fn errors(diagnostics: &[Diagnostic]) -> impl Iterator<Item = &Diagnostic> {
    diagnostics.iter().filter(|diagnostic| diagnostic.is_error())
}

#[test]
fn dumps_are_translated_or_refused_well() {
    let programs = nft::programs();
    let (mut wrong, mut whole, mut refused, mut unread) = (Vec::new(), 0, 0, 0);
    for dump in dumps() {
        let source = [dump.source()];
        let options = options(&dump, Target::default());
        let translation = translate(&source, &options);
        let unreadable = errors(&translation.diagnostics).any(|d| d.trouble == Trouble::Unreadable);
        for error in errors(&translation.diagnostics) {
            if error.trouble == Trouble::Untranslatable && error.help.is_empty() {
                wrong.push(format!("{}: {} says no next step", dump.name, error.code));
            }
        }
        if errors(&translation.diagnostics).next().is_some() {
            *(if unreadable { &mut unread } else { &mut refused }) += 1;
            continue;
        }
        whole += 1;
        let text = print(&translation.ruleset, &Style::default()).unwrap();
        let proof = certify(&source, options.family, &Ipsets::default(), &text, Some(Duration::from_secs(60))).unwrap();
        if proof.report.answer() == Answer::Different {
            wrong.push(format!("{}: the translation means something else", dump.name));
        }
        for nft in &programs {
            wrong.extend(load(&dump, nft).err().map(|why| format!("{}: {why}", dump.name)));
        }
    }
    println!("{whole} dumps translated, {refused} refused, {unread} no dumps that can be read");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// As it is, where the program is no older than Debian 12's; else as written for it, or refused.
fn load(dump: &Dump, nft: &nft::Nft) -> Result<(), String> {
    let target = Target::default();
    let target = if nft.version >= target.nft { target } else { Target { nft: nft.version, kernel: None } };
    let translation = translate(&[dump.source()], &options(dump, target));
    if errors(&translation.diagnostics).next().is_some() {
        return Ok(());
    }
    nft.load_twice("", &print(&translation.ruleset, &Style::default()).unwrap())
}

/// Printed back, and read again: the same.
fn printed_back(dump: &Dump) -> Result<Option<Vec<u8>>, String> {
    let parsed = save::parse(&dump.source(), Some(dump.family));
    if errors(&parsed.diagnostics).next().is_some() {
        return Ok(None);
    }
    let once = save::print::print(&parsed.dump);
    let again = save::parse(&Source::new(0, "printed", once.clone()).unwrap(), Some(dump.family));
    if let Some(error) = again.diagnostics.first() {
        return Err(format!("{}: printed back, it is not read: {}", dump.name, error.message));
    }
    if save::print::print(&again.dump) != once {
        return Err(format!("{}: printing what was printed changes it", dump.name));
    }
    Ok(Some(once))
}

#[test]
fn dumps_are_printed_back() {
    let restore = can_restore();
    let (mut wrong, mut restored) = (Vec::new(), 0);
    for dump in dumps() {
        let printed = match printed_back(&dump) {
            Ok(printed) => printed,
            Err(why) => {
                wrong.push(why);
                continue;
            }
        };
        let Some(before) = restore.then(|| saved(dump.family, &dump.text)).flatten() else { continue };
        restored += 1;
        match printed.map(|text| saved(dump.family, &text)) {
            None => wrong.push(format!("{}: the legacy tool restores it, and it is not read", dump.name)),
            Some(again) if again.as_ref() != Some(&before) => {
                wrong.push(format!("{}: restored from what was printed, other rules are saved", dump.name));
            }
            Some(_) => {}
        }
    }
    println!("{restored} dumps restored from what was printed back");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
