//! Arguments of `coverage`.

use clap::Args;

/// `ipt2nft coverage`
#[derive(Debug, Args)]
pub struct CoverageArgs {
    /// A match or a target, such as `conntrack` or `REJECT`; all when left out
    pub name: Option<String>,
}
