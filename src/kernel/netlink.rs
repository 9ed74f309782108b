//! Netlink messages: build them, send them in batches, read the answers (netlink(7)).
//!
//! Invariant: reading never leaves the buffer; a message or attribute that claims more than there is ends the list.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, send, setsockopt, socket,
    sockopt,
};

const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const NLM_F_REQUEST: u16 = 1;
const NLM_F_ACK: u16 = 4;
/// `NLM_F_CREATE | NLM_F_REPLACE`
pub const CREATE_OR_REPLACE: u16 = 0x500;
/// `NLM_F_CREATE | NLM_F_EXCL`
pub const CREATE: u16 = 0x600;
const NLM_F_DUMP: u16 = 0x300;
const NLA_F_NESTED: u16 = 0x8000;
const NLA_TYPE_MASK: u16 = 0x3fff;

/// A request: its type, flags and body (the protocol's own header, then attributes).
#[derive(Clone, Debug)]
pub struct Message {
    kind: u16,
    flags: u16,
    body: Vec<u8>,
}

impl Message {
    /// A request of type `kind` whose body opens with `header`.
    pub fn new(kind: u16, flags: u16, header: &[u8]) -> Self {
        Message { kind, flags, body: header.to_vec() }
    }

    /// Adds an attribute.
    #[must_use]
    pub fn attr(mut self, kind: u16, value: &[u8]) -> Self {
        push_attr(&mut self.body, kind, value);
        self
    }

    /// Adds an attribute that holds attributes.
    #[must_use]
    pub fn nest(mut self, kind: u16, inner: impl FnOnce(Message) -> Message) -> Self {
        let inside = inner(Message::new(0, 0, &[])).body;
        push_attr(&mut self.body, kind | NLA_F_NESTED, &inside);
        self
    }

    fn write(&self, sequence: u32, extra: u16, out: &mut Vec<u8>) {
        let length = u32::try_from(16 + self.body.len()).unwrap_or(u32::MAX);
        out.extend_from_slice(&length.to_ne_bytes());
        out.extend_from_slice(&self.kind.to_ne_bytes());
        out.extend_from_slice(&(self.flags | NLM_F_REQUEST | extra).to_ne_bytes());
        out.extend_from_slice(&sequence.to_ne_bytes());
        out.extend_from_slice(&0u32.to_ne_bytes());
        out.extend_from_slice(&self.body);
        pad(out);
    }
}

fn push_attr(out: &mut Vec<u8>, kind: u16, value: &[u8]) {
    let length = u16::try_from(4 + value.len()).unwrap_or(u16::MAX);
    out.extend_from_slice(&length.to_ne_bytes());
    out.extend_from_slice(&kind.to_ne_bytes());
    out.extend_from_slice(value);
    pad(out);
}

fn pad(out: &mut Vec<u8>) {
    while !out.len().is_multiple_of(4) {
        out.push(0);
    }
}

/// A netlink socket of the network namespace that its maker was in.
pub struct Socket {
    fd: OwnedFd,
    sequence: u32,
    buffer: Vec<u8>,
}

