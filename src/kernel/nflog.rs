//! Listening to what rules log by nfnetlink_log (`nfnetlink_log.h`).
//!
//! Invariant: each logged packet comes alone and at once, so the order of records is the order of events.

use std::io;

use nix::errno::Errno;
use nix::sys::socket::SockProtocol;

use super::netlink::{Message, Socket, attributes, take};

const NFULNL_MSG_PACKET: u16 = 0x400;
const NFULNL_MSG_CONFIG: u16 = 0x401;

/// Records that are read at once: more than any packet should cause. One whose copies come back to be copied again
/// (`TEE` towards the host itself) causes records for ever.
const MOST: usize = 1000;

/// One logged packet.
#[derive(Clone, Debug, Default)]
pub struct Record {
    pub group: u16,
    /// As in `netfilter.h`: prerouting 0, input 1, forward 2, output 3, postrouting 4.
    pub hook: u8,
    pub prefix: String,
    pub mark: u32,
    /// Interface indexes; 0 for none.
    pub iif: u32,
    pub oif: u32,
    /// From the network header on.
    pub packet: Vec<u8>,
}

/// A socket bound to log groups of the thread's namespace.
pub struct Listener {
    socket: Socket,
    /// How often the kernel had no room for records.
    pub lost: usize,
}

impl Listener {
    /// Binds every group. `EBUSY` when a group has a listener in this namespace already.
    pub fn new(groups: impl Iterator<Item = u16>) -> io::Result<Self> {
        let mut socket = Socket::open(SockProtocol::NetlinkNetFilter, 64 << 20)?;
        for group in groups {
            let [high, low] = group.to_be_bytes();
            let config = || Message::new(NFULNL_MSG_CONFIG, 0, &[0, 0, high, low]);
            let copy_all = [&u32::MAX.to_be_bytes()[..], &[2, 0]].concat();
            for message in [config().attr(1, &[1]), config().attr(2, &copy_all), config().attr(5, &1u32.to_be_bytes())]
            {
                socket.request(&message)?;
            }
        }
        Ok(Listener { socket, lost: 0 })
    }

    /// Hands on what has been logged since, without waiting. `Ok(false)`: that was [`MOST`] records, and there may be
    /// more.
    pub fn drain(&mut self, mut each: impl FnMut(Record)) -> io::Result<bool> {
        let mut count = 0;
        loop {
            let more = self.socket.poll(|kind, body| {
                if kind == NFULNL_MSG_PACKET {
                    count += 1;
                    each(read(body));
                }
            });
            match more {
                Ok(true) if count >= MOST => return Ok(false),
                Ok(true) => {}
                Ok(false) => return Ok(true),
                Err(e) if e.raw_os_error() == Some(Errno::ENOBUFS as i32) => self.lost += 1,
                Err(e) => return Err(e),
            }
        }
    }

    /// Lets go of all that has been logged.
    pub fn forget(&mut self) -> io::Result<()> {
        while !self.drain(|_| {})? {}
        Ok(())
    }
}

fn read(body: &[u8]) -> Record {
    let mut record = Record { group: u16::from_be_bytes(take(body, 2)), ..Record::default() };
    for (kind, value) in attributes(body.get(4..).unwrap_or_default()) {
        match kind {
            1 => record.hook = value.get(2).copied().unwrap_or_default(),
            2 => record.mark = u32::from_be_bytes(take(value, 0)),
            4 => record.iif = u32::from_be_bytes(take(value, 0)),
            5 => record.oif = u32::from_be_bytes(take(value, 0)),
            9 => record.packet = value.to_vec(),
            10 => record.prefix = String::from_utf8_lossy(value).trim_end_matches('\0').to_owned(),
            _ => {}
        }
    }
    record
}
