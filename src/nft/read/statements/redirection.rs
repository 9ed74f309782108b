//! Statements that send a packet elsewhere without nat: tproxy, dup, synproxy.

use smallvec::smallvec;

use crate::nft::ast::{ObjectKind, Statement};
use crate::nft::read::cursor::{Parsed, Reader, Unread};
use crate::nft::read::values::{Type, Types};
use crate::packet::DataType;

impl Reader<'_> {
    /// `tproxy [ip|ip6] to [address][:port]`
    pub fn tproxy(&mut self) -> Parsed<Statement> {
        self.need("tproxy")?;
        let family = self.nat_family();
        self.need("to")?;
        let (address, port, found) = self.nat_target(family)?;
        if address.is_none() && port.is_none() {
            return Err(Unread);
        }
        Ok(Statement::Tproxy { family: family.or(found), address, port })
    }

    /// `dup to address [device name]`
    pub fn dup(&mut self) -> Parsed<Statement> {
        self.need("dup")?;
        self.need("to")?;
        let address = self.assigned(&smallvec![Type::Address])?;
        let device = if self.eat("device") {
            let types: Types = smallvec![Type::Of(DataType::Ifname, 128)];
            Some(self.assigned(&types)?)
        } else {
            None
        };
        Ok(Statement::Dup { address, device })
    }

    /// `synproxy name "x"`, or with its numbers.
    pub fn synproxy(&mut self) -> Parsed<Statement> {
        self.need("synproxy")?;
        if self.eat("name") { self.object_ref(ObjectKind::Synproxy) } else { self.synproxy_numbers() }
    }

    /// `mss N wscale N timestamp sack-perm`, any of them; each may stand on a line of its own in an object.
    pub fn synproxy_numbers(&mut self) -> Parsed<Statement> {
        let (mut mss, mut wscale) = (None, None);
        let (mut timestamp, mut sack_perm) = (false, false);
        loop {
            match self.peek_word() {
                Some("mss") => {
                    self.advance();
                    mss = Some(self.number()?);
                }
                Some("wscale") => {
                    self.advance();
                    wscale = Some(self.number()?);
                }
                Some("timestamp") => {
                    self.advance();
                    timestamp = true;
                }
                Some("sack-perm") => {
                    self.advance();
                    sack_perm = true;
                }
                _ => return Ok(Statement::Synproxy { mss, wscale, timestamp, sack_perm }),
            }
        }
    }
}
