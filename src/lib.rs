//! Carries firewalls from iptables to nftables.
//!
//! `translate` is the pipeline in a screenful; ARCHITECTURE.md walks through the rooms.

pub mod audit;
pub mod certify;
pub mod cli;
pub mod diag;
pub mod emit;
pub mod ir;
#[cfg(target_os = "linux")]
pub mod kernel;
pub mod lint;
pub mod lower;
pub mod nft;
pub mod optimize;
pub mod packet;
pub mod parallel;
pub mod prove;
pub mod prune;
pub mod report;
pub mod save;
pub mod translate;
