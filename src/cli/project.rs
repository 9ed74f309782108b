//! A project's own file, `ipt2nft.toml`: found from the working folder upward.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::diag::{Diagnostic, Source, SourceId};
use crate::lint::config::Config;

/// What the file is called.
pub const NAME: &str = "ipt2nft.toml";

/// The file that `told` names, or the one that is found; `None` where there is none.
///
/// # Errors
/// When there is no working folder.
pub fn find(told: Option<&Path>) -> Result<Option<PathBuf>> {
    if let Some(path) = told {
        return Ok(Some(path.to_owned()));
    }
    let from = std::env::current_dir()?;
    let here = from.ancestors().map(|folder| folder.join(NAME)).find(|path| path.is_file());
    // The short name where it is the working folder's own.
    Ok(here.map(|path| if path.parent() == Some(&from) { PathBuf::from(NAME) } else { path }))
}

/// Reads the file; its text joins the sources, so that findings can point into it.
///
/// # Errors
/// Where and why it is not understood.
pub fn read(path: &Path, sources: &mut Vec<Source>) -> Result<Config> {
    let source = join(path, sources)?;
    Config::read(&source).map_err(|d| told(&d, sources))
}

/// Reads the findings that are not to be heard of again.
///
/// # Errors
/// Where and why the text is not understood.
pub fn read_baseline(path: &Path, config: &mut Config, sources: &mut Vec<Source>) -> Result<()> {
    let source = join(path, sources)?;
    config.read_baseline(&source).map_err(|d| told(&d, sources))
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
