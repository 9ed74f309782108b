//! Writes the man pages and the shell completions, from the definitions that `--help` is made of.
//!
//! `cargo run --example man_and_completions -- FOLDER` fills FOLDER with `ipt2nft.1`, a page for each
//! subcommand, and the completions of bash, zsh and fish under the names that packages install.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Command;
use clap_complete::Shell;

fn main() -> Result<()> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from).context("name the folder to write to")?;
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    man_pages(&folder)?;
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        clap_complete::generate_to(shell, &mut with_default_options(), "ipt2nft", &folder)?;
    }
    Ok(())
}

/// The command as a shell sees it: `translate` may be left out, so its options are offered without it too.
fn with_default_options() -> Command {
    let command = ipt2nft::cli::command();
    let options = command
        .find_subcommand("translate")
        .map_or_else(Vec::new, |translate| translate.get_arguments().cloned().collect());
    command.args(options)
}

fn man_pages(folder: &Path) -> Result<()> {
    clap_mangen::generate_to(ipt2nft::cli::command(), folder).context("cannot write the man pages")
}