impl Socket {
    /// Opens a socket of one netlink protocol with a receive buffer of `bytes`.
    pub fn open(protocol: SockProtocol, bytes: usize) -> io::Result<Self> {
        let fd = socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, protocol)?;
        bind(fd.as_raw_fd(), &NetlinkAddr::new(0, 0))?;
        setsockopt(&fd, sockopt::RcvBufForce, &bytes)?;
        Ok(Socket { fd, sequence: 0, buffer: vec![0; 1 << 16] })
    }

    /// Sends one request and waits for the kernel's answer.
    pub fn request(&mut self, message: &Message) -> io::Result<()> {
        match self.batch(std::slice::from_ref(message))?.first() {
            Some(errno) if *errno != 0 => Err(io::Error::from_raw_os_error(*errno)),
            _ => Ok(()),
        }
    }

    /// Sends requests together; returns the error number of each (0: done).
    pub fn batch(&mut self, messages: &[Message]) -> io::Result<Vec<i32>> {
        let mut answers = Vec::with_capacity(messages.len());
        for some in messages.chunks(64) {
            self.batch_once(some, &mut answers)?;
        }
        Ok(answers)
    }

    fn batch_once(&mut self, messages: &[Message], answers: &mut Vec<i32>) -> io::Result<()> {
        let mut out = Vec::new();
        let first = self.sequence.wrapping_add(1);
        for message in messages {
            self.sequence = self.sequence.wrapping_add(1);
            message.write(self.sequence, NLM_F_ACK, &mut out);
        }
        send(self.fd.as_raw_fd(), &out, MsgFlags::empty())?;
        let mut results = vec![None; messages.len()];
        while results.iter().any(Option::is_none) {
            let n = recv(self.fd.as_raw_fd(), &mut self.buffer, MsgFlags::empty())?;
            for (kind, sequence, body) in messages_in(self.buffer.get(..n).unwrap_or_default()) {
                let place = results.get_mut(sequence.wrapping_sub(first) as usize);
                if let (NLMSG_ERROR, Some(place)) = (kind, place) {
                    *place = Some(i32::from_ne_bytes(take(body, 0)).saturating_neg());
                }
            }
        }
        answers.extend(results.into_iter().flatten());
        Ok(())
    }

    /// Sends a dump request and hands each answer's body to `each`.
    pub fn dump(&mut self, message: &Message, mut each: impl FnMut(&[u8])) -> io::Result<()> {
        self.sequence = self.sequence.wrapping_add(1);
        let mut out = Vec::new();
        message.write(self.sequence, NLM_F_DUMP, &mut out);
        send(self.fd.as_raw_fd(), &out, MsgFlags::empty())?;
        loop {
            let n = recv(self.fd.as_raw_fd(), &mut self.buffer, MsgFlags::empty())?;
            for (kind, _, body) in messages_in(self.buffer.get(..n).unwrap_or_default()) {
                match kind {
                    NLMSG_DONE => return Ok(()),
                    NLMSG_ERROR => {
                        return Err(io::Error::from_raw_os_error(i32::from_ne_bytes(take(body, 0)).saturating_neg()));
                    }
                    _ => each(body),
                }
            }
        }
    }

    /// Reads what has arrived unasked, without waiting. `Ok(false)`: nothing; an error of `ENOBUFS` means that some was lost.
    pub fn poll(&mut self, mut each: impl FnMut(u16, &[u8])) -> io::Result<bool> {
        match recv(self.fd.as_raw_fd(), &mut self.buffer, MsgFlags::MSG_DONTWAIT) {
            Ok(n) => {
                for (kind, _, body) in messages_in(self.buffer.get(..n).unwrap_or_default()) {
                    each(kind, body);
                }
                Ok(true)
            }
            Err(Errno::EAGAIN) => Ok(false),
            Err(e) => Err(e.into()),
        }
    }
}

/// `N` bytes at `at`, zeros where the slice ends before.
pub fn take<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut out = [0; N];
    for (to, from) in out.iter_mut().zip(bytes.iter().skip(at)) {
        *to = *from;
    }
    out
}

/// The messages of one datagram: type, sequence number, body.
fn messages_in(mut bytes: &[u8]) -> impl Iterator<Item = (u16, u32, &[u8])> {
    std::iter::from_fn(move || {
        let length = u32::from_ne_bytes(take(bytes, 0)) as usize;
        let body = bytes.get(16..length)?;
        let found = (u16::from_ne_bytes(take(bytes, 4)), u32::from_ne_bytes(take(bytes, 8)), body);
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(found)
    })
}

/// The attributes in a message's body or in an attribute: type without flags, value.
pub fn attributes(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let length = usize::from(u16::from_ne_bytes(take(bytes, 0)));
        let value = bytes.get(4..length)?;
        let kind = u16::from_ne_bytes(take(bytes, 2)) & NLA_TYPE_MASK;
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_reads_back() {
        let message = Message::new(7, 0, &[1, 2, 3, 4]).attr(5, b"abc").nest(6, |m| m.attr(1, &[9]));
        let mut out = Vec::new();
        message.write(3, 0, &mut out);
        let read: Vec<_> = messages_in(&out).collect();
        assert_eq!((read.len(), read[0].0, read[0].1), (1, 7, 3));
        let attrs: Vec<_> = attributes(&read[0].2[4..]).collect();
        assert_eq!((attrs[0], attrs[1].0), ((5, b"abc".as_slice()), 6));
        assert_eq!(attributes(attrs[1].1).collect::<Vec<_>>(), [(1, [9].as_slice())]);
    }

    #[test]
    fn lies_about_length_end_the_list() {
        assert_eq!(messages_in(&[255, 0, 0, 0, 1, 0]).count(), 0);
        assert_eq!(attributes(&[3, 0, 1, 0]).count(), 0);
        assert_eq!(attributes(&[9, 0, 1, 0, 1]).count(), 0);
    }
}
