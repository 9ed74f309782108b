//! `ipt2nft lint`: findings about dumps; `ipt2nft explain`: what they mean.

use std::path::Path;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use super::args::{ExplainArgs, FailOn, LintArgs, LintFormat};
use super::project::{self, NAME as CONFIG};
use super::{Exit, input, lint_fix, output};
use crate::diag::{Severity, Source};
use crate::lint::config::{self, Config};
use crate::lint::{self, Options, Report, format, registry};

/// Runs the command.
pub fn run(args: &LintArgs) -> Result<Exit> {
    let mut sources = input::sources(&args.files)?;
    let inputs = sources.len();
    let config = configuration(args, &mut sources)?;
    let options = options(args, &config)?;
    let mut report = lint::lint(sources.get(..inputs).unwrap_or_default(), &options, &config);
    if args.fix && lint_fix::run(args, &mut sources, inputs, &report, &options)? {
        report = lint::lint(sources.get(..inputs).unwrap_or_default(), &options, &config);
    }
    if args.diff {
        return exit(&report, args, &config);
    }
    if let Some(path) = &args.write_baseline {
        output::write(config::baseline(&report.findings, &sources).as_bytes(), Some(path))?;
        return Ok(Exit::Done);
    }
    let inputs_only = sources.get(..inputs).unwrap_or_default();
    let text = match args.format {
        LintFormat::Github => format::github::text(&report.findings, &sources),
        LintFormat::Junit => format::junit::text(&report.findings, inputs_only),
        LintFormat::Sarif => format::sarif::text(&report.findings, &sources)?,
        LintFormat::Human => {
            let colour = output::coloured(args.messages.color, &std::io::stdout());
            format::human::text(&report.findings, &sources, colour)
        }
        LintFormat::Json => format::json::text(&report.findings, &sources)?,
    };
    output::write(text.as_bytes(), args.output.as_deref())?;
    if !args.messages.quiet {
        output::message(&summary(&report, inputs));
    }
    exit(&report, args, &config)
}

/// A page, or the list of all lints.
pub fn explain(args: &ExplainArgs) -> Result<Exit> {
    let text = match &args.lint {
        None => registry::LINTS.iter().map(|l| format!("{}  {:<22} {}\n", l.code, l.name, l.summary)).collect(),
        Some(word) => match registry::find(word) {
            Some(lint) => lint.page.to_owned(),
            None => bail!("{word} is no lint; `ipt2nft explain` lists all"),
        },
    };
    output::write(text.as_bytes(), None)?;
    Ok(Exit::Done)
}

fn summary(report: &Report, inputs: usize) -> String {
    let found = match format::counts(&report.findings) {
        none if none.is_empty() => "nothing found".to_owned(),
        some => some,
    };
    let allowed = if report.allowed > 0 { format!(", {} allowed", report.allowed) } else { String::new() };
    let s = if inputs == 1 { "" } else { "s" };
    format!("ipt2nft: {found}{allowed} in {inputs} input{s}; `ipt2nft explain CODE` says more\n")
}

fn exit(report: &Report, args: &LintArgs, config: &Config) -> Result<Exit> {
    if report.unreadable {
        return Ok(Exit::Trouble);
    }
    let told = config.fail_on.as_deref().map(|word| FailOn::from_str(word, false));
    let told = told.transpose().map_err(|_| anyhow::anyhow!("{CONFIG}: fail-on is note, warning, error or never"))?;
    let least = match args.fail_on.or(told).unwrap_or_default() {
        FailOn::Note => Severity::Note,
        FailOn::Warning => Severity::Warning,
        FailOn::Error => Severity::Error,
        FailOn::Never => return Ok(Exit::Done),
    };
    Ok(if report.worst().is_some_and(|worst| worst >= least) { Exit::Found } else { Exit::Done })
}

fn options(args: &LintArgs, config: &Config) -> Result<Options> {
    let told = config.target.as_deref().map(str::parse).transpose().with_context(|| format!("{CONFIG}: target"))?;
    Ok(Options {
        family: input::family(&args.family),
        target: args.target.or(told).unwrap_or_default(),
        ipsets: input::ipsets(&args.sets)?,
        ..Options::default()
    })
}

/// The project's file and its baseline; their texts join the sources, so that findings can point into them.
fn configuration(args: &LintArgs, sources: &mut Vec<Source>) -> Result<Config> {
    let found = project::find(args.config.as_deref())?;
    let mut config = match &found {
        Some(path) => project::read(path, sources)?,
        None => Config::default(),
    };
    let beside = |file: &String| found.as_deref().and_then(Path::parent).unwrap_or(Path::new("")).join(file);
    let baseline = args.baseline.clone().or_else(|| config.baseline.as_ref().map(beside));
    if let Some(path) = baseline.filter(|_| args.write_baseline.is_none()) {
        project::read_baseline(&path, &mut config, sources)?;
    }
    Ok(config)
}
