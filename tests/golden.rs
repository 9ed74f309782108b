//! Golden fixtures: every dump in `fixtures/translate` beside the nft text it becomes.
//!
//! A fixture's first line may be `# args: ...`, options for the command. What the command says on
//! standard error is kept in `NAME.stderr` when it is not empty. `SNAPSHOTS=overwrite cargo test`
//! refreshes them. Each golden `.nft` is loaded twice by nft: it must load, and be the same again. A program that is
//! older than the target gets a text of its own, or a refusal. The text that is made without the tree is the tree's.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use ipt2nft::nft::print::{Style, print};
use ipt2nft::nft::version::Version;
use ipt2nft::translate::{Options, translate as to_tree, translate_to_text};
use libtest_mimic::{Arguments, Failed, Trial};
use support::dumps::Dump;
use support::nft::Nft;

mod support;

fn main() {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(2);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/translate");
    let mut inputs: Vec<PathBuf> = std::fs::read_dir(folder).expect("fixtures").flatten().map(|e| e.path()).collect();
    inputs.retain(|p| p.extension().is_some_and(|e| e == "v4" || e == "v6"));
    inputs.sort();
    let programs = Arc::new(support::nft::programs());
    let mut trials = Vec::new();
    for input in inputs {
        let name = input.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let golden = input.with_extension(format!("{}.nft", input.extension().unwrap_or_default().to_string_lossy()));
        let (dump, loaded, programs) = (input.clone(), golden.clone(), Arc::clone(&programs));
        let skipped = programs.is_empty();
        trials.push(Trial::test(format!("translate {name}"), move || check(&input, &golden)));
        let load = move || load(&dump, &loaded, &programs);
        trials.push(Trial::test(format!("load {name}"), load).with_ignored_flag(skipped));
    }
    for dump in support::dumps::fixtures() {
        trials.push(Trial::test(format!("text of the tree {}", dump.name), move || same_text(&dump)));
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn same_text(dump: &Dump) -> Result<(), Failed> {
    let (sources, options) = ([dump.source()], Options::default());
    let (_, text) = translate_to_text(&sources, &options);
    let tree = print(&to_tree(&sources, &options).ruleset, &Style::default())?;
    match text?.into_bytes() == tree {
        true => Ok(()),
        false => Err("printed by pieces it is another text than printed as a whole".into()),
    }
}

fn translate(input: &Path, more: &[&str]) -> Result<Output, Failed> {
    let text = std::fs::read_to_string(input).unwrap_or_default();
    let args = text.lines().next().and_then(|l| l.strip_prefix("# args: ")).unwrap_or_default();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ipt2nft"));
    command.args(args.split_whitespace()).args(more).arg(input.file_name().unwrap_or_default());
    Ok(command.current_dir(input.parent().unwrap_or(input)).output()?)
}

fn check(input: &Path, golden: &Path) -> Result<(), Failed> {
    let output = translate(input, &[])?;
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

/// What the golden files are written for.
const TARGET: Version = Version::new(1, 0, 6);

fn load(input: &Path, golden: &Path, programs: &[Nft]) -> Result<(), Failed> {
    let Ok(text) = std::fs::read(golden) else { return Ok(()) };
    for nft in programs {
        let text = if nft.version >= TARGET {
            text.clone()
        } else {
            translate(input, &["--target", &format!("nft={}", nft.version)])?.stdout
        };
        nft.load_twice("", &text).map_err(|why| format!("{why}\n{}", String::from_utf8_lossy(&text)))?;
    }
    Ok(())
}
