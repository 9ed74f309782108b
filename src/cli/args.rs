//! Arguments as typed.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use super::side::Format;
use crate::nft::version::Target;
use crate::optimize::Level;
use crate::packet::Hook;

const EXAMPLES: &str = "\
Examples:
  iptables-save | ipt2nft > firewall.nft          translate what is loaded
  ipt2nft rules.v4 rules.v6 -o firewall.nft       both families into one file
  ipt2nft --diff rules.v4                         see which lines became which rule
  ipt2nft --merge none rules.v4                   rule for rule
  ipt2nft --table-prefix my- rules.v4             leave Docker's and libvirt's tables alone

Exit codes:
  0  done
  1  a difference or a finding
  2  unreadable input or wrong use
  3  something could not be translated
  4  undecided";

const DIFF_EXAMPLES: &str = "\
Examples:
  ipt2nft diff rules.v4 firewall.nft              a dump and its translation
  ipt2nft diff rules.v4 rules.v6 firewall.nft     both families against one nft file
  ipt2nft diff old.v4 new.v4                      what a change to a dump means

Exit codes:
  0  equivalent
  1  different: the packets, an example, and the rule that decides on each side are shown
  2  unreadable input or wrong use
  4  undecided: why, and where, is shown";

const REPLAY_EXAMPLES: &str = "\
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

/// Carries firewalls from iptables to nftables.
#[derive(Debug, Parser)]
#[command(name = "ipt2nft", version, about, after_help = EXAMPLES, disable_help_subcommand = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print the nft ruleset that does what the dumps do (the default command)
    #[command(after_help = EXAMPLES)]
    Translate(TranslateArgs),
    /// Print what every option of every extension becomes
    Coverage(CoverageArgs),
    /// Decide whether two rulesets treat every packet alike
    #[command(after_help = DIFF_EXAMPLES)]
    Diff(DiffArgs),
    /// Send packets through both rulesets in the running kernel (Linux, root) and compare what it does
    #[command(after_help = REPLAY_EXAMPLES)]
    Replay(ReplayArgs),
}

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
    /// What is in the sets that rules name: the output of `ipset save`
    #[arg(long, value_name = "FILE")]
    pub ipset: Option<PathBuf>,
    /// How much to merge
    #[arg(long, value_enum, default_value_t)]
    pub merge: Level,
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

/// `ipt2nft coverage`
#[derive(Debug, Args)]
pub struct CoverageArgs {
    /// A match or a target, such as `conntrack` or `REJECT`; all when left out
    pub name: Option<String>,
}

/// `ipt2nft diff`
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// OLD (a dump, several dumps, or an nft file), then NEW (a dump or an nft file)
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
    /// The answer as JSON
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

/// Which family the input is for.
#[derive(Debug, Args)]
pub struct FamilyArgs {
    /// The input is for IPv4, whatever it says
    #[arg(short = '4', long = "ipv4", conflicts_with = "ipv6")]
    pub ipv4: bool,
    /// The input is for IPv6, whatever it says
    #[arg(short = '6', long = "ipv6")]
    pub ipv6: bool,
}

/// How to talk to the user.
#[derive(Debug, Args)]
pub struct MessageArgs {
    /// Colour of messages and diffs
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub color: Color,
    /// No summary and no warnings; errors only
    #[arg(short, long)]
    pub quiet: bool,
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
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Assumption {
    /// Fragments are put together before any rule sees them
    Reassembled,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    Always,
    Never,
}

/// Puts `translate` where no subcommand is named, so that `ipt2nft FILE` works.
pub fn with_default_command(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut all: Vec<OsString> = arguments.into_iter().collect();
    let own = Cli::command();
    let names: Vec<&str> =
        own.get_subcommands().flat_map(|c| std::iter::once(c.get_name()).chain(c.get_all_aliases())).collect();
    let first = all.get(1).and_then(|a| a.to_str());
    let top = matches!(first, Some("-h" | "--help" | "-V" | "--version"));
    if !top && !first.is_some_and(|word| names.contains(&word)) {
        all.insert(1.min(all.len()), "translate".into());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn translate_is_the_default() {
        let typed = |words: &[&str]| with_default_command(words.iter().map(OsString::from));
        assert_eq!(typed(&["ipt2nft", "rules.v4"]), ["ipt2nft", "translate", "rules.v4"]);
        assert_eq!(typed(&["ipt2nft"]), ["ipt2nft", "translate"]);
        assert_eq!(typed(&["ipt2nft", "translate", "x"]), ["ipt2nft", "translate", "x"]);
        assert_eq!(typed(&["ipt2nft", "--help"]), ["ipt2nft", "--help"]);
    }
}
