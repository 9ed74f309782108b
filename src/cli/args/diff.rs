//! Arguments of `diff`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{FamilyArgs, MessageArgs, SetArgs};
use crate::cli::side::Format;
use crate::packet::Hook;

pub(super) const EXAMPLES: &str = "\
Examples:
  ipt2nft diff rules.v4 firewall.nft              a dump and its translation
  ipt2nft diff rules.v4 rules.v6 firewall.nft     both families against one nft file
  ipt2nft diff old.v4 new.v4                      what a change to a dump means
  ipt2nft diff firewall.nft rules.v4 rules.v6     the nft file is OLD, both dumps together are NEW

Exit codes:
  0  equivalent
  1  different: the packets, an example, and the rule that decides on each side are shown
  2  unreadable input or wrong use
  4  undecided: why, and where, is shown";

/// `ipt2nft diff`
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// OLD, then NEW: each an nft file, a dump, or a dump of each family
    #[arg(required = true, num_args = 2.., value_names = ["OLD", "NEW"])]
    pub files: Vec<PathBuf>,
    /// What OLD is, when it cannot be told from its text
    #[arg(long, value_enum)]
    pub old_format: Option<Format>,
    /// What NEW is, when it cannot be told from its text
    #[arg(long, value_enum)]
    pub new_format: Option<Format>,
    #[command(flatten)]
    pub family: FamilyArgs,
    #[command(flatten)]
    pub sets: SetArgs,
    /// What does not count; comments and counters never do
    #[arg(long, value_enum, value_delimiter = ',')]
    pub ignore: Vec<Ignored>,
    /// Only this base chain, `INPUT` or `nat/OUTPUT`
    #[arg(long)]
    pub chain: Option<String>,
    /// Only base chains of this hook
    #[arg(long, value_enum)]
    pub hook: Option<HookName>,
    /// Seconds after which a family is left undecided
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    pub time: u64,
    /// Diagram nodes (about 40 bytes each) after which a family is left undecided
    #[arg(long, default_value_t = 40_000_000, value_name = "N")]
    pub nodes: usize,
    /// Regions of packets that are written down for each difference
    #[arg(long, default_value_t = 8, value_name = "N")]
    pub regions: usize,
    /// The answer as JSON, as docs/diff.md describes it
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub messages: MessageArgs,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Ignored {
    Logs,
    Comments,
    Counters,
    /// That -j TCPMSS adds the option to a SYN without one, which nft cannot
    MssAdded,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum HookName {
    Prerouting,
    Input,
    Forward,
    Output,
    Postrouting,
}

impl From<HookName> for Hook {
    fn from(name: HookName) -> Self {
        match name {
            HookName::Prerouting => Hook::Prerouting,
            HookName::Input => Hook::Input,
            HookName::Forward => Hook::Forward,
            HookName::Output => Hook::Output,
            HookName::Postrouting => Hook::Postrouting,
        }
    }
}
