//! Arguments of `lint` and `explain`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{FamilyArgs, MessageArgs, SetArgs};
use crate::nft::version::Target;

pub(super) const EXAMPLES: &str = "\
Examples:
  ipt2nft lint rules.v4 rules.v6                  what is wrong with the rules
  ipt2nft lint --format sarif rules.v4            for code scanning
  ipt2nft lint --fix --diff rules.v4              what the safe fixes would change
  ipt2nft explain IPT101                          what a finding means

A line is excused by a comment above it, `# ipt2nft: allow IPT205 reason`, or by the same text in the
rule's own comment; a lint is, everywhere, by `[lint.allow]` in ipt2nft.toml, found upward from the
working folder.

Exit codes:
  0  nothing found
  1  findings at or above --fail-on
  2  unreadable input or wrong use";

/// `ipt2nft lint`
#[derive(Debug, Args)]
pub struct LintArgs {
    /// Output of iptables-save or ip6tables-save, or rules written by hand; `-` or nothing reads standard input
    pub files: Vec<PathBuf>,
    /// How to say it
    #[arg(long, value_enum, default_value_t)]
    pub format: LintFormat,
    /// Write the findings here instead of to standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// The least severity that makes the run fail [default: warning, or what ipt2nft.toml says]
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub fail_on: Option<FailOn>,
    #[command(flatten)]
    pub family: FamilyArgs,
    /// What will load the translation [default: debian12, or what ipt2nft.toml says]
    #[arg(long, value_name = "TARGET")]
    pub target: Option<Target>,
    #[command(flatten)]
    pub sets: SetArgs,
    /// Read this instead of the ipt2nft.toml that is found upward
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Do not hear about the findings in this file again
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Write all findings of now to this file, to be given as --baseline
    #[arg(long, value_name = "FILE", conflicts_with = "baseline")]
    pub write_baseline: Option<PathBuf>,
    /// Mend what can be mended without asking: the files are changed where that is proved to mean the same
    #[arg(long)]
    pub fix: bool,
    /// With --fix, mend also what a person should look at first
    #[arg(long = "unsafe", requires = "fix")]
    pub unsafe_fixes: bool,
    /// With --fix, show the changes and make none
    #[arg(long, requires = "fix")]
    pub diff: bool,
    #[command(flatten)]
    pub messages: MessageArgs,
}

/// How findings are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum LintFormat {
    /// With source lines, for people
    #[default]
    Human,
    /// One versioned object
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of GitHub Actions
    Github,
    /// JUnit XML
    Junit,
}

/// From which severity on a run fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum FailOn {
    Note,
    #[default]
    Warning,
    Error,
    /// Findings never make it fail
    Never,
}

/// `ipt2nft explain`
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// Code or name of a lint; without one, all are listed
    pub lint: Option<String>,
}
