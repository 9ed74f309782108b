//! `ipt2nft translate`: dumps in, one nft file out.

use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::args::{Assumption, CounterChoice, DiffFormat, RulesetFormat, TranslateArgs};
use super::{Exit, fallback, input, output};
use crate::certify::{Certificate, certify_where};
use crate::diag::{Diagnostic, Source, Trouble};
use crate::nft;
use crate::nft::print::{PrintError, Text};
use crate::prove::compare::{self, Answer, Report};
use crate::report::proof::{self, Sides};
use crate::report::rules::rule_text;
use crate::report::{diff, summary};
use crate::translate::{Options, Translation, translate, translate_to_text};
use crate::{emit, lower, optimize};

/// Runs the command. Nothing loadable is printed unless every rule was translated, or the user
/// asked for part of a ruleset.
pub fn run(args: &TranslateArgs) -> Result<Exit> {
    let sources = input::sources(&args.files)?;
    let options = options(args)?;
    let (mut translation, text) = translated(&sources, &options, args);
    output::tell(&translation.diagnostics, &sources, &args.messages);
    let exit = worst(&translation.diagnostics);
    let gaps = exit == Exit::Incomplete && args.allow_partial;
    if exit != Exit::Done && !gaps {
        output::message(&refusal(&translation, exit));
        return Ok(exit);
    }
    let mut printed = match Printed::of(text, &mut translation, args, gaps) {
        Err(why) if why.is::<PrintError>() => {
            output::message(&format!("ipt2nft: {why}\n{OLD_JSON}"));
            return Ok(Exit::Incomplete);
        }
        printed => printed?,
    };
    let mut proof = match args.no_prove || gaps {
        true => None,
        false => Some(prove(&sources, &options, &printed)?),
    };
    let answer = proof.as_ref().map(|proof| proof.report.answer());
    if let Some(proof) = proof.as_ref().filter(|_| answer == Some(Answer::Different)) {
        output::message(&shown_difference(&proof.report, &translation, &sources, printed.text.joined().into_owned())?);
    }
    if !args.approximate && matches!(answer, Some(Answer::Different | Answer::Undecided)) {
        match fallback::find(&sources, &options, args)? {
            Some(found) => {
                output::message(&found.told(&options, answer == Some(Answer::Different)));
                (translation, printed, proof) = (found.translation, found.printed, Some(found.proof));
            }
            None if answer == Some(Answer::Different) => {
                output::message(OUR_BUG);
                return Ok(Exit::Found);
            }
            None => {}
        }
    }
    let report = proof.as_ref().map(|proof| &proof.report);
    let shown = explained(&translation, &sources, report, args)?.map(Text::from).or(printed.json);
    let shown: Vec<&[u8]> = shown.as_ref().unwrap_or(&printed.text).parts().collect();
    output::write_parts(&shown, args.output.as_deref())?;
    let undecided = report.is_some_and(|r| r.answer() == Answer::Undecided);
    if !args.messages.quiet || undecided {
        let chosen = summary::Chosen {
            reassembled: args.assume.contains(&Assumption::Reassembled),
            prefixed: !args.table_prefix.is_empty(),
            partial: gaps,
            known: proof.as_ref().and_then(|p| p.known),
        };
        output::message(&summary::text(&translation, &sources, &chosen, report));
    }
    // The ruleset is whole, but nobody has proved it: that must not look like success.
    Ok(if undecided { exit.max(Exit::Undecided) } else { exit })
}

/// The translation and its text; with the tree where more than the text is wanted.
pub(super) fn translated(
    sources: &[Source],
    options: &Options,
    args: &TranslateArgs,
) -> (Translation, Result<Text, PrintError>) {
    if args.diff.is_none() && args.format == RulesetFormat::Nft {
        return translate_to_text(sources, options);
    }
    let translation = translate(sources, options);
    let text = nft::print::print(&translation.ruleset, &nft::print::Style::default());
    (translation, text.map(Text::from))
}

/// What a translation is as text.
pub(super) struct Printed {
    /// For nft, and for the proof.
    pub text: Text,
    /// For programs, where the user asked for that.
    pub json: Option<Text>,
}

