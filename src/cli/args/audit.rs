//! Arguments of `audit`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{FamilyArgs, MessageArgs, SetArgs};

pub(super) const EXAMPLES: &str = "\
A folder is searched for files that look like dumps; other files in it are passed over.

Examples:
  ipt2nft audit /etc/iptables                     the dumps of this machine
  ipt2nft audit hosts/ --format html -o audit.html
  ipt2nft audit hosts/ --format json | jq '.hosts[] | select(.verdict == \"blocked\") | .name'

Exit codes:
  0  every dump is ready, or ready with changes
  1  some dump is blocked
  2  no dump found, or a file that was named cannot be read";

/// `ipt2nft audit`
#[derive(Debug, Args)]
pub struct AuditArgs {
    /// Dumps, and folders that hold dumps
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
    /// The form of the report
    #[arg(long, value_enum, default_value_t)]
    pub format: AuditFormat,
    /// Write the report here, whole or not at all, instead of to standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub family: FamilyArgs,
    #[command(flatten)]
    pub sets: SetArgs,
    /// Do not prove that the translations mean what the dumps mean
    #[arg(long)]
    pub no_prove: bool,
    #[command(flatten)]
    pub messages: MessageArgs,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum AuditFormat {
    /// A table for a terminal
    #[default]
    Text,
    /// For programs
    Json,
    /// One page that needs nothing else, with pictures of chains and the diff side by side
    Html,
}
