//! Matches: `-m NAME`. One file each.

pub mod addrtype;
pub mod comment;
pub mod connmark;
pub mod conntrack;
pub mod hl;
pub mod icmp;
pub mod icmp6;
pub mod iprange;
pub mod length;
pub mod limit;
pub mod mac;
pub mod mark;
pub mod multiport;
pub mod owner;
pub mod pkttype;
pub mod state;
pub mod tcp;
pub mod ttl;
pub mod udp;
