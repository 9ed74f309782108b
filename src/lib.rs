//! Carries firewalls from iptables to nftables.

pub mod diag;
pub mod ir;
pub mod nft;
pub mod packet;
pub mod prove;
pub mod save;
