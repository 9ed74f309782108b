//! Arguments as typed; one file per subcommand.

mod audit;
mod check;
mod coverage;
mod diff;
mod lint;
mod replay;
mod trace;
mod translate;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

pub use audit::{AuditArgs, AuditFormat};
pub use check::CheckArgs;
pub use coverage::CoverageArgs;
pub use diff::{DiffArgs, Ignored};
pub use lint::{ExplainArgs, FailOn, LintArgs, LintFormat};
pub use replay::{LoaderName, ReplayArgs};
pub use trace::TraceArgs;
pub use translate::{Assumption, CounterChoice, DiffFormat, RulesetFormat, TranslateArgs};

/// `translate` may be left out: [`with_default_command`] puts it in.
const USAGE: &str = "ipt2nft [translate] [OPTIONS] [FILE]...\n       ipt2nft COMMAND ...";

/// Carries firewalls from iptables to nftables.
#[derive(Debug, Parser)]
#[command(name = "ipt2nft", version, about, override_usage = USAGE, after_help = translate::EXAMPLES, disable_help_subcommand = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print the nft ruleset that does what the dumps do (the default command)
    #[command(after_help = translate::EXAMPLES)]
    Translate(TranslateArgs),
    /// Judge many dumps: what translates, what stands in the way, which targets load the result
    #[command(after_help = audit::EXAMPLES)]
    Audit(AuditArgs),
    /// Decide whether nft files are still what the dumps beside them say
    #[command(after_help = check::EXAMPLES)]
    Check(CheckArgs),
    /// Print what every option of every extension becomes
    Coverage(CoverageArgs),
    /// Decide whether two rulesets treat every packet alike
    #[command(after_help = diff::EXAMPLES)]
    Diff(DiffArgs),
    /// Find what is wrong, risky or useless in dumps
    #[command(after_help = lint::EXAMPLES)]
    Lint(LintArgs),
    /// Say what a finding of `lint` means
    Explain(ExplainArgs),
    /// Show the way of one packet through a ruleset, or through two side by side
    #[command(after_help = trace::EXAMPLES)]
    Trace(TraceArgs),
    /// Send packets through both rulesets in the running kernel (Linux, root) and compare what it does
    #[command(after_help = replay::EXAMPLES)]
    Replay(ReplayArgs),
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

/// What the rules name and do not hold.
#[derive(Debug, Args)]
pub struct SetArgs {
    /// What is in the sets that rules name: the output of `ipset save`
    #[arg(long, value_name = "FILE")]
    pub ipset: Option<PathBuf>,
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
