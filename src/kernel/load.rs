//! Rulesets into the thread's namespace, by the tools that people use.
//!
//! Invariant: nothing is written to disk; texts go in through memory files, and the lock that iptables
//! takes is the null device's, not the host's.

use std::ffi::CString;
use std::fs::File;
use std::io::{self, Seek, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use nix::sys::memfd::{MFdFlags, memfd_create};

use super::needs::restore_name;
use super::{Kind, Loader, Ruleset, logs, sys};
use crate::packet::Family;

/// Why a ruleset is not in place.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("cannot run {0}: {1}; is it installed?")]
    Run(String, io::Error),
    #[error("{0} refused the ruleset: {1}")]
    Refused(String, String),
}

/// Loads a ruleset with its kernel log lines led to our group.
pub fn load(ruleset: &Ruleset, loader: Loader, nft: &Path) -> Result<(), LoadError> {
    if let Some(sets) = &ruleset.ipset {
        run(Command::new("ipset").arg("restore"), sets)?;
    }
    match ruleset.kind {
        Kind::Save(family) => run(&mut restore(family, loader), &logs::divert_save(&ruleset.text)),
        Kind::Nft => load_nft(&logs::divert_nft(&ruleset.text), nft),
    }
}

/// Loads a text by nft.
pub fn load_nft(text: &str, nft: &Path) -> Result<(), LoadError> {
    run(Command::new(nft).args(["-f", "-"]), text)
}

fn restore(family: Family, loader: Loader) -> Command {
    let mut command = Command::new(restore_name(family, loader));
    command.arg("-w").env("XTABLES_LOCKFILE", "/dev/null");
    command
}

fn run(command: &mut Command, input: &str) -> Result<(), LoadError> {
    let name = command.get_program().to_string_lossy().into_owned();
    let failed = |e: io::Error| LoadError::Run(name.clone(), e);
    sys::die_with_parent(command);
    command.stdin(memory_file(input).map_err(failed)?).stdout(Stdio::null()).stderr(Stdio::piped());
    let output = command.output().map_err(failed)?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said: String = said.trim().chars().take(600).collect();
    Err(LoadError::Refused(name, if said.is_empty() { output.status.to_string() } else { said }))
}

fn memory_file(text: &str) -> io::Result<File> {
    let name = CString::new("ruleset")?;
    let mut file = File::from(memfd_create(name.as_c_str(), MFdFlags::MFD_CLOEXEC)?);
    file.write_all(text.as_bytes())?;
    file.rewind()?;
    Ok(file)
}
