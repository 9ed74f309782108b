//! The hooks of `.pre-commit-hooks.yaml`, run by pre-commit itself in a repository of their own.
//!
//! Needs pre-commit (`IPT2NFT_PRE_COMMIT` names another one than the one in the path), git, and the crates in
//! cargo's cache; says so and passes where one is missing.

mod support;

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Output};

const DUMP: &str = "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\nCOMMIT\n";

fn pre_commit() -> OsString {
    std::env::var_os("IPT2NFT_PRE_COMMIT").unwrap_or_else(|| "pre-commit".into())
}

fn run(folder: &Path, program: &OsString, arguments: &[&str]) -> Output {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env("PRE_COMMIT_HOME", folder.join(".git/pre-commit-home"))
        // The crates are there already, and the program need not be fast.
        .env("CARGO_NET_OFFLINE", "true")
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")
        .env("CARGO_PROFILE_RELEASE_DEBUG", "false")
        .env("CARGO_TARGET_DIR", here.join("target/pre-commit"))
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", "safe.directory")
        .env("GIT_CONFIG_VALUE_0", "*")
        .output()
        .unwrap()
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[track_caller]
fn git(folder: &Path, arguments: &[&str]) -> String {
    let who = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"];
    let output = run(folder, &"git".into(), &[&who[..], arguments].concat());
    assert!(output.status.success(), "git {arguments:?}: {}", text(&output));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// What is missing to run hooks of the committed state of this repository.
fn missing(here: &Path) -> Option<&'static str> {
    let works = |program: &OsString| Command::new(program).arg("--version").output().is_ok_and(|o| o.status.success());
    let committed = |path: &str| {
        let object = format!("HEAD:{path}");
        let git = Command::new("git").args(["cat-file", "-e", &object]).current_dir(here).output();
        git.is_ok_and(|output| output.status.success())
    };
    if !works(&pre_commit()) {
        Some("pre-commit is needed (pip install pre-commit)")
    } else if !works(&"git".into()) || !committed(".pre-commit-hooks.yaml") {
        Some("a git repository of this source with .pre-commit-hooks.yaml committed is needed")
    } else {
        None
    }
}

#[test]
fn hooks_stop_commits_and_let_good_ones_pass() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    if let Some(why) = missing(here) {
        support::skip(why);
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    git(at, &["init", "-q"]);
    let rev = git(here, &["rev-parse", "HEAD"]);
    let config =
        format!("repos:\n- repo: {}\n  rev: {rev}\n  hooks:\n  - id: lint\n  - id: translate-check\n", here.display());
    let write = |name: &str, text: &str| std::fs::write(at.join(name), text).unwrap();
    write(".pre-commit-config.yaml", &config);
    write("rules.v4", DUMP);
    let nft = Command::new(env!("CARGO_BIN_EXE_ipt2nft")).args(["-q", "rules.v4"]).current_dir(at).output().unwrap();
    write("rules.nft", &String::from_utf8_lossy(&nft.stdout));
    let hooks = || {
        git(at, &["add", "-A"]);
        run(at, &pre_commit(), &["run", "--all-files", "--color", "never"])
    };
    let good = hooks();
    assert!(good.status.success(), "{}", text(&good));
    assert_eq!(text(&good).matches("Passed").count(), 2, "{}", text(&good));
    // The dump goes on, the nft file does not.
    write("rules.v4", &DUMP.replace("22", "23"));
    let stale = hooks();
    assert!(!stale.status.success() && text(&stale).contains("rules.nft is not what rules.v4 says any more"));
    assert_eq!(text(&stale).matches("Passed").count(), 1, "{}", text(&stale));
    // Both say the same, and one rule is written carelessly.
    write("rules.v4", &DUMP.replace("-p tcp", "-s 10.0.0.1/8 -p tcp"));
    let nft = Command::new(env!("CARGO_BIN_EXE_ipt2nft")).args(["-q", "rules.v4"]).current_dir(at).output().unwrap();
    write("rules.nft", &String::from_utf8_lossy(&nft.stdout));
    let careless = hooks();
    assert!(!careless.status.success() && text(&careless).contains("IPT305"), "{}", text(&careless));
}
