//! Matches: what a packet must be for the rule to go on.
//!
//! One file per family of matches that look at the same thing. A match that the kernel answers alike for
//! all packets without something (a socket, a connection, a header) says so in its own words: whether
//! `!` is true there is decided match by match in the kernel.

pub(super) mod clock;
pub(super) mod connections;
pub(super) mod extension_headers;
pub(super) mod headers;
pub(super) mod icmp;
pub(super) mod ipsec;
pub(super) mod limits;
pub(super) mod named_sets;
pub(super) mod owners;
pub(super) mod packets;
pub(super) mod payload;
pub(super) mod per_key;
pub(super) mod ports;
pub(super) mod programs;
pub(super) mod routes;
pub(super) mod segments;
pub(super) mod sockets;
pub(super) mod tcpmss;
pub(super) mod tracked;
pub(super) mod traffic_class;
pub(super) mod transports;
pub(super) mod unmodelled;
