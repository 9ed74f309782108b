//! Raw sockets, from which packets of this host come; one for each owner.
//!
//! Invariant: the thread's own identity is the same after as before.

use std::io;
use std::net::{IpAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::{AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, SockaddrIn, SockaddrIn6, sendto, setsockopt, socket,
    sockopt,
};
use nix::unistd::{Gid, Uid, setfsgid, setfsuid};
use rustc_hash::FxHashMap;

use super::packet::Packet;

/// Sockets by user and group.
pub struct RawSockets {
    v6: bool,
    sockets: FxHashMap<(u32, u32), OwnedFd>,
}

impl RawSockets {
    pub fn new(v6: bool) -> Self {
        RawSockets { v6, sockets: FxHashMap::default() }
    }

    /// Sends whole packets; the inner result is what the kernel said to this one.
    pub fn send(&mut self, packet: &Packet, bytes: &[u8]) -> io::Result<Result<(), Errno>> {
        let owner = (packet.uid, packet.gid);
        if !self.sockets.contains_key(&owner) {
            self.sockets.insert(owner, open(self.v6, owner)?);
        }
        let Some(fd) = self.sockets.get(&owner) else { return Ok(Ok(())) };
        setsockopt(fd, sockopt::Mark, &packet.mark)?;
        let sent = match packet.dst {
            IpAddr::V4(dst) => {
                sendto(fd.as_raw_fd(), bytes, &SockaddrIn::from(SocketAddrV4::new(dst, 0)), MsgFlags::MSG_DONTWAIT)
            }
            IpAddr::V6(dst) => {
                let to = SockaddrIn6::from(SocketAddrV6::new(dst, 0, 0, 0));
                sendto(fd.as_raw_fd(), bytes, &to, MsgFlags::MSG_DONTWAIT)
            }
        };
        Ok(sent.map(drop))
    }
}

/// Sockets of protocol 255 take whole packets, headers included (raw(7)).
/// A socket belongs to the file system identity that its maker had (`sk->sk_socket->file->f_cred`).
fn open(v6: bool, (uid, gid): (u32, u32)) -> io::Result<OwnedFd> {
    let family = if v6 { AddressFamily::Inet6 } else { AddressFamily::Inet };
    let old_group = setfsgid(Gid::from_raw(gid));
    let old_user = setfsuid(Uid::from_raw(uid));
    let made = socket(family, SockType::Raw, SockFlag::SOCK_CLOEXEC, SockProtocol::Raw);
    setfsuid(old_user);
    setfsgid(old_group);
    let fd = made?;
    setsockopt(&fd, sockopt::Broadcast, &true)?;
    Ok(fd)
}
