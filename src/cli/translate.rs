//! `ipt2nft translate`: dumps in, one nft file out.

use anyhow::{Result, bail};

use super::args::{Assumption, CounterChoice, DiffFormat, RulesetFormat, TranslateArgs};
use super::{Exit, input, output};
use crate::diag::{Diagnostic, Trouble};
use crate::nft;
use crate::prove::compare::{self, Answer, Report, compare};
use crate::prove::known::{self, Known};
use crate::prove::nft_meaning::NftRules;
use crate::prove::save_meaning::SaveRules;
use crate::report::proof::{self, Sides};
use crate::report::{diff, summary};
use crate::save::ast::Dump;
use crate::translate::{Options, Translation, translate};
use crate::{emit, lower};

/// Runs the command. Nothing loadable is printed unless every rule was translated, or the user
/// asked for part of a ruleset.
pub fn run(args: &TranslateArgs) -> Result<Exit> {
    let sources = input::sources(&args.files)?;
    let translation = translate(&sources, &options(args)?);
    output::tell(&translation.diagnostics, &sources, &args.messages);
    let exit = worst(&translation.diagnostics);
    let gaps = exit == Exit::Incomplete && args.allow_partial;
    if exit != Exit::Done && !gaps {
        output::message(&refusal(&translation, exit));
        return Ok(exit);
    }
    let mut proof = if args.no_prove || gaps { None } else { Some(prove(&translation)?) };
    let mss = proof.as_mut().is_some_and(|report| known::excuse(report, Known::MssAdded));
    if let Some(report) = proof.as_ref().filter(|r| r.answer() == Answer::Different) {
        output::message(&proof::text(report, Sides { old: "the dump", new: "the output" }));
        if !args.approximate {
            output::message(OUR_BUG);
            return Ok(Exit::Found);
        }
    }
    let shown = match args.diff {
        Some(DiffFormat::Text) => {
            diff::text(&translation, &sources, output::coloured(args.messages.color, &std::io::stdout()))
        }
        Some(DiffFormat::Json) => diff::json(&translation, &sources)?,
        None => ruleset(&translation, args.format)?,
    };
    output::write(&shown, args.output.as_deref())?;
    if !args.messages.quiet {
        let chosen = summary::Chosen {
            reassembled: args.assume.contains(&Assumption::Reassembled),
            prefixed: !args.table_prefix.is_empty(),
            partial: gaps,
            known: mss.then_some(Known::MssAdded),
        };
        output::message(&summary::text(&translation, &chosen, proof.as_ref()));
    }
    Ok(exit)
}

const OUR_BUG: &str = "ipt2nft: the translation does not mean what the dump means, so nothing was printed. \
    This is a bug in ipt2nft: please report it with the lines above; --merge none may avoid it\n";

/// Compares the dumps with the text that would be printed, as an independent reader understands it.
fn prove(translation: &Translation) -> Result<Report> {
    let text = nft::print::print(&translation.ruleset, &nft::print::Style::default())?;
    let Ok(tree) = nft::read::read("the output", &text) else { bail!("the output cannot be read back: this is a bug") };
    let Ok(resolved) = nft::read::resolve(tree) else { bail!("the output cannot be read back: this is a bug") };
    let documents = translation.dumps.iter().flat_map(|d| d.documents.iter().cloned()).collect();
    let dump = Dump { documents };
    let families = dump.documents.iter().map(|d| d.family).collect();
    let rules = NftRules { tables: &resolved.tables, unknown: &resolved.unknown };
    Ok(compare(&SaveRules(&dump), &rules, &compare::Options { families, ..compare::Options::default() }))
}

fn options(args: &TranslateArgs) -> Result<Options> {
    if let Err(why) = nft::identifier::check_name(format!("{}filter", args.table_prefix).as_bytes()) {
        bail!("--table-prefix {:?} makes no name that nft takes: {why}", args.table_prefix);
    }
    Ok(Options {
        family: input::family(&args.family),
        lower: lower::Options {
            target: args.target,
            ipsets: input::ipsets(args.ipset.as_deref())?,
            counters: args.counters == CounterChoice::Keep,
            approximate: args.approximate,
            assume_reassembled: args.assume.contains(&Assumption::Reassembled),
        },
        merge: args.merge,
        emit: emit::Options { table_prefix: args.table_prefix.as_str().into() },
    })
}

fn ruleset(translation: &Translation, format: RulesetFormat) -> Result<Vec<u8>> {
    Ok(match format {
        RulesetFormat::Nft => nft::print::print(&translation.ruleset, &nft::print::Style::default())?,
    })
}

/// The worst error decides.
fn worst(diagnostics: &[Diagnostic]) -> Exit {
    let of = |d: &Diagnostic| match d.trouble {
        Trouble::Unreadable => Exit::Trouble,
        Trouble::Untranslatable => Exit::Incomplete,
        Trouble::Advice => Exit::Done,
    };
    let errors = || diagnostics.iter().filter(|d| d.is_error()).map(of);
    if errors().any(|e| e == Exit::Trouble) { Exit::Trouble } else { errors().max().unwrap_or(Exit::Done) }
}

fn refusal(translation: &Translation, exit: Exit) -> String {
    let errors = translation.diagnostics.iter().filter(|d| d.is_error()).count();
    let s = if errors == 1 { "" } else { "s" };
    match exit {
        Exit::Incomplete => format!(
            "ipt2nft: {errors} rule{s} of {} could not be translated, so nothing was printed; \
             --allow-partial prints the rest with a marked comment at each gap\n",
            translation.rules
        ),
        _ => format!("ipt2nft: {errors} error{s} in the input, so nothing was printed\n"),
    }
}