impl Printed {
    /// With all that the user asked for beside the text; JSON cannot mark gaps. The tree goes where nothing is to be
    /// explained by it.
    pub fn of(
        text: Result<Text, PrintError>,
        translation: &mut Translation,
        args: &TranslateArgs,
        gaps: bool,
    ) -> Result<Printed> {
        let text = text?;
        if args.format == RulesetFormat::Json && gaps {
            bail!("JSON has no comments that could mark the gaps: leave out --format json or --allow-partial");
        }
        let json = as_json(translation, args)?.map(Text::from);
        if args.diff.is_none() {
            translation.forget();
        }
        Ok(Printed { text, json })
    }
}

/// Compares the dumps with the printed text.
pub(super) fn prove(sources: &[Source], options: &Options, printed: &Printed) -> Result<Certificate> {
    let comparison = compare::Options {
        time: Some(PROOF_TIME),
        reassembled: options.lower.assume_reassembled,
        ..compare::Options::default()
    };
    Ok(certify_where(sources, options.family, &options.lower.ipsets, &printed.text.joined(), &comparison)?)
}

/// How long each family may take to prove.
const PROOF_TIME: Duration = Duration::from_secs(60);

const OUR_BUG: &str = "ipt2nft: the translation does not mean what the dump means, so nothing was printed. \
    This is a bug in ipt2nft: please report it with the lines above\n";

/// What is different, with the rules of both sides: nobody has seen the output.
fn shown_difference(report: &Report, translation: &Translation, sources: &[Source], text: Vec<u8>) -> Result<String> {
    let output = Source::new(0, "the output", text).context("the output is longer than 4 GiB")?;
    let dump = |family| {
        let at = translation.families.iter().position(|families| families.contains(&family))?;
        sources.get(at)
    };
    let rule = |new, family, line| match new {
        true => Some(rule_text(&output, line)),
        false => dump(family).map(|source| rule_text(source, line)),
    };
    Ok(proof::text(report, Sides { old: "the dump", new: "the output", rule: &rule }))
}

fn options(args: &TranslateArgs) -> Result<Options> {
    if let Err(why) = nft::identifier::check_name(format!("{}filter", args.table_prefix).as_bytes()) {
        bail!("--table-prefix {:?} makes no name that nft takes: {why}", args.table_prefix);
    }
    Ok(Options {
        family: input::family(&args.family),
        lower: lower::Options {
            target: args.target,
            ipsets: input::ipsets(&args.sets)?,
            counters: args.counters == CounterChoice::Keep,
            approximate: args.approximate,
            assume_reassembled: args.assume.contains(&Assumption::Reassembled),
        },
        merge: optimize::Options { level: args.merge, target: args.target, named_sets: args.named_sets },
        prune: args.prune,
        explain: args.diff.is_some(),
        emit: emit::Options { table_prefix: args.table_prefix.as_str().into() },
    })
}

const OLD_JSON: &str = "ipt2nft: the JSON of this nft cannot say that, so nothing was printed; leave out \
    --format json, or give --target nft=1.1.3 where that loads it\n";

/// The ruleset for programs, where that is asked for.
fn as_json(translation: &Translation, args: &TranslateArgs) -> Result<Option<Vec<u8>>> {
    if args.diff.is_some() || args.format == RulesetFormat::Nft {
        return Ok(None);
    }
    let mut text = serde_json::to_vec_pretty(&nft::json::json(&translation.ruleset, args.target.nft)?)?;
    text.push(b'\n');
    Ok(Some(text))
}

/// Which lines became which rules, and that it is proved, where that is asked for.
fn explained(
    translation: &Translation,
    sources: &[Source],
    report: Option<&Report>,
    args: &TranslateArgs,
) -> Result<Option<Vec<u8>>> {
    let coloured = || output::coloured(args.messages.color, &std::io::stdout());
    Ok(match args.diff {
        Some(DiffFormat::Text) => Some(diff::text(translation, sources, report, coloured())),
        Some(DiffFormat::Json) => Some(diff::json(translation, sources, report)?),
        None => None,
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
            translation.counts.rules
        ),
        _ => format!("ipt2nft: {errors} error{s} in the input, so nothing was printed\n"),
    }
}
