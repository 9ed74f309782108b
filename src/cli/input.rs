//! Inputs: files and standard input.

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

/// Of a long file, what each processor reads at a time.
#[cfg(unix)]
const PART: usize = 1 << 20;

/// What is in the file. To copy a long one takes as long as half of reading its lines, so all processors do it.
#[cfg(unix)]
fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    use std::os::unix::fs::FileExt;
    let file = std::fs::File::open(path)?;
    let metadata = file.metadata()?;
    let length = usize::try_from(metadata.len()).unwrap_or_default();
    if !metadata.is_file() || length < 2 * PART {
        return std::fs::read(path);
    }
    let mut text = vec![0; length];
    let parts = text.chunks_mut(PART).zip((0u64..).step_by(PART)).collect();
    let all: io::Result<()> = parallel::map(parts, |(part, from)| file.read_exact_at(part, from)).into_iter().collect();
    // One that others write to meanwhile is read as any other.
    let changed = all.is_err() || file.metadata()?.len() != metadata.len();
    if changed { std::fs::read(path) } else { Ok(text) }
}

#[cfg(not(unix))]
fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    std::fs::read(path)
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
