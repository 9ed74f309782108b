//! Arguments of `check`.

use std::path::PathBuf;

use clap::Args;

use super::{FamilyArgs, MessageArgs, SetArgs};

pub(super) const EXAMPLES: &str = "\
For projects that keep dumps and their translations side by side. The nft file of rules.v4 is
rules.v4.nft, or rules.nft, which then stands for rules.v6 as well; other names are told in ipt2nft.toml:

  [check]
  \"firewall.nft\" = [\"iptables.rules\", \"ip6tables.rules\"]

Examples:
  ipt2nft check rules.v4                          is rules.nft still what rules.v4 says?
  ipt2nft check rules.nft                         the same
  ipt2nft check --nft firewall.nft rules.v4       with another name

Exit codes:
  0  each nft file is equivalent to its dumps
  1  one is not: the packets are shown
  2  unreadable input, wrong use, or no nft file found
  4  undecided: why, and where, is shown";

/// `ipt2nft check`
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Dumps, or the nft files that were made of them
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// The nft file that all these dumps became
    #[arg(long, value_name = "FILE")]
    pub nft: Option<PathBuf>,
    /// Read this instead of the ipt2nft.toml that is found upward
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    #[command(flatten)]
    pub family: FamilyArgs,
    #[command(flatten)]
    pub sets: SetArgs,
    #[command(flatten)]
    pub messages: MessageArgs,
}
