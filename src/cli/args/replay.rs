//! Arguments of `replay`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{FamilyArgs, MessageArgs};

pub(super) const EXAMPLES: &str = "\
Everything happens in network namespaces that vanish with the program; the machine's own rules,
interfaces and settings are never touched. The kernel may load modules that the rules ask for.

Examples:
  sudo ipt2nft replay rules.v4 firewall.nft
  sudo ipt2nft replay rules.v4 rules.v6 firewall.nft --packets 20000
  sudo ipt2nft replay old.v4 new.v4 --old-loader nft

Exit codes:
  0  no difference seen
  1  differences, each seen again and again
  2  not possible here (what is missing is told), or a ruleset does not load";

/// `ipt2nft replay`
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// OLD (a dump, or a dump of each family, or an nft file), then NEW (an nft file or a dump)
    #[arg(required = true, num_args = 2.., value_names = ["OLD", "NEW"])]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    pub family: FamilyArgs,
    /// How many packets to send through each side
    #[arg(long, default_value_t = 5000, value_name = "N")]
    pub packets: usize,
    /// Draw other packets
    #[arg(long, default_value_t = 1, value_name = "S")]
    pub seed: u64,
    /// Send these packets too: a JSON list, fields as in the answer of `--json`
    #[arg(long, value_name = "FILE")]
    pub witness: Option<PathBuf>,
    /// What loads dumps
    #[arg(long, value_enum, default_value_t)]
    pub old_loader: LoaderName,
    /// The nft that loads nft files
    #[arg(long, default_value = "nft", value_name = "BIN")]
    pub nft: PathBuf,
    /// Sets that dumps need: the output of `ipset save`
    #[arg(long, value_name = "FILE")]
    pub ipset: Option<PathBuf>,
    /// The answer as JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub messages: MessageArgs,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum LoaderName {
    /// iptables-legacy-restore
    #[default]
    Legacy,
    /// iptables-nft-restore
    Nft,
}
