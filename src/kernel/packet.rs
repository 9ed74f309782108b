//! A packet as it is sent, and how it comes into the kernel.
//!
//! Invariant: every value of the type can be sent; fields that a protocol does not have are ignored.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use serde::{Deserialize, Serialize};

/// How a packet travels through the host.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// From an interface to this host: prerouting, input.
    In,
    /// From one interface to another: prerouting, forward, postrouting.
    #[default]
    Forward,
    /// From this host: output, postrouting.
    Out,
}

/// What connection tracking knows about the packet beforehand.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Connection {
    /// Nothing.
    #[default]
    New,
    /// It goes on in a connection that was opened, but not answered yet.
    Opened,
    /// It belongs to a connection that it may have opened, and that was answered.
    Established,
    /// It answers in a connection that its receiver opened.
    Reply,
    /// It is an ICMP error about a connection.
    Related,
}

/// One packet. Missing fields of a serialised packet take the default's value.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Packet {
    pub way: Way,
    /// Interface it comes in by; not used by `Way::Out`.
    pub iif: String,
    /// Interface it leaves by, when it leaves (for `Way::In`: by which answers leave).
    pub oif: String,
    /// Both addresses are of one family; the source's decides.
    pub src: IpAddr,
    pub dst: IpAddr,
    /// Number of the transport protocol.
    pub protocol: u8,
    pub sport: u16,
    pub dport: u16,
    /// FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32, ECE 64, CWR 128.
    pub tcp_flags: u8,
    /// TCP options as on the wire; cut to whole words, at most 40 bytes.
    pub tcp_options: Vec<u8>,
    pub icmp_type: u8,
    pub icmp_code: u8,
    pub ttl: u8,
    /// Type of service or traffic class, ECN bits included.
    pub tos: u8,
    /// Mark before any rule.
    pub mark: u32,
    /// Bytes of data behind the transport header.
    pub payload: u16,
    /// What the data begins with.
    pub data: Vec<u8>,
    /// Offset of a fragment in units of 8 bytes; 0: not a later fragment.
    pub fragment: u16,
    pub more_fragments: bool,
    /// Numbers of the IPv6 extension headers in front (0, 43, 44, 60).
    pub extensions: Vec<u8>,
    /// What a routing header holds behind its length; missing bytes are 0.
    pub routing: Vec<u8>,
    /// SPI of ESP and AH.
    pub spi: u32,
    /// Link layer source address.
    pub mac: [u8; 6],
    /// Link layer destination: 0 this host, 1 broadcast, 2 multicast.
    pub cast: u8,
    pub connection: Connection,
    /// Mark of the connection beforehand; not used by `Connection::New`.
    pub ct_mark: u32,
    /// Owner of the sending socket; `Way::Out` only.
    pub uid: u32,
    pub gid: u32,
}

impl Default for Packet {
    fn default() -> Self {
        Packet {
            way: Way::Forward,
            iif: String::new(),
            oif: String::new(),
            src: Ipv4Addr::new(192, 0, 2, 1).into(),
            dst: Ipv4Addr::new(198, 51, 100, 1).into(),
            protocol: 6,
            sport: 40000,
            dport: 80,
            tcp_flags: 2,
            tcp_options: Vec::new(),
            icmp_type: 8,
            icmp_code: 0,
            ttl: 64,
            tos: 0,
            mark: 0,
            payload: 8,
            data: Vec::new(),
            fragment: 0,
            more_fragments: false,
            extensions: Vec::new(),
            routing: Vec::new(),
            spi: 0x1234,
            mac: [2, 0xaa, 0, 0, 0, 2],
            cast: 0,
            connection: Connection::New,
            ct_mark: 0,
            uid: 0,
            gid: 0,
        }
    }
}

/// What tells one connection from another, whichever way a packet goes in it.
pub type Flow = (u8, (IpAddr, u16), (IpAddr, u16));

impl Packet {
    /// Whether it is an IPv6 packet.
    pub fn is_v6(&self) -> bool {
        self.src.is_ipv6()
    }

    /// Whether its transport header opens with two ports.
    pub fn has_ports(&self) -> bool {
        has_ports(self.protocol)
    }

    /// Whether it is an ICMP packet of its family.
    pub fn is_icmp(&self) -> bool {
        self.protocol == if self.is_v6() { 58 } else { 1 }
    }

    /// Identifier of an ICMP echo; the same for both directions.
    pub fn echo_id(&self, number: u32) -> u16 {
        number as u16 ^ self.sport ^ self.dport
    }

    /// The connection it belongs to; the same for both directions. ICMP has its identifier for ports.
    pub fn flow(&self, number: u32) -> Flow {
        let (sport, dport) = match self.protocol {
            1 | 58 => (self.echo_id(number), self.echo_id(number)),
            _ if self.has_ports() => (self.sport, self.dport),
            _ => (0, 0),
        };
        let (a, b) = ((self.src, sport), (self.dst, dport));
        if a <= b { (self.protocol, a, b) } else { (self.protocol, b, a) }
    }

