//! `ipt2nft diff` as people meet it: what it prints, and how it ends.
//!
//! `fixtures/diff/NAME.txt` is what the comparison of `old.v4` with `new.nft` prints; `SNAPSHOTS=overwrite`
//! refreshes it.

use std::path::Path;
use std::process::{Command, Output};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/diff");

fn diff(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ipt2nft")).arg("diff").args(args).current_dir(FOLDER).output().unwrap()
}

fn golden(name: &str, got: &[u8]) {
    let file = Path::new(FOLDER).join(name);
    if std::env::var_os("SNAPSHOTS").is_some_and(|v| v == "overwrite") {
        std::fs::write(&file, got).unwrap();
    }
    let want = std::fs::read(&file).unwrap_or_default();
    assert_eq!(String::from_utf8_lossy(got), String::from_utf8_lossy(&want), "{name} differs");
}

#[track_caller]
fn ends(args: &[&str], code: i32) -> Output {
    let output = diff(args);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

#[test]
fn differences_are_told_once_each_with_both_rules() {
    golden("difference.txt", &ends(&["old.v4", "new.nft"], 1).stdout);
    golden("difference.json", &ends(&["old.v4", "new.nft", "--json"], 1).stdout);
}

#[test]
fn a_ruleset_is_equivalent_to_itself() {
    for file in ["old.v4", "new.nft"] {
        let output = ends(&[file, file], 0);
        assert!(output.stdout.is_empty());
        assert!(String::from_utf8_lossy(&output.stderr).contains("proved equivalent: "));
    }
}

#[test]
fn only_what_is_asked_for_is_compared() {
    ends(&["old.v4", "new.nft", "--hook", "output"], 0);
    ends(&["old.v4", "new.nft", "--chain", "filter/OUTPUT"], 0);
    ends(&["old.v4", "new.nft", "--chain", "FORWARD"], 1);
    ends(&["old.v4", "new.nft", "--chain", "ssh"], 2);
}

#[test]
fn sets_hold_what_ipset_saved() {
    let made = ["../translate/made-by-fail2ban-ipset.v4", "../translate/made-by-fail2ban-ipset.v4.nft"];
    ends(&made, 1);
    ends(&[made[0], made[1], "--ipset", "../translate/made-by-fail2ban-ipset.ipset"], 0);
}

#[test]
fn running_out_of_budget_is_undecided() {
    let output = ends(&["old.v4", "new.nft", "--nodes", "100"], 4);
    assert!(String::from_utf8_lossy(&output.stdout).contains("needs more than 100 diagram nodes"));
}

#[test]
fn what_is_not_understood_is_undecided_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("odd.nft");
    let text = std::fs::read_to_string(Path::new(FOLDER).join("new.nft")).unwrap();
    std::fs::write(&file, text.replace("tcp dport 22 jump", "tcp dport 22 xt match \"foo\" jump")).unwrap();
    let output = ends(&["new.nft", file.to_str().unwrap()], 4);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("undecided") && said.contains("line 5"), "{said}");
}

#[test]
fn wrong_use_is_told_apart() {
    ends(&["old.v4", "missing.nft"], 2);
    ends(&["old.v4", "old.v4", "new.nft"], 2);
}
