//! `ipt2nft diff`: do two rulesets treat every packet alike?

use std::path::PathBuf;

use anyhow::{Result, bail};

use super::args::{DiffArgs, Ignored};
use super::side::{self, Format, Side};
use super::{Exit, input, output};
use crate::packet::{Family, Hook};
use crate::prove::compare::{Answer, Options, Report, compare};
use crate::prove::known::{self, Known};
use crate::report::proof::{self, Sides};
use crate::report::summary;
use crate::save::ast::TableKind;

/// Runs the command.
pub fn run(args: &DiffArgs) -> Result<Exit> {
    let [old_files, new_files] = sides(args)?;
    let family = input::family(&args.family);
    let left = side::read(&side::sources(&old_files)?, args.old_format, family, &args.messages)?;
    let right = side::read(&side::sources(&new_files)?, args.new_format, family, &args.messages)?;
    let families = families(&left.side, &right.side);
    let ipsets = input::ipsets(&args.sets)?;
    let options = Options {
        ignore_logs: args.ignore.contains(&Ignored::Logs),
        families: families.clone(),
        hook: args.hook.map(Hook::from),
        time: Some(std::time::Duration::from_secs(args.time)),
        nodes: args.nodes,
        regions: args.regions,
        reassembled: false,
    };
    let mut report = compare(&*left.side.rules(&ipsets), &*right.side.rules(&ipsets), &options);
    if args.ignore.contains(&Ignored::MssAdded) {
        known::excuse(&mut report, Known::MssAdded);
    }
    if let Some(chain) = &args.chain {
        keep_chain(&mut report, chain)?;
    }
    let (old, new) = (joined(&old_files), joined(&new_files));
    let rule = |right_side, family, line| if right_side { &right } else { &left }.rule(family, line);
    let sides = Sides { old: &old, new: &new, rule: &rule };
    let shown = if args.json { proof::json(&report, sides)? } else { proof::text(&report, sides).into_bytes() };
    output::write(&shown, None)?;
    let answer = report.answer();
    if !args.messages.quiet {
        let compared: Vec<&str> = families.iter().map(|f| f.name()).collect();
        let counts = format!("{} -> {}", summary::count(left.rules(), "rule"), summary::grouped(right.rules()));
        output::message(&format!("ipt2nft: {}, {counts}\n", proof::summary(&report, &compared.join(" and "))));
    }
    Ok(match answer {
        Answer::Equivalent => Exit::Done,
        Answer::Different => Exit::Found,
        Answer::Undecided => Exit::Undecided,
    })
}

/// Which files are OLD and which NEW: the last is NEW, unless the first is an nft file and all others are
/// dumps, which then are one side together.
fn sides(args: &DiffArgs) -> Result<[Vec<PathBuf>; 2]> {
    let (Some((first, rest)), Some((last, before))) = (args.files.split_first(), args.files.split_last()) else {
        bail!("two rulesets are needed")
    };
    let is_nft = |file: &PathBuf| -> Result<bool> {
        // Standard input can be read only once.
        Ok(file.as_os_str() != "-"
            && input::sources(std::slice::from_ref(file))?.iter().all(|s| side::detect(s.text()) == Format::Nft))
    };
    if rest.len() > 1 && args.old_format.is_none_or(|f| f == Format::Nft) && is_nft(first)? && !is_nft(last)? {
        return Ok([vec![first.clone()], rest.to_vec()]);
    }
    Ok([before.to_vec(), vec![last.clone()]])
}

fn joined(files: &[PathBuf]) -> String {
    files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(" + ")
}

/// A dump speaks of its families only: what the other side does to other packets is no difference
/// between the two.
pub(super) fn families(left: &Side, right: &Side) -> Vec<Family> {
    let (left, right) = (left.families(), right.families());
    let both: Vec<Family> =
        [Family::Ip, Family::Ip6].into_iter().filter(|f| left.contains(f) && right.contains(f)).collect();
    if both.is_empty() { left.into_iter().chain(right).collect() } else { both }
}

/// `INPUT`, or `mangle/INPUT`: only these base chains.
fn keep_chain(report: &mut Report, chain: &str) -> Result<()> {
    let (table, name) = chain.split_once('/').map_or((None, chain), |(t, n)| (Some(t), n));
    let table = match table {
        None => None,
        Some(t) => match TableKind::ALL.into_iter().find(|k| k.name() == t) {
            Some(kind) => Some(kind),
            None => bail!("there is no table {t}: raw, mangle, nat, filter, security"),
        },
    };
    let Some(hook) = TableKind::Mangle.hook(name.as_bytes()) else {
        bail!(
            "{name} is no base chain: PREROUTING, INPUT, FORWARD, OUTPUT, POSTROUTING, with a table before it (`nat/OUTPUT`) if wanted"
        );
    };
    report.bases.retain(|b| b.key.hook == hook && table.is_none_or(|t| t.priority(hook) == b.key.priority));
    Ok(())
}
