//! The nft programs at hand, and rulesets loaded by them in network namespaces of their own.
//!
//! `nft` and `nft-VERSION` are looked for along `PATH` and in the folder that `IPT2NFT_NFT_BINARIES` names; the
//! system's own is enough for every test.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use ipt2nft::nft::version::Version;

/// Folder of more nft programs, named `nft-VERSION`, to try every ruleset with.
const MORE: &str = "IPT2NFT_NFT_BINARIES";

/// Rules that send copies out of an interface load only where there is one.
const INTERFACE: &str = "ip tuntap add eth1 mode tap 2> /dev/null\nset -e\n";

/// One program and what it calls itself.
pub struct Nft {
    pub version: Version,
    path: PathBuf,
}

/// What came of a script.
pub struct Outcome {
    pub ok: bool,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

/// One program per version, oldest first; empty, with a word about it, where the tests cannot run.
pub fn programs() -> Vec<Nft> {
    let folders = std::env::var_os(MORE).into_iter().chain(std::env::var_os("PATH"));
    let folders = folders.flat_map(|list| std::env::split_paths(&list).collect::<Vec<_>>());
    let mut found = BTreeMap::new();
    for folder in folders {
        let Ok(entries) = std::fs::read_dir(folder) else { continue };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if (name == "nft" || name.starts_with("nft-"))
                && let Some(version) = version_of(&entry.path())
            {
                found.entry(version).or_insert_with(|| entry.path());
            }
        }
    }
    let mut programs: Vec<Nft> = found.into_iter().map(|(version, path)| Nft { version, path }).collect();
    if programs.first().is_none_or(|nft| !nft.run("list ruleset", b"").ok) {
        super::skip("root, unshare and nft are needed");
        programs.clear();
    }
    programs
}

fn version_of(path: &Path) -> Option<Version> {
    let output = Command::new(path).arg("--version").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.strip_prefix("nftables v")?.split_whitespace().next()?.parse().ok()
}

impl Nft {
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Loads the text once and twice: the same must be there. `flags`: `-j` for JSON.
    pub fn load_twice(&self, flags: &str, text: &[u8]) -> Result<(), String> {
        let once = self.run(&format!("{flags} -f FILE\nlist ruleset"), text);
        let twice = self.run(&format!("{flags} -f FILE\n{flags} -f FILE\nlist ruleset"), text);
        match (once.ok && twice.ok, sorted(&once.stdout) == sorted(&twice.stdout)) {
            (true, true) => Ok(()),
            (true, false) => Err(format!("nft {}: loading it twice is not loading it once", self.version)),
            (false, _) => Err(format!("nft {}: {}{}", self.version, once.stderr, twice.stderr)),
        }
    }

    /// Runs `nft` with each line of `script` as arguments, one after the other, in one fresh namespace;
    /// `FILE` stands for a file that holds `text`.
    pub fn run(&self, script: &str, text: &[u8]) -> Outcome {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ruleset.nft");
        std::fs::write(&file, text).unwrap();
        let mut shell = String::from(INTERFACE);
        for line in script.lines() {
            let words = line.replace("FILE", &file.display().to_string());
            shell.push_str(&format!("'{}' {words}\n", self.path.display()));
        }
        let output = Command::new("unshare").args(["-n", "sh", "-c", &shell]).output();
        let Ok(output) = output else {
            return Outcome { ok: false, stdout: Vec::new(), stderr: "no unshare".to_owned() };
        };
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        Outcome { ok: output.status.success(), stdout: output.stdout, stderr }
    }
}

/// An element without the time that it has left, which runs while it is listed.
fn without_time(element: &str) -> &str {
    element.split(" expires ").next().unwrap_or_default().trim()
}

/// A listing with the elements of each set in one order: the kernel hashes them with a new seed each time.
fn sorted(listing: &[u8]) -> String {
    let text = String::from_utf8_lossy(listing);
    let mut out = String::new();
    let mut rest = &*text;
    while let Some(open) = rest.find("{ ") {
        let (before, set) = rest.split_at(open + 2);
        out.push_str(before);
        let close = set.find('}').unwrap_or(set.len());
        let mut elements: Vec<&str> = set[..close].split(',').map(without_time).collect();
        elements.sort_unstable();
        out.push_str(&elements.join(", "));
        rest = &set[close..];
    }
    out + rest
}
