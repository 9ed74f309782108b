//! Fields that the tree has no word for, but whose place in a rule is known: the match becomes one
//! `Opaque` statement, and the rest of the rule is read as usual.

use crate::nft::ast::Opaque;
use crate::nft::read::cursor::{Parsed, Reader, Unread};
use crate::nft::read::token::Kind;

impl Reader<'_> {
    /// A match of such a field with what stands right of it.
    pub fn unmodelled_match(&mut self) -> Parsed<Opaque> {
        let start = self.at;
        self.unmodelled_field()?;
        if matches!(self.peek_word(), Some("map" | "set" | "vmap")) {
            return Err(Unread);
        }
        if ["==", "!=", "<", ">", "<=", ">=", "eq", "ne", "lt", "gt", "le", "ge"].iter().any(|op| self.is(op)) {
            self.advance();
        }
        self.any_value()?;
        Ok(self.opaque(start))
    }

    fn unmodelled_field(&mut self) -> Parsed<()> {
        let first = self.word()?;
        let known = match first {
            "iiftype" | "oiftype" => return Ok(()),
            "meta" => matches!(
                self.word()?,
                "iiftype"
                    | "oiftype"
                    | "iifkind"
                    | "oifkind"
                    | "sdif"
                    | "sdifname"
                    | "random"
                    | "ibrpvid"
                    | "ibrvproto"
            ),
            "ct" => matches!(self.word()?, "id"),
            "vlan" => matches!(self.word()?, "id" | "pcp" | "dei" | "cfi" | "type"),
            "ip6" => matches!(self.word()?, "version"),
            "tcp" => matches!(self.word()?, "checksum" | "urgptr" | "reserved"),
            "udp" | "udplite" | "sctp" => matches!(self.word()?, "checksum"),
            "icmp" => matches!(self.word()?, "id" | "sequence" | "mtu" | "gateway" | "checksum"),
            "icmpv6" => {
                matches!(self.word()?, "id" | "sequence" | "mtu" | "max-delay" | "checksum" | "parameter-problem")
            }
            "igmp" => matches!(self.word()?, "mrt" | "group" | "checksum"),
            "ah" => matches!(self.word()?, "nexthdr" | "sequence"),
            "esp" => matches!(self.word()?, "sequence"),
            "comp" => matches!(self.word()?, "nexthdr" | "flags"),
            _ => false,
        };
        if known { Ok(()) } else { Err(Unread) }
    }

    /// A value of any type: `{ ... }`, `@name`, or words joined by `-`, `/`, `,`.
    fn any_value(&mut self) -> Parsed<()> {
        if self.is("{") {
            let start = self.at;
            self.at += 1;
            let mut depth = 1_usize;
            while depth > 0 {
                match self.peek().kind {
                    Kind::End => {
                        self.at = start;
                        return Err(Unread);
                    }
                    _ if self.is("{") => depth += 1,
                    _ if self.is("}") => depth -= 1,
                    _ => {}
                }
                self.advance();
            }
            return Ok(());
        }
        if self.eat("@") {
            return self.name().map(drop);
        }
        loop {
            match self.peek().kind {
                Kind::Word | Kind::Number | Kind::Duration | Kind::Ip4 | Kind::Ip6 | Kind::Mac | Kind::Text => {
                    self.advance()
                }
                _ => return Err(Unread),
            }
            if !["-", "/", ","].iter().any(|sign| self.is(sign)) {
                return Ok(());
            }
            self.advance();
        }
    }
}
