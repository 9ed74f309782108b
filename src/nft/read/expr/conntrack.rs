//! `ct [original|reply] [ip|ip6] KEY` (nft(8), *CONNTRACK EXPRESSIONS*).

use crate::nft::read::cursor::{Parsed, Reader, Unread};
use crate::packet::{CtDirection, CtKey, Family, Field};

impl Reader<'_> {
    /// A key of the connection, with `ct` already read.
    pub fn ct_field(&mut self) -> Parsed<Field> {
        let direction = match self.peek_word() {
            Some("original") => Some(CtDirection::Original),
            Some("reply") => Some(CtDirection::Reply),
            _ => None,
        };
        if direction.is_some() {
            self.advance();
        }
        let family = match self.peek_word() {
            Some("ip") => Some(Family::Ip),
            Some("ip6") => Some(Family::Ip6),
            _ => None,
        };
        if family.is_some() {
            self.advance();
        }
        let word = self.word()?;
        let key = match (direction, family) {
            (Some(direction), family) => directed(word, direction).map(|key| self.with_family(key, family)),
            (None, None) => plain(word),
            (None, Some(_)) => None,
        };
        let is_address = matches!(word, "saddr" | "daddr");
        key.filter(|_| family.is_none() || is_address).map(Field::Ct).ok_or(Unread)
    }

    /// A table of one family needs no family beside the address.
    fn with_family(&self, key: CtKey, family: Option<Family>) -> CtKey {
        match (key, family) {
            (_, Some(family)) if family == self.family => key,
            (CtKey::Saddr(direction), Some(Family::Ip)) => CtKey::IpSaddr(direction),
            (CtKey::Daddr(direction), Some(Family::Ip)) => CtKey::IpDaddr(direction),
            (CtKey::Saddr(direction), Some(Family::Ip6)) => CtKey::Ip6Saddr(direction),
            (CtKey::Daddr(direction), Some(Family::Ip6)) => CtKey::Ip6Daddr(direction),
            _ => key,
        }
    }
}

fn plain(word: &str) -> Option<CtKey> {
    Some(match word {
        "avgpkt" => CtKey::Avgpkt(None),
        "bytes" => CtKey::Bytes(None),
        "direction" => CtKey::Direction,
        "expiration" => CtKey::Expiration,
        "helper" => CtKey::Helper,
        "l3proto" => CtKey::L3proto,
        "label" => CtKey::Label,
        "mark" => CtKey::Mark,
        "packets" => CtKey::Packets(None),
        // The same in both directions.
        "protocol" => CtKey::Protocol(CtDirection::Original),
        "secmark" => CtKey::Secmark,
        "state" => CtKey::State,
        "status" => CtKey::Status,
        "zone" => CtKey::Zone,
        _ => return None,
    })
}

fn directed(word: &str, direction: CtDirection) -> Option<CtKey> {
    Some(match word {
        "avgpkt" => CtKey::Avgpkt(Some(direction)),
        "bytes" => CtKey::Bytes(Some(direction)),
        "daddr" => CtKey::Daddr(direction),
        "l3proto" => CtKey::L3proto,
        "packets" => CtKey::Packets(Some(direction)),
        "proto-dst" => CtKey::ProtoDst(direction),
        "proto-src" => CtKey::ProtoSrc(direction),
        "protocol" => CtKey::Protocol(direction),
        "saddr" => CtKey::Saddr(direction),
        "zone" => CtKey::ZoneIn(direction),
        _ => return None,
    })
}
