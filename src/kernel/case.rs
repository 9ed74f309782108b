//! What is sent, and how: once, as an exchange, or many times.
//!
//! Invariant: a case means the same on both sides; the only thing that a side adds is the answer to what it let out.

use serde::Serialize;

use super::packet::Packet;

/// One packet, and how it is driven.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Case {
    pub packet: Packet,
    pub drive: Drive,
    /// What it was aimed at, for people: a rule of one of the texts, or *witness*.
    pub aim: String,
}

/// How a packet is driven.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Drive {
    /// Sent once.
    Once,
    /// Sent; what came out of it is answered; then the opener goes on. Makes real connections.
    Talk,
    /// Sent many times.
    Burst(Burst),
}

/// A run of equal packets.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Burst {
    pub count: u32,
    /// Each packet has a source port of its own, so that each opens a connection.
    pub vary_port: bool,
    /// Sent again after so many milliseconds, to see what was filled up meanwhile; 0: not.
    pub again_after: u32,
}

impl Case {
    /// A packet sent once.
    pub fn once(packet: Packet, aim: &str) -> Self {
        Case { packet, drive: Drive::Once, aim: aim.to_owned() }
    }

    /// Whether it may stand in one namespace with others, without what rules count coming between them.
    pub fn is_burst(&self) -> bool {
        matches!(self.drive, Drive::Burst(_))
    }
}
