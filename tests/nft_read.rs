//! Loads a broad ruleset by each nft at hand, lists it back in several modes, and reads text and
//! listings: nothing may be opaque, and the trees must agree up to what `normal` documents.
//!
//! Needs root, `unshare` and nft; says so and passes where one is missing.

#[path = "nft_read/normal.rs"]
mod normal;

use std::path::Path;
use std::process::Command;

use ipt2nft::nft::ast::Table;
use ipt2nft::nft::read::{read, resolve};

const RULESET: &str = include_str!("nft_read/ruleset.nft");

/// Loads the ruleset, without the lines that this nft or this kernel refuses, and lists the result.
/// The kernel's first refusal drags those of later lines along, so they are dropped one by one.
const SCRIPT: &str = r#"
cd "$DIR"; cp ruleset.nft accepted.nft; : > refused
while ! "$NFT" -f accepted.nft 2> error; do
    sed -n '/Could not process/d; s/^accepted.nft:\([0-9]*\):.*/\1/p' error | sort -un > lines
    [ -s lines ] || sed -n 's/^accepted.nft:\([0-9]*\):.*/\1/p' error | head -n 1 > lines
    [ -s lines ] || { cat error; exit 1; }
    sed 's/$/p/' lines | sed -n -f - accepted.nft >> refused
    sed 's/$/d/' lines | sed -i -f - accepted.nft
done
for mode in "" -s -n -nn -a -y -p; do "$NFT" $mode list ruleset > "listed$mode.nft"; done
"#;

const MODES: [&str; 7] = ["", "-s", "-n", "-nn", "-a", "-y", "-p"];

fn can_unshare() -> bool {
    Command::new("unshare").args(["-n", "true"]).status().is_ok_and(|status| status.success())
}

fn nft_binaries() -> Vec<String> {
    let side_by_side = ["0.9.8", "1.0.6", "1.1.3", "1.1.7"].map(|version| format!("/opt/bins/bin/nft-{version}"));
    let found: Vec<String> = side_by_side.into_iter().filter(|path| Path::new(path).exists()).collect();
    let system = Command::new("nft").arg("--version").output().is_ok();
    match (found.is_empty(), system) {
        (true, true) => vec!["nft".to_owned()],
        _ => found,
    }
}

fn tables(name: &str, text: &[u8]) -> Vec<Table> {
    let ruleset = read(name, text).unwrap_or_else(|errors| panic!("{name}: {errors:?}"));
    let resolved = resolve(ruleset).unwrap_or_else(|errors| panic!("{name}: {errors:?}"));
    assert!(resolved.unknown.is_empty(), "{name}: {:?}", resolved.unknown);
    resolved.tables
}

#[test]
fn listings_agree_with_what_was_loaded() {
    let binaries = nft_binaries();
    if binaries.is_empty() || !can_unshare() {
        println!("skipped: needs root, unshare and nft");
        return;
    }
    let mut wrong = Vec::new();
    for nft in binaries {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("ruleset.nft"), RULESET).unwrap();
        let mut command = Command::new("unshare");
        command.args(["-n", "sh", "-c", SCRIPT]).env("NFT", &nft).env("DIR", dir.path());
        assert!(command.status().unwrap().success(), "{nft}: the script failed");

        let accepted = std::fs::read(dir.path().join("accepted.nft")).unwrap();
        let refused = std::fs::read_to_string(dir.path().join("refused")).unwrap();
        let share = accepted.split(|byte| *byte == b'\n').count() * 100 / RULESET.lines().count();
        println!("{nft}: {share}% of the ruleset accepted");
        assert!(share >= 85, "{nft} refused too much:\n{refused}");

        let expected = normal::lines(&tables("accepted", &accepted));
        for mode in MODES {
            let listing = std::fs::read(dir.path().join(format!("listed{mode}.nft"))).unwrap();
            let found = normal::lines(&tables(&format!("{nft} {mode}"), &listing));
            wrong.extend(normal::difference(&expected, &found).into_iter().map(|line| format!("{nft} {mode}: {line}")));
        }
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}
