//! Statements that send a packet elsewhere without nat: tproxy, dup, synproxy.

use smallvec::smallvec;

use crate::nft::ast::{ObjectKind, Statement};
use crate::nft::read::cursor::{Parsed, Reader, Unread};
use crate::nft::read::values::{Type, Types};
use crate::packet::DataType;

/// What a synproxy answers with.
#[derive(Default)]
pub struct SynproxyNumbers {
    pub mss: Option<u16>,
    pub wscale: Option<u8>,
    pub timestamp: bool,
    pub sack_perm: bool,
}

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
        if self.eat("name") {
            return self.object_ref(ObjectKind::Synproxy);
        }
        let mut numbers = SynproxyNumbers::default();
        if !self.at_end_of_statement() {
            self.synproxy_numbers(&mut numbers)?;
        }
        let SynproxyNumbers { mss, wscale, timestamp, sack_perm } = numbers;
        Ok(Statement::Synproxy { mss, wscale, timestamp, sack_perm })
    }

    /// `mss N wscale N timestamp sack-perm`, at least one of them.
    pub fn synproxy_numbers(&mut self, numbers: &mut SynproxyNumbers) -> Parsed<()> {
        let start = self.at;
        loop {
            match self.peek_word() {
                Some("mss") => {
                    self.advance();
                    numbers.mss = Some(self.number()?);
                }
                Some("wscale") => {
                    self.advance();
                    numbers.wscale = Some(self.number()?);
                }
                Some("timestamp") => {
                    self.advance();
                    numbers.timestamp = true;
                }
                Some("sack-perm") => {
                    self.advance();
                    numbers.sack_perm = true;
                }
                _ => return if self.at > start { Ok(()) } else { Err(Unread) },
            }
        }
    }
}
