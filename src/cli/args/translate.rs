//! Arguments of `translate`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{FamilyArgs, MessageArgs, SetArgs};
use crate::nft::version::Target;
use crate::optimize::{Level, NamedSets};

pub(super) const EXAMPLES: &str = "\
Examples:
  iptables-save | ipt2nft > firewall.nft          translate what is loaded
  ipt2nft rules.v4 rules.v6 -o firewall.nft       both families into one file
  ipt2nft --diff rules.v4                         see which lines became which rule
  ipt2nft --merge none rules.v4                   rule for rule
  ipt2nft --table-prefix my- rules.v4             leave Docker's and libvirt's tables alone

Exit codes:
  0  done; also where merging failed and less was merged, which is told
  1  a difference or a finding
  2  unreadable input or wrong use
  3  something could not be translated
  4  the ruleset was printed, and the proof did not come to an end: why, and where, is told";

/// `ipt2nft translate`
#[derive(Debug, Args)]
pub struct TranslateArgs {
    /// Output of iptables-save or ip6tables-save; `-` or nothing reads standard input
    pub files: Vec<PathBuf>,
    /// Write the ruleset here, whole or not at all, instead of to standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub family: FamilyArgs,
    /// What will load the output: `nft=1.0.6`, `nft=1.0.6,kernel=6.1`, or a distribution such as `debian12`
    #[arg(long, default_value_t, value_name = "TARGET")]
    pub target: Target,
    #[command(flatten)]
    pub sets: SetArgs,
    /// How much to merge
    #[arg(long, value_enum, default_value_t)]
    pub merge: Level,
    /// Which lists get a name, so that `nft add element` can add to them
    #[arg(long, value_enum, default_value_t, value_name = "WHICH")]
    pub named_sets: NamedSets,
    /// Take out what does nothing, and say so of each line: rules that no packet can match, empty chains
    #[arg(long)]
    pub prune: bool,
    /// What to do with packet and byte counters
    #[arg(long, value_enum, default_value_t)]
    pub counters: CounterChoice,
    /// Show which lines became which rule, instead of the ruleset
    #[arg(long, value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "text", value_name = "FORMAT")]
    pub diff: Option<DiffFormat>,
    /// The form of the ruleset
    #[arg(long, value_enum, default_value_t)]
    pub format: RulesetFormat,
    /// Print what can be translated even if some rules cannot, with a marked comment at each gap
    #[arg(long)]
    pub allow_partial: bool,
    /// Accept translations that are close and not equal, each with a comment that says how
    #[arg(long)]
    pub approximate: bool,
    /// Leave out guards against what is known never to come
    #[arg(long, value_enum, value_name = "WHAT")]
    pub assume: Vec<Assumption>,
    /// Put before every table's name
    #[arg(long, value_name = "NAME", default_value = "")]
    pub table_prefix: String,
    /// Do not prove that the output means what the input means
    #[arg(long)]
    pub no_prove: bool,
    #[command(flatten)]
    pub messages: MessageArgs,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum CounterChoice {
    /// Leave them out
    #[default]
    None,
    /// Carry them over
    Keep,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum DiffFormat {
    Text,
    Json,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum RulesetFormat {
    /// For `nft -f`
    #[default]
    Nft,
    /// For `nft -j -f`
    Json,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Assumption {
    /// Fragments are put together before any rule sees them
    Reassembled,
}
