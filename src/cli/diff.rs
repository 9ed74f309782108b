//! `ipt2nft diff`: do two rulesets treat every packet alike?

use anyhow::{Result, bail};

use super::args::{DiffArgs, Ignored};
use super::side::{self, Side};
use super::{Exit, input, output};
use crate::packet::{Family, Hook};
use crate::prove::compare::{Answer, Options, Report, compare};
use crate::prove::known::{self, Known};
use crate::report::proof::{self, Sides};
use crate::save::ast::TableKind;

/// Runs the command.
pub fn run(args: &DiffArgs) -> Result<Exit> {
    let Some((new, old)) = args.files.split_last() else { bail!("two rulesets are needed") };
    let family = input::family(&args.family);
    let left = side::read(&side::sources(old)?, args.old_format, family, &args.messages)?;
    let right = side::read(&side::sources(std::slice::from_ref(new))?, args.new_format, family, &args.messages)?;
    let families = families(&left, &right);
    let options = Options {
        ignore_logs: args.ignore.contains(&Ignored::Logs),
        families: families.clone(),
        hook: args.hook.map(Hook::from),
        time: Some(std::time::Duration::from_secs(args.time)),
        ..Options::default()
    };
    let mut report = compare(&*left.rules(), &*right.rules(), &options);
    if args.ignore.contains(&Ignored::MssAdded) {
        known::excuse(&mut report, Known::MssAdded);
    }
    if let Some(chain) = &args.chain {
        keep_chain(&mut report, chain)?;
    }
    let answer = report.answer();
    if args.json {
        output::write(&proof::json(&report)?, None)?;
    } else {
        let names: Vec<String> = old.iter().map(|p| p.display().to_string()).collect();
        let sides = Sides { old: &names.join(" + "), new: &new.display().to_string() };
        output::write(proof::text(&report, sides).as_bytes(), None)?;
    }
    if !args.messages.quiet {
        let compared: Vec<&str> = families.iter().map(|f| f.name()).collect();
        let chains = report.bases.len();
        output::message(&format!(
            "ipt2nft: {}: {chains} base chains of {}\n",
            proof::word(answer),
            compared.join(" and ")
        ));
    }
    Ok(match answer {
        Answer::Equivalent => Exit::Done,
        Answer::Different => Exit::Found,
        Answer::Undecided => Exit::Undecided,
    })
}

/// A dump speaks of its families only: what the other side does to other packets is no difference
/// between the two.
fn families(left: &Side, right: &Side) -> Vec<Family> {
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
