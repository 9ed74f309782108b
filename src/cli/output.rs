//! Results to standard output or a file, messages to standard error.

use std::fs::File;
use std::io::{IsTerminal, Write};
use std::path::Path;

use anyhow::{Context, Result};

use super::args::{Color, MessageArgs};
use crate::diag::{Diagnostic, Source, terminal};

/// Writes a result. A file is replaced whole or not at all.
pub fn write(bytes: &[u8], to: Option<&Path>) -> Result<()> {
    write_parts(&[bytes], to)
}

/// The same of a result in parts, one behind the other.
pub fn write_parts(parts: &[&[u8]], to: Option<&Path>) -> Result<()> {
    match to {
        None => Ok(write_to(&mut std::io::stdout().lock(), parts)?),
        Some(path) => replace(path, parts).with_context(|| format!("cannot write {}", path.display())),
    }
}

fn write_to(out: &mut impl Write, parts: &[&[u8]]) -> std::io::Result<()> {
    parts.iter().try_for_each(|part| out.write_all(part))?;
    out.flush()
}

/// Beside the target first, then renamed over it.
fn replace(path: &Path, parts: &[&[u8]]) -> std::io::Result<()> {
    let create = |path: &Path| write_to(&mut File::create(path)?, parts);
    if path.exists() && !path.is_file() {
        return create(path);
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.tmp", std::process::id()));
    let beside = Path::new(&beside);
    let written = create(beside).and_then(|()| std::fs::rename(beside, path));
    if written.is_err() {
        let _ = std::fs::remove_file(beside);
    }
    written
}

/// Whether to colour what goes to a stream.
pub fn coloured(choice: Color, stream: &impl IsTerminal) -> bool {
    match choice {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()),
    }
}

/// Tells the diagnostics; with `--quiet` only the errors.
pub fn tell(diagnostics: &[Diagnostic], sources: &[Source], args: &MessageArgs) {
    let colour = coloured(args.color, &std::io::stderr());
    let shown = diagnostics.iter().filter(|d| d.is_error() || !args.quiet);
    let text: String = shown.map(|d| terminal::render(d, sources, colour)).collect();
    message(&text);
}

/// A line for people; standard error being closed is no reason to fail.
pub fn message(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}
