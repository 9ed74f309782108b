//! Interfaces up, and routes that decide whether a packet is for this host or passes through (rtnetlink(7)).
//!
//! The destination of a packet that shall come in is made local while the packet is sent, as if the host had
//! that address, so answers come from it; everything else leaves by one interface.

use std::collections::BTreeSet;
use std::io;
use std::net::IpAddr;

use nix::sys::socket::SockProtocol;

use super::netlink::{CREATE, CREATE_OR_REPLACE, Message, Socket};
use super::tap::Tap;

const RTM_NEWLINK: u16 = 16;
const RTM_NEWADDR: u16 = 20;
const RTM_NEWROUTE: u16 = 24;
const RTM_DELROUTE: u16 = 25;
const RTM_NEWRULE: u16 = 32;
const IFF_UP: u32 = 1;
const IFF_NOARP: u32 = 0x80;
/// Where everything leaves by one interface.
const TABLE_OUT: u8 = 99;
/// The kernel's own table of local addresses.
const TABLE_LOCAL: u8 = 255;
/// `IFA_F_NODAD | IFA_F_MCAUTOJOIN`
const JOIN: u32 = 0x402;
/// Index of `lo`, the first interface of every namespace.
pub const LOOPBACK: u32 = 1;

/// What the routes are set up for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Setup {
    /// Index of the interface that everything leaves by.
    pub out: u32,
    /// Whether what leaves comes back by the loopback interface.
    pub looped: bool,
    /// The destination that is local, and the index of the interface by which it is reached.
    pub local: Option<(IpAddr, u32)>,
}

/// Routes of one family in the thread's namespace.
pub struct Router {
    socket: Socket,
    family: u8,
    present: Option<Setup>,
    joined: BTreeSet<(IpAddr, u32)>,
}

impl Router {
    /// Brings all interfaces up with an address each and lays the policy rule.
    pub fn new(v6: bool, taps: &[Tap]) -> io::Result<Self> {
        let mut router = Router {
            socket: Socket::open(SockProtocol::NetlinkRoute, 1 << 20)?,
            family: if v6 { 10 } else { 2 },
            present: None,
            joined: BTreeSet::new(),
        };
        let mut messages = vec![link(LOOPBACK, IFF_UP, None)];
        messages.extend(taps.iter().map(|tap| link(tap.index, IFF_UP | IFF_NOARP, Some(tap.mac))));
        messages.extend(taps.iter().enumerate().map(|(n, tap)| router.address(n, tap.index)));
        messages.push(router.rule());
        let answers = router.socket.batch(&messages)?;
        match answers.iter().find(|e| **e != 0) {
            Some(errno) => Err(io::Error::from_raw_os_error(*errno)),
            None => Ok(router),
        }
    }

    /// Makes the routes fit for a packet; cheap when they do already. Routes that make no sense to the kernel are
    /// left out; they are on both sides.
    pub fn prepare(&mut self, setup: &Setup) -> io::Result<()> {
        let before = self.present.take();
        let mut messages = Vec::new();
        if before.as_ref().map(|b| (b.out, b.looped)) != Some((setup.out, setup.looped)) {
            messages.push(self.route(TABLE_OUT, setup.out, setup.looped));
        }
        let had = before.and_then(|b| b.local);
        if had != setup.local {
            messages.extend(had.filter(|(to, _)| !to.is_multicast()).map(|(to, _)| self.local(RTM_DELROUTE, to)));
            match setup.local {
                Some((to, by)) if to.is_multicast() && self.joined.insert((to, by)) => messages.push(self.join(to, by)),
                Some((to, _)) if !to.is_multicast() => messages.push(self.local(RTM_NEWROUTE, to)),
                _ => {}
            }
        }
        self.present = Some(setup.clone());
        if !messages.is_empty() {
            self.socket.batch(&messages)?;
        }
        Ok(())
    }

    /// Takes the loopback interface down: what is under way there is gone, and so are the routes by it.
    pub fn cut_loopback(&mut self) -> io::Result<()> {
        self.socket.request(&link(LOOPBACK, 0, None))
    }

    /// Brings the loopback interface up again; the next packet finds its routes made anew.
    pub fn join_loopback(&mut self) -> io::Result<()> {
        self.present = None;
        self.socket.request(&link(LOOPBACK, IFF_UP, None))
    }

    fn rule(&self) -> Message {
        let header = [self.family, 0, 0, 0, TABLE_OUT, 0, 0, 1, 0, 0, 0, 0];
        Message::new(RTM_NEWRULE, CREATE, &header).attr(6, &50u32.to_ne_bytes())
    }

    /// The default route of a table; with `looped` to this host itself.
    fn route(&self, table: u8, device: u32, looped: bool) -> Message {
        let (scope, kind) = match (looped, self.family) {
            (true, 2) => (254, 2),
            (true, _) => (0, 2),
            (false, 2) => (253, 1),
            (false, _) => (0, 1),
        };
        let header = [self.family, 0, 0, 0, table, 3, scope, kind, 0, 0, 0, 0];
        let message = Message::new(RTM_NEWROUTE, CREATE_OR_REPLACE, &header).attr(4, &device.to_ne_bytes());
        if self.family == 2 { message } else { message.attr(6, &1u32.to_ne_bytes()) }
    }

    /// Adds or takes the route that makes one address local.
    fn local(&self, kind: u16, to: IpAddr) -> Message {
        let (length, scope) = if self.family == 2 { (32, 254) } else { (128, 0) };
        let flags = if kind == RTM_NEWROUTE { CREATE_OR_REPLACE } else { 0 };
        let header = [self.family, length, 0, 0, TABLE_LOCAL, 3, scope, 2, 0, 0, 0, 0];
        Message::new(kind, flags, &header).attr(1, &octets(to)).attr(4, &LOOPBACK.to_ne_bytes())
    }

    /// Makes the host a member of a multicast group on an interface.
    fn join(&self, group: IpAddr, device: u32) -> Message {
        let bytes = octets(group);
        let length = if self.family == 2 { 32 } else { 128 };
        let mut header = vec![self.family, length, 0x02, 0];
        header.extend_from_slice(&device.to_ne_bytes());
        let message = Message::new(RTM_NEWADDR, CREATE_OR_REPLACE, &header).attr(2, &bytes).attr(1, &bytes);
        message.attr(8, &JOIN.to_ne_bytes())
    }

    fn address(&self, number: usize, device: u32) -> Message {
        let [high, low] = u16::try_from(number).unwrap_or(u16::MAX).to_be_bytes();
        let v4 = [198, 18, high, low];
        let v6 = [0xfd, 0x99, high, low, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
        let (bytes, length): (&[u8], u8) = if self.family == 2 { (&v4, 32) } else { (&v6, 128) };
        let mut header = vec![self.family, length, 0x02, 0];
        header.extend_from_slice(&device.to_ne_bytes());
        Message::new(RTM_NEWADDR, CREATE_OR_REPLACE, &header).attr(2, bytes).attr(1, bytes)
    }
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(a) => a.octets().to_vec(),
        IpAddr::V6(a) => a.octets().to_vec(),
    }
}

/// Sets the flags of an interface, and its address where there is one.
fn link(index: u32, flags: u32, mac: Option<[u8; 6]>) -> Message {
    let mut header = vec![0, 0, 0, 0];
    for word in [index, flags, flags | IFF_UP] {
        header.extend_from_slice(&word.to_ne_bytes());
    }
    let message = Message::new(RTM_NEWLINK, 0, &header);
    match mac {
        Some(mac) => message.attr(1, &mac),
        None => message,
    }
}
