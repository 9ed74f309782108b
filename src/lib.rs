//! Carries firewalls from iptables to nftables.

pub mod diag;
pub mod ir;
#[cfg(target_os = "linux")]
pub mod kernel;
pub mod nft;
pub mod packet;
pub mod prove;
pub mod save;
