//! Carries firewalls from iptables to nftables.

pub mod nft;
pub mod packet;
