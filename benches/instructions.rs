//! How many instructions translating takes, beside the counts in `fixtures/instructions.tsv`.
//!
//! `cargo bench --bench instructions` counts with callgrind (valgrind) and fails where a count rose by more than
//! 2 %. `SNAPSHOTS=overwrite` writes the counts anew. Counts depend on the compiler: with another one than the
//! file names, or without valgrind, there is nothing to compare, and the bench says so.

use std::path::Path;
use std::process::{Command, ExitCode};

mod shapes;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/instructions.tsv");

/// What may be added before it counts as a rise.
const TOLERATED: f64 = 0.02;

/// Name of the input, and its size where it is one of the shapes; else it is a fixture.
const INPUTS: [(&str, Option<u32>); 6] = [
    ("kube", Some(300)),
    ("block", Some(3000)),
    ("ports", Some(600)),
    ("fail2ban", Some(3000)),
    ("office.v4", None),
    ("gateway.v4", None),
];

fn main() -> ExitCode {
    let compiler = compiler();
    let mut counts = Vec::new();
    for (name, size) in INPUTS {
        match count(name, size) {
            Ok(n) => counts.push((title(name, size), n)),
            Err(why) => {
                println!("not counted, {why}");
                return ExitCode::SUCCESS;
            }
        }
    }
    if std::env::var("SNAPSHOTS").is_ok_and(|v| v == "overwrite") {
        let rows: String = counts.iter().map(|(name, n)| format!("{name}\t{n}\n")).collect();
        std::fs::write(FILE, format!("compiler\t{compiler}\n{rows}")).expect("written");
        return ExitCode::SUCCESS;
    }
    compare(&compiler, &counts)
}

fn compare(compiler: &str, counts: &[(String, u64)]) -> ExitCode {
    let text = std::fs::read_to_string(FILE).expect("the committed counts");
    let mut rows = text.lines().filter_map(|line| line.split_once('\t'));
    let theirs = rows.next().map_or("", |(_, version)| version);
    let known: Vec<(&str, u64)> = rows.filter_map(|(name, n)| Some((name, n.parse().ok()?))).collect();
    let comparable = theirs == compiler;
    if !comparable {
        println!("not compared: the counts are those of {theirs}, this is {compiler}");
    }
    let mut risen = false;
    for (name, now) in counts {
        let before = known.iter().find(|(known, _)| known == name).map(|&(_, n)| n);
        let change = before.map_or(f64::INFINITY, |before| *now as f64 / before as f64 - 1.0);
        let rose = comparable && change > TOLERATED;
        risen |= rose;
        println!("{name:16} {now:>14} {:>+8.2} %{}", change * 100.0, if rose { "  ROSE" } else { "" });
    }
    if risen { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn title(name: &str, size: Option<u32>) -> String {
    size.map_or(name.to_owned(), |size| format!("{name} {size}"))
}

/// Instructions from start to end of one translation without the proof.
fn count(name: &str, size: Option<u32>) -> Result<u64, String> {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let file = match size {
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/translate").join(name),
        Some(size) => {
            let file = folder.path().join("dump.v4");
            let text = shapes::shape(name, size).ok_or("no such shape")?;
            std::fs::write(&file, text).map_err(|e| e.to_string())?;
            file
        }
    };
    let out = folder.path().join("callgrind.out");
    let done = Command::new("valgrind")
        .args(["--tool=callgrind", &format!("--callgrind-out-file={}", out.display())])
        .arg(env!("CARGO_BIN_EXE_ipt2nft"))
        .args(["--no-prove", "--quiet", "-o", "/dev/null"])
        .arg(file)
        .output()
        .map_err(|e| format!("valgrind does not run: {e}"))?;
    let text = std::fs::read_to_string(&out).map_err(|e| format!("valgrind wrote no counts: {e}"))?;
    let total = text.lines().find_map(|line| line.strip_prefix("summary:").or(line.strip_prefix("totals:")));
    let total = total.and_then(|n| n.split_whitespace().next()?.parse().ok());
    total.ok_or_else(|| format!("no total in callgrind's file: {}", String::from_utf8_lossy(&done.stderr)))
}

/// The compiler that built this, as `rustc --version` says it.
fn compiler() -> String {
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let said = Command::new(rustc).arg("--version").output().map(|o| o.stdout).unwrap_or_default();
    String::from_utf8_lossy(&said).trim().to_owned()
}
