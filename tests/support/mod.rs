//! What kernel tests share: network namespaces of their own, and saying what was skipped.

#![allow(dead_code, reason = "each test binary uses its own part")]

pub mod dumps;
pub mod nft;
#[cfg(target_os = "linux")]
pub mod proof;
#[cfg(target_os = "linux")]
pub mod told;

use std::io::Write;
use std::process::{Command, Output, Stdio};

/// Set by CI: a test that would be skipped fails.
const NO_SKIP: &str = "IPT2NFT_NO_SKIP";

/// The number that an environment variable gives, or the usual one.
pub fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// How many packets a test sends through each ruleset: a few, or for a long run as many as `IPT2NFT_PACKETS` says.
pub fn packets(few: usize) -> usize {
    setting("IPT2NFT_PACKETS", few as u64) as usize
}

/// Whether these tools can be run in a namespace; says so when not, and fails where CI forbids it.
pub fn can_run(tools: &[&str]) -> bool {
    let missing: Vec<&str> = tools.iter().copied().filter(|t| !works(t)).collect();
    if missing.is_empty() {
        return true;
    }
    skip(&format!("root, unshare and {} are needed", missing.join(", ")));
    false
}

/// Says that a test was skipped, and fails where CI forbids it.
pub fn skip(why: &str) {
    assert!(std::env::var_os(NO_SKIP).is_none(), "may not be skipped here: {why}");
    println!("skipped: {why}");
}

fn works(tool: &str) -> bool {
    Command::new("unshare").args(["-n", tool, "--version"]).output().is_ok_and(|o| o.status.success())
}

/// Runs a program in a network namespace of its own.
pub fn in_namespace(program: &str, args: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new("unshare")
        .arg("-n")
        .arg(program)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("unshare starts");
    // The program may end without reading its input.
    let _ = child.stdin.take().expect("input is piped").write_all(input);
    child.wait_with_output().expect("the program ends")
}
