//! Named objects: counters, quotas, limits, helpers, timeouts, synproxies, security marks (nft(8),
//! *STATEFUL OBJECTS*).

use super::cursor::{Parsed, Reader, Unread};
use super::statements::SynproxyNumbers;
use super::symbols;
use super::token::Kind;
use crate::nft::ast::{Object, ObjectBody, ObjectKind};
use crate::packet::{DataType, Family};

impl Reader<'_> {
    /// `name { ... }`, with the keyword already read; what stands in the block may also stand without it.
    pub fn object(&mut self, kind: ObjectKind, line: u32) -> Parsed<Object> {
        let name = self.name()?;
        let in_block = self.eat("{");
        let mut object = Object { name, comment: None, body: ObjectBody::Counter { packets: 0, bytes: 0 }, line };
        let mut properties = Properties::default();
        loop {
            if in_block {
                self.skip_blank();
            }
            if (in_block && self.eat("}")) || (!in_block && self.at_end_of_statement()) {
                break;
            }
            if self.peek().kind == Kind::End {
                return Err(self.unclosed());
            }
            let before = self.at;
            if self.eat("comment") {
                object.comment = Some(self.quoted()?);
            } else {
                self.object_property(kind, &mut properties)?;
            }
            if self.at == before {
                return Err(Unread);
            }
        }
        object.body = properties.body(kind).ok_or(Unread)?;
        Ok(object)
    }

    /// The kind of object that a keyword names; `ct` takes a second word.
    pub fn object_kind(&mut self) -> Parsed<ObjectKind> {
        Ok(match self.word()? {
            "counter" => ObjectKind::Counter,
            "limit" => ObjectKind::Limit,
            "quota" => ObjectKind::Quota,
            "secmark" => ObjectKind::Secmark,
            "synproxy" => ObjectKind::Synproxy,
            "ct" => match self.word()? {
                "expectation" => ObjectKind::CtExpectation,
                "helper" => ObjectKind::CtHelper,
                "timeout" => ObjectKind::CtTimeout,
                _ => return Err(Unread),
            },
            _ => return Err(Unread),
        })
    }

    fn object_property(&mut self, kind: ObjectKind, found: &mut Properties) -> Parsed<()> {
        match kind {
            ObjectKind::Counter => found.body = Some(counter_body(self.counter_numbers()?)),
            ObjectKind::Limit => found.body = Some(ObjectBody::Limit(self.limit_numbers()?)),
            ObjectKind::Quota => {
                let (over, bytes, used) = self.quota_numbers()?;
                found.body = Some(ObjectBody::Quota { over, bytes, used });
            }
            ObjectKind::Secmark => found.body = Some(ObjectBody::Secmark(self.quoted()?)),
            // Each of its numbers may stand on a line of its own.
            ObjectKind::Synproxy => self.synproxy_numbers(&mut found.synproxy)?,
            ObjectKind::CtHelper | ObjectKind::CtTimeout => return self.ct_property(found),
            ObjectKind::CtExpectation => return Err(Unread),
        }
        Ok(())
    }

    /// One property of a helper or timeout: `type "ftp" protocol tcp`, `l3proto ip`, `policy = { ... }`
    fn ct_property(&mut self, found: &mut Properties) -> Parsed<()> {
        match self.word()? {
            "type" => found.helper = Some(self.name()?),
            "protocol" => {
                let protocol = symbols::value(DataType::InetProto, self.word()?).ok_or(Unread)?;
                found.protocol = Some(u8::try_from(protocol).map_err(|_| Unread)?);
            }
            "l3proto" => found.l3proto = Some(family(self.word()?).ok_or(Unread)?),
            "policy" => {
                self.need("=")?;
                self.need("{")?;
                self.timeouts(&mut found.policy)?;
            }
            _ => return Err(Unread),
        }
        Ok(())
    }

    fn timeouts(&mut self, policy: &mut Vec<(String, u32)>) -> Parsed<()> {
        loop {
            self.skip_newlines();
            if self.eat("}") {
                return Ok(());
            }
            let state = self.word()?.to_owned();
            self.need(":")?;
            policy.push((state, u32::try_from(self.duration()?).map_err(|_| Unread)?));
            self.skip_newlines();
            if !self.eat(",") && !self.is("}") {
                return Err(Unread);
            }
        }
    }
}

/// `ip`, `ip6`, `inet`
pub(super) fn family(word: &str) -> Option<Family> {
    [Family::Ip, Family::Ip6, Family::Inet].into_iter().find(|family| family.name() == word)
}

const fn counter_body((packets, bytes): (u64, u64)) -> ObjectBody {
    ObjectBody::Counter { packets, bytes }
}

/// What has been read of an object.
#[derive(Default)]
struct Properties {
    body: Option<ObjectBody>,
    helper: Option<bstr::BString>,
    protocol: Option<u8>,
    l3proto: Option<Family>,
    policy: Vec<(String, u32)>,
    synproxy: SynproxyNumbers,
}

impl Properties {
    fn body(self, kind: ObjectKind) -> Option<ObjectBody> {
        match kind {
            ObjectKind::Counter => Some(self.body.unwrap_or(counter_body((0, 0)))),
            ObjectKind::CtHelper => {
                Some(ObjectBody::CtHelper { helper: self.helper?, protocol: self.protocol?, l3proto: self.l3proto })
            }
            ObjectKind::CtTimeout => {
                Some(ObjectBody::CtTimeout { protocol: self.protocol?, l3proto: self.l3proto, policy: self.policy })
            }
            ObjectKind::Synproxy => {
                let SynproxyNumbers { mss, wscale, timestamp, sack_perm } = self.synproxy;
                Some(ObjectBody::Synproxy { mss: mss?, wscale: wscale?, timestamp, sack_perm })
            }
            _ => self.body,
        }
    }
}
