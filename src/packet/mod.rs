//! What a packet is: the vocabulary that every room shares.
//!
//! Fields and their widths, families and hooks, sets of values, and the names that people
//! give to numbers. Nothing here knows iptables syntax, nft syntax, or what a rule is.
//! Invariant: this folder imports nothing from the rest of the crate.

mod field;
mod hook;
mod interval;

pub use field::{
    CtDirection, CtKey, DataType, Exthdr, ExthdrPart, FibFlags, FibResult, Field, IpsecDirection, IpsecKey, L4, OsfKey,
    OsfTtl, PayloadBase, RtKey, SctpChunkPart, SocketKey, TcpOptionPart,
};
pub use hook::{Family, Hook};
pub use interval::{Interval, IntervalSet};
