//! The tiny world: all packets that there are in it, and what can become of one.

use bstr::BString;
use ipt2nft::prove::compare::Example;

/// A packet as the prover names it.
pub type Packet = Example;

/// What a base chain does with a packet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    pub accepted: bool,
    /// 0 where the packet ends.
    pub mark: u32,
    pub ct_mark: u32,
    /// Prefixes and levels of the log lines, sorted: their order is not compared.
    pub logs: Vec<(BString, u64)>,
}

/// A packet on its way, and what it has caused.
#[derive(Clone)]
pub struct Travel {
    pub packet: Packet,
    pub logs: Vec<(BString, u64)>,
}

impl Travel {
    pub fn new(packet: &Packet) -> Self {
        Travel { packet: packet.clone(), logs: Vec::new() }
    }

    pub fn end(mut self, accepted: bool) -> Outcome {
        self.logs.sort();
        let mark = if accepted { self.packet.mark } else { 0 };
        Outcome { accepted, mark, ct_mark: self.packet.ct_mark, logs: self.logs }
    }
}

/// The level of log lines that name none.
pub const WARNING: u64 = 4;
pub const INVALID: u8 = 1;
pub const ESTABLISHED: u8 = 2;
pub const RELATED: u8 = 4;
pub const NEW: u8 = 8;
pub const UNTRACKED: u8 = 64;
pub const TCP: u8 = 6;
pub const UDP: u8 = 17;

/// Whether the packet has a connection.
pub const fn has_connection(packet: &Packet) -> bool {
    packet.ct_state & (ESTABLISHED | RELATED | NEW) != 0
}

/// All packets of the world.
pub fn world() -> Vec<Packet> {
    let mut out = vec![Packet { ttl: 64, ..Packet::default() }];
    let mut vary = |values: &dyn Fn(&Packet) -> Vec<Packet>| out = out.iter().flat_map(values).collect();
    vary(&|p| {
        [0, 1, 2, 3, 5].map(|n| Packet { source: 0x0a00_0000 + n, destination: 0x0a01_0101, ..p.clone() }).to_vec()
    });
    vary(&|p| ["a1", "a2", "b1"].map(|name| Packet { iif: name.into(), oif: "out".into(), ..p.clone() }).to_vec());
    vary(&|p| {
        [(TCP, 2), (TCP, 16), (UDP, 0), (1, 0)].map(|(n, f)| Packet { protocol: n, tcp_flags: f, ..p.clone() }).to_vec()
    });
    vary(&|p| [79, 80, 81, 82, 443].map(|port| Packet { sport: 40_000, dport: port, ..p.clone() }).to_vec());
    vary(&|p| [INVALID, ESTABLISHED, NEW, UNTRACKED].map(|state| Packet { ct_state: state, ..p.clone() }).to_vec());
    vary(&|p| [0, 1, 2, 3, 0x101].map(|mark| Packet { mark, ..p.clone() }).to_vec());
    out
}
