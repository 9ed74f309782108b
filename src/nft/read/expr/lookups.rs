//! What the kernel looks up for a packet: routes, sockets, fingerprints, IPsec (nft(8), *FIB*,
//! *SOCKET*, *OSF*, *ROUTING* and *IPSEC EXPRESSIONS*).

use crate::nft::read::cursor::{Parsed, Reader, Unread};
use crate::packet::{FibFlags, FibResult, Field, IpsecDirection, IpsecKey, OsfKey, OsfTtl, RtKey, SocketKey};

impl Reader<'_> {
    /// `saddr . iif oif`, with `fib` already read.
    pub fn fib_field(&mut self) -> Parsed<Field> {
        let mut flags = FibFlags::default();
        loop {
            match self.word()? {
                "daddr" => flags.daddr = true,
                "iif" => flags.iif = true,
                "mark" => flags.mark = true,
                "oif" => flags.oif = true,
                "saddr" => flags.saddr = true,
                _ => return Err(Unread),
            }
            if !self.eat(".") {
                break;
            }
        }
        let result = match self.word()? {
            "check" => FibResult::Exists,
            "oif" | "oifname" if self.asks_existence() => FibResult::Exists,
            "oif" => FibResult::Oif,
            "oifname" => FibResult::Oifname,
            "type" => FibResult::Type,
            _ => return Err(Unread),
        };
        Ok(Field::Fib { flags, result })
    }

    /// Whether `exists` or `missing` comes next, behind an operator or not.
    fn asks_existence(&self) -> bool {
        let distance = usize::from(["==", "!=", "eq", "ne"].iter().any(|op| self.is(op)));
        matches!(self.word_ahead(distance), Some("exists" | "missing"))
    }

    /// A key of the socket, with `socket` already read.
    pub fn socket_field(&mut self) -> Parsed<Field> {
        Ok(match self.word()? {
            "cgroupv2" => {
                self.need("level")?;
                Field::SocketCgroupv2 { level: self.number()? }
            }
            "mark" => Field::Socket(SocketKey::Mark),
            "transparent" => Field::Socket(SocketKey::Transparent),
            "wildcard" => Field::Socket(SocketKey::Wildcard),
            _ => return Err(Unread),
        })
    }

    /// A key of the fingerprint, with `osf` already read.
    pub fn osf_field(&mut self) -> Parsed<Field> {
        let mut word = self.word()?;
        let mut ttl = OsfTtl::Strict;
        if word == "ttl" {
            ttl = match self.word()? {
                "loose" => OsfTtl::Loose,
                "skip" => OsfTtl::Skip,
                _ => return Err(Unread),
            };
            word = self.word()?;
        }
        let key = match word {
            "name" => OsfKey::Name,
            "version" => OsfKey::Version,
            _ => return Err(Unread),
        };
        Ok(Field::Osf { key, ttl })
    }

    /// A key of the route or of the IPv6 routing header, with `rt` already read.
    pub fn rt_field(&mut self) -> Parsed<Field> {
        let key = match self.peek_word() {
            Some("classid") => RtKey::Classid,
            Some("ipsec") => RtKey::Ipsec,
            Some("mtu") => RtKey::Mtu,
            _ => return self.exthdr_field("rt"),
        };
        self.advance();
        Ok(Field::Rt(key))
    }

    /// `in|out [spnum N] KEY`, with `ipsec` already read.
    pub fn ipsec_field(&mut self) -> Parsed<Field> {
        let dir = match self.word()? {
            "in" => IpsecDirection::In,
            "out" => IpsecDirection::Out,
            _ => return Err(Unread),
        };
        let spnum = if self.eat("spnum") { self.number()? } else { 0 };
        let key = match (self.word()?, self.peek_word()) {
            ("reqid", _) => return Ok(Field::Ipsec { dir, spnum, key: IpsecKey::Reqid }),
            ("spi", _) => return Ok(Field::Ipsec { dir, spnum, key: IpsecKey::Spi }),
            ("ip", Some("saddr")) => IpsecKey::IpSaddr,
            ("ip", Some("daddr")) => IpsecKey::IpDaddr,
            ("ip6", Some("saddr")) => IpsecKey::Ip6Saddr,
            ("ip6", Some("daddr")) => IpsecKey::Ip6Daddr,
            _ => return Err(Unread),
        };
        self.advance();
        Ok(Field::Ipsec { dir, spnum, key })
    }
}
