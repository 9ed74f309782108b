//! Golden fixtures: every dump in `fixtures/translate` beside the nft text it becomes.
//!
//! A fixture's first line may be `# args: ...`, options for the command. What the command says on
//! standard error is kept in `NAME.stderr` when it is not empty. `SNAPSHOTS=overwrite cargo test`
//! refreshes them. Each golden `.nft` is loaded twice by nft: it must load, and be the same again.

use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::{Arguments, Failed, Trial};

mod support;

fn main() {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(2);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/translate");
    let mut inputs: Vec<PathBuf> = std::fs::read_dir(folder).expect("fixtures").flatten().map(|e| e.path()).collect();
    inputs.retain(|p| p.extension().is_some_and(|e| e == "v4" || e == "v6"));
    inputs.sort();
    let kernel = support::can_run(&["nft"]);
    let mut trials = Vec::new();
    for input in inputs {
        let name = input.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let golden = input.with_extension(format!("{}.nft", input.extension().unwrap_or_default().to_string_lossy()));
        let loaded = golden.clone();
        trials.push(Trial::test(format!("translate {name}"), move || check(&input, &golden)));
        trials.push(Trial::test(format!("load {name}"), move || load(&loaded)).with_ignored_flag(!kernel));
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn check(input: &Path, golden: &Path) -> Result<(), Failed> {
    let text = std::fs::read_to_string(input).unwrap_or_default();
    let args = text.lines().next().and_then(|l| l.strip_prefix("# args: ")).unwrap_or_default();
    let folder = input.parent().unwrap_or(input);
    let output = Command::new(env!("CARGO_BIN_EXE_ipt2nft"))
        .args(args.split_whitespace())
        .arg(input.file_name().unwrap_or_default())
        .current_dir(folder)
        .output()?;
    same(golden, &output.stdout)?;
    same(
        &input.with_extension(format!("{}.stderr", input.extension().unwrap_or_default().to_string_lossy())),
        &output.stderr,
    )
}

/// The file holds these bytes; an empty answer has no file.
fn same(file: &Path, got: &[u8]) -> Result<(), Failed> {
    let want = std::fs::read(file).unwrap_or_default();
    if want == got {
        return Ok(());
    }
    if std::env::var_os("SNAPSHOTS").is_some_and(|v| v == "overwrite") {
        if got.is_empty() {
            std::fs::remove_file(file)?
        } else {
            std::fs::write(file, got)?
        }
        return Ok(());
    }
    let diff = similar_diff(&String::from_utf8_lossy(&want), &String::from_utf8_lossy(got));
    Err(format!("{} differs:\n{diff}", file.display()).into())
}

fn similar_diff(want: &str, got: &str) -> String {
    similar::TextDiff::from_lines(want, got).unified_diff().header("golden", "now").to_string()
}

fn load(golden: &Path) -> Result<(), Failed> {
    let Ok(text) = std::fs::read(golden) else { return Ok(()) };
    let path = golden.to_str().unwrap_or_default();
    for nft in support::nft_binaries() {
        let nft = nft.to_string_lossy();
        let script =
            format!("{nft} -f {path} && {nft} list ruleset > /dev/null && {nft} -f {path} && {nft} list ruleset");
        let twice = support::in_namespace("sh", &["-c", &script], b"");
        let once = support::in_namespace("sh", &["-c", &format!("{nft} -f {path} && {nft} list ruleset")], b"");
        if !twice.status.success() || twice.stdout != once.stdout {
            let why = String::from_utf8_lossy(&twice.stderr).into_owned();
            return Err(
                format!("{nft} does not load it, or not twice: {why}\n{}", String::from_utf8_lossy(&text)).into()
            );
        }
    }
    Ok(())
}
