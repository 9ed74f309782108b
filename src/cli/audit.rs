//! `ipt2nft audit`: what it takes to move many firewalls.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anyhow::{Context, Result, bail};

use super::args::{AuditArgs, AuditFormat};
use super::progress::Bar;
use super::{Exit, input, output};
use crate::audit::{Options, Verdict, assess_all, sum};
use crate::diag::Source;
use crate::report::audit as report;
use crate::save;
use crate::{lower, translate};

/// Runs the command.
pub fn run(args: &AuditArgs) -> Result<Exit> {
    let sources = sources(&args.paths)?;
    if sources.is_empty() {
        bail!("no file in {} looks like the output of iptables-save", shown(&args.paths));
    }
    let options = Options {
        translate: translate::Options {
            family: input::family(&args.family),
            lower: lower::Options { ipsets: input::ipsets(&args.sets)?, ..lower::Options::default() },
            ..translate::Options::default()
        },
        prove: !args.no_prove,
        details: args.format == AuditFormat::Html,
    };
    let hosts = judged(&sources, &options, args);
    let sum = sum(&hosts);
    let text = match args.format {
        AuditFormat::Text => {
            let colour = args.output.is_none() && output::coloured(args.messages.color, &std::io::stdout());
            report::text::text(&hosts, &sum, colour).into_bytes()
        }
        AuditFormat::Json => report::json::json(&hosts, &sum)?,
        AuditFormat::Html => report::html::html(&hosts, &sum),
    };
    output::write(&text, args.output.as_deref())?;
    let blocked = hosts.iter().any(|h| h.verdict == Verdict::Blocked);
    Ok(if blocked { Exit::Found } else { Exit::Done })
}

/// Judges with a bar on a terminal.
fn judged(sources: &[Source], options: &Options, args: &AuditArgs) -> Vec<crate::audit::Host> {
    let bar = Mutex::new(Bar::new(&args.messages));
    assess_all(sources, options, &|done| {
        if let Ok(mut bar) = bar.lock() {
            bar.draw("dumps", done, sources.len());
        }
    })
}

fn shown(paths: &[PathBuf]) -> String {
    paths.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// Files as named; of folders, what looks like a dump, by name.
fn sources(paths: &[PathBuf]) -> Result<Vec<Source>> {
    let mut out = Vec::new();
    for path in paths {
        if path.is_dir() {
            for file in files(path)? {
                let text = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
                if save::opens_with_table(&text) {
                    let name = file.strip_prefix(path).unwrap_or(&file);
                    out.extend(Source::new(0, name.display().to_string(), text));
                }
            }
        } else {
            out.extend(input::sources(std::slice::from_ref(path))?);
        }
    }
    Ok(out)
}

/// Regular files below a folder, sorted; links to folders are not followed.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let (mut out, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
        for entry in entries {
            let entry = entry?;
            match entry.file_type()? {
                kind if kind.is_dir() => folders.push(entry.path()),
                kind if kind.is_file() || entry.path().is_file() => out.push(entry.path()),
                _ => {}
            }
        }
    }
    out.sort();
    Ok(out)
}
