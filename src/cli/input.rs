//! Inputs: files and standard input.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::args::{FamilyArgs, SetArgs};
use crate::diag::{Source, SourceId};
use crate::packet::Family;
use crate::parallel;
use crate::save::ipset::{self, Ipsets};

/// The files as sources in their order; `-`, or no file at all, is standard input.
pub fn sources(files: &[PathBuf]) -> Result<Vec<Source>> {
    let standard = [PathBuf::from("-")];
    let files = if files.is_empty() { &standard } else { files };
    files.iter().enumerate().map(|(at, file)| source(at, file)).collect()
}

fn source(at: usize, file: &Path) -> Result<Source> {
    let (name, text) = if file == Path::new("-") { ("<stdin>".to_owned(), standard_input()?) } else { read(file)? };
    let id = SourceId::try_from(at).ok().context("too many inputs")?;
    Source::new(id, name, text).context("inputs past 4 GiB are not read")
}

fn standard_input() -> Result<Vec<u8>> {
    let mut text = Vec::new();
    std::io::stdin().lock().read_to_end(&mut text).context("cannot read standard input")?;
    Ok(text)
}

fn read(file: &Path) -> Result<(String, Vec<u8>)> {
    if file.is_dir() {
        bail!("{} is a folder: name the files in it", file.display());
    }
    let text = bytes(file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok((file.display().to_string(), text))
}

/// What is in the file; of a long one each processor reads parts.
fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    if let Some(text) = long(&file) {
        return Ok(text);
    }
    let mut text = Vec::new();
    file.read_to_end(&mut text)?;
    Ok(text)
}

/// What is in a long file, unless others write to it meanwhile. Its cursor stays where it is.
#[cfg(unix)]
fn long(file: &File) -> Option<Vec<u8>> {
    use std::os::unix::fs::FileExt;
    /// What one processor reads at a time.
    const PART: usize = 1 << 20;
    let size = || file.metadata().ok().filter(|metadata| metadata.is_file()).map(|metadata| metadata.len());
    let length = size().filter(|length| *length >= 2 * PART as u64)?;
    let mut text = vec![0; usize::try_from(length).ok()?];
    let parts = text.chunks_mut(PART).zip((0u64..).step_by(PART)).collect();
    let read = parallel::map(parts, |(part, from)| file.read_exact_at(part, from).is_ok());
    (read.into_iter().all(|read| read) && size() == Some(length)).then_some(text)
}

#[cfg(not(unix))]
fn long(_: &File) -> Option<Vec<u8>> {
    None
}

/// The sets of an `ipset save` text; none without a file. Every line must be understood.
pub fn ipsets(args: &SetArgs) -> Result<Ipsets> {
    let Some(file) = args.ipset.as_deref() else { return Ok(Ipsets::default()) };
    let (name, text) = read(file)?;
    let (sets, problems) = ipset::parse(&text);
    match problems.first() {
        None => Ok(sets),
        Some(problem) => {
            let more = match problems.len() {
                1 => String::new(),
                n => format!(", and {} more lines cannot be read", n - 1),
            };
            bail!("{name}, line {}: {}{more}", problem.line, problem.message)
        }
    }
}

/// What `-4` and `-6` say.
pub const fn family(args: &FamilyArgs) -> Option<Family> {
    match (args.ipv4, args.ipv6) {
        (true, _) => Some(Family::Ip),
        (_, true) => Some(Family::Ip6),
        _ => None,
    }
}
