//! `ipt2nft lint`: findings about dumps; `ipt2nft explain`: what they mean.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use super::args::{ExplainArgs, FailOn, LintArgs, LintFormat};
use super::{Exit, input, output};
use crate::diag::{Diagnostic, Severity, Source, SourceId};
use crate::lint::config::{self, Config};
use crate::lint::{self, Options, Report, format, registry};

/// What a project's own file is called.
const CONFIG: &str = "ipt2nft.toml";

/// Runs the command.
pub fn run(args: &LintArgs) -> Result<Exit> {
    let mut sources = input::sources(&args.files)?;
    let inputs = sources.len();
    let config = configuration(args, &mut sources)?;
    let options = options(args, &config)?;
    let report = lint::lint(sources.get(..inputs).unwrap_or_default(), &options, &config);
    if let Some(path) = &args.write_baseline {
        output::write(config::baseline(&report.findings, &sources).as_bytes(), Some(path))?;
        return Ok(Exit::Done);
    }
    let text = match args.format {
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
        ipsets: input::ipsets(args.ipset.as_deref())?,
        ..Options::default()
    })
}

/// The project's file and its baseline; their texts join the sources, so that findings can point into them.
fn configuration(args: &LintArgs, sources: &mut Vec<Source>) -> Result<Config> {
    let found = match &args.config {
        Some(path) => Some(path.clone()),
        None => upward(&std::env::current_dir()?),
    };
    let mut config = Config::default();
    if let Some(path) = &found {
        let source = join(path, sources)?;
        config = Config::read(&source).map_err(|d| told(&d, sources))?;
    }
    let beside = |file: &String| found.as_deref().and_then(Path::parent).unwrap_or(Path::new("")).join(file);
    let baseline = args.baseline.clone().or_else(|| config.baseline.as_ref().map(beside));
    if let Some(path) = baseline.filter(|_| args.write_baseline.is_none()) {
        let source = join(&path, sources)?;
        config.read_baseline(&source).map_err(|d| told(&d, sources))?;
    }
    Ok(config)
}

fn upward(from: &Path) -> Option<PathBuf> {
    let here = from.ancestors().map(|folder| folder.join(CONFIG)).find(|path| path.is_file())?;
    // The short name where it is the working folder's own.
    Some(if here.parent() == Some(from) { PathBuf::from(CONFIG) } else { here })
}

fn join(path: &Path, sources: &mut Vec<Source>) -> Result<Source> {
    let text = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let id = SourceId::try_from(sources.len()).context("too many inputs")?;
    let source = Source::new(id, path.display().to_string(), text).context("inputs past 4 GiB are not read")?;
    sources.push(source.clone());
    Ok(source)
}

fn told(diagnostic: &Diagnostic, sources: &[Source]) -> anyhow::Error {
    let place = diagnostic.place.and_then(|place| {
        let source = sources.get(place.source as usize)?;
        Some(format!("{}:{}", source.name, source.line(place.span.start)))
    });
    anyhow::anyhow!("{}: {}", place.unwrap_or_default(), diagnostic.message)
}