    /// The packet's answer: addresses and ports the other way round.
    pub fn reversed(&self) -> Packet {
        let mut back = self.clone();
        std::mem::swap(&mut back.src, &mut back.dst);
        std::mem::swap(&mut back.sport, &mut back.dport);
        back
    }
}

/// Whether a protocol's header opens with two ports: TCP, UDP, DCCP, SCTP, UDP-Lite.
pub const fn has_ports(protocol: u8) -> bool {
    matches!(protocol, 6 | 17 | 33 | 132 | 136)
}

/// Names of the TCP flags, lowest bit first.
const FLAG_NAMES: [&str; 8] = ["fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr"];

/// TCP flags as words.
pub fn flag_words(flags: u8) -> String {
    let words: Vec<&str> =
        FLAG_NAMES.iter().enumerate().filter(|(bit, _)| flags >> bit & 1 == 1).map(|(_, name)| *name).collect();
    if words.is_empty() { "none".to_owned() } else { words.join(",") }
}

/// Name of a transport protocol, or its number.
pub fn protocol_word(protocol: u8) -> String {
    let name = match protocol {
        1 => "icmp",
        2 => "igmp",
        6 => "tcp",
        17 => "udp",
        33 => "dccp",
        47 => "gre",
        50 => "esp",
        51 => "ah",
        58 => "icmpv6",
        132 => "sctp",
        136 => "udplite",
        other => return format!("protocol {other}"),
    };
    name.to_owned()
}

impl fmt::Display for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&protocol_word(self.protocol))?;
        if self.has_ports() {
            write!(f, " {} port {} > {} port {}", self.src, self.sport, self.dst, self.dport)?;
        } else {
            write!(f, " {} > {}", self.src, self.dst)?;
        }
        match self.way {
            Way::In => write!(f, ", in by {}", self.iif)?,
            Way::Forward => write!(f, ", in by {}, out by {}", self.iif, self.oif)?,
            Way::Out => write!(f, ", sent by this host, out by {}", self.oif)?,
        }
        if self.protocol == 6 {
            write!(f, ", flags {}", flag_words(self.tcp_flags))?;
        }
        if self.is_icmp() && self.connection != Connection::Related {
            write!(f, ", type {} code {}", self.icmp_type, self.icmp_code)?;
        }
        match self.connection {
            Connection::New => {}
            Connection::Opened => f.write_str(", in a connection that was not answered yet")?,
            Connection::Established => f.write_str(", in an established connection")?,
            Connection::Reply => f.write_str(", answering in an established connection")?,
            Connection::Related => f.write_str(", as an ICMP error about a connection of the other side")?,
        }
        self.fmt_rest(f)
    }
}

impl Packet {
    /// The fields that differ from the usual.
    fn fmt_rest(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let usual = Packet::default();
        if self.mark != 0 {
            write!(f, ", mark {:#x}", self.mark)?;
        }
        if self.ct_mark != 0 && self.connection != Connection::New {
            write!(f, ", connection mark {:#x}", self.ct_mark)?;
        }
        for (name, value, default) in [("ttl", self.ttl, usual.ttl), ("tos", self.tos, usual.tos)] {
            if value != default {
                write!(f, ", {name} {value}")?;
            }
        }
        if self.payload != usual.payload {
            write!(f, ", {} bytes of data", self.payload)?;
        }
        if self.protocol == 6 && !self.tcp_options.is_empty() {
            write!(f, ", TCP options {:02x?}", self.tcp_options)?;
        }
        if self.fragment != 0 || self.more_fragments {
            let more = if self.more_fragments { ", more follow" } else { "" };
            write!(f, ", fragment at byte {}{more}", u32::from(self.fragment) * 8)?;
        }
        if !self.extensions.is_empty() {
            write!(f, ", extension headers {:?}", self.extensions)?;
        }
        if !self.routing.is_empty() {
            write!(f, ", routing header {:?}", self.routing)?;
        }
        if self.mac != usual.mac && self.way != Way::Out {
            let hex: Vec<String> = self.mac.iter().map(|b| format!("{b:02x}")).collect();
            write!(f, ", from {}", hex.join(":"))?;
        }
        if self.cast != 0 && self.way != Way::Out {
            f.write_str(if self.cast == 1 {
                ", to the broadcast address of the link"
            } else {
                ", to a multicast address of the link"
            })?;
        }
        if (self.uid, self.gid) != (0, 0) && self.way == Way::Out {
            write!(f, ", uid {} gid {}", self.uid, self.gid)?;
        }
        Ok(())
    }
}
