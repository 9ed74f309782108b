//! Interfaces named as in the rules, each a tap through which packets come in.
//!
//! Invariant: interfaces are made in the order of their names on every side, so equal names have equal indexes.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;

use nix::libc::O_NONBLOCK;

use super::sys;

/// One tap interface and its link layer address.
pub struct Tap {
    file: File,
    pub name: String,
    pub index: u32,
    pub mac: [u8; 6],
}

impl Tap {
    /// Makes a tap in the thread's namespace; `number` tells its address from the others'.
    pub fn new(name: &str, number: u16) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).custom_flags(O_NONBLOCK).open("/dev/net/tun")?;
        sys::attach_tap(&file, name)?;
        let [high, low] = number.to_be_bytes();
        let index = nix::net::if_::if_nametoindex(name)?;
        Ok(Tap { file, name: name.to_owned(), index, mac: [2, 0, 0, 0, high, low] })
    }

    /// Hands a packet to the kernel as if it had come in by this interface.
    pub fn inject(&mut self, to: [u8; 6], from: [u8; 6], ether_type: u16, packet: &[u8]) -> io::Result<()> {
        let mut frame = Vec::with_capacity(14 + packet.len());
        frame.extend_from_slice(&to);
        frame.extend_from_slice(&from);
        frame.extend_from_slice(&ether_type.to_be_bytes());
        frame.extend_from_slice(packet);
        self.file.write_all(&frame)
    }
}
