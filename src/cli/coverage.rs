//! `ipt2nft coverage`: what every option of every extension becomes.

use anyhow::{Result, bail};

use super::args::CoverageArgs;
use super::{Exit, output};
use crate::report::coverage;

/// Runs the command.
pub fn run(args: &CoverageArgs) -> Result<Exit> {
    let table = coverage::markdown(args.name.as_deref());
    if table.is_empty() {
        bail!("no match or target has this name; `ipt2nft coverage` lists all");
    }
    output::write(table.as_bytes(), None)?;
    Ok(Exit::Done)
}
