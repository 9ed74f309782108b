//! Arguments of `trace`.

use std::path::PathBuf;

use clap::Args;

use super::diff::HookName;
use super::{FamilyArgs, MessageArgs, SetArgs};
use crate::cli::side::Format;

pub(super) const EXAMPLES: &str = "\
The packet is written like the head of an nft rule. It comes in by `iif`, leaves by `oif`, or both.
What it does not say gets a usual value where a rule depends on it, and the trace says so.

Examples:
  ipt2nft trace rules.v4 'iif eth0 ip saddr 10.0.0.1 ip daddr 10.0.0.2 tcp dport 22 ct state new'
  ipt2nft trace rules.v4 firewall.nft 'iif eth0 oif eth1 udp dport 53'
  ipt2nft trace --hook input firewall.nft 'icmp type echo-request'

Exit codes:
  0  traced; given two rulesets, both do the same with the packet
  1  the two rulesets do different things with it
  2  unreadable input or wrong use
  4  the packet comes to a rule that is not understood";

/// `ipt2nft trace`
#[derive(Debug, Args)]
pub struct TraceArgs {
    /// One or two rulesets, each a dump or an nft file, then the packet
    #[arg(required = true, num_args = 2..=3, value_names = ["RULESET", "PACKET"])]
    pub words: Vec<String>,
    /// Only through this hook
    #[arg(long, value_enum)]
    pub hook: Option<HookName>,
    /// What the rulesets are, when it cannot be told from their texts
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub input_format: Option<Format>,
    #[command(flatten)]
    pub family: FamilyArgs,
    #[command(flatten)]
    pub sets: SetArgs,
    /// The trace as JSON, as docs/trace.md describes it
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub messages: MessageArgs,
}

impl TraceArgs {
    /// The files of the rulesets, and the packet.
    pub fn parts(&self) -> (Vec<PathBuf>, &str) {
        match self.words.split_last() {
            Some((packet, files)) => (files.iter().map(PathBuf::from).collect(), packet),
            None => (Vec::new(), ""),
        }
    }
}
