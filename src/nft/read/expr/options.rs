//! Options inside transport headers: TCP options, SCTP chunks, DCCP options.

use crate::nft::read::cursor::{Parsed, Reader, Unread};
use crate::nft::read::symbols;
use crate::packet::{Field, SctpChunkPart, TcpOptionPart};

impl Reader<'_> {
    /// `option KIND [PART]`, with `tcp` already read.
    pub fn tcp_option(&mut self) -> Parsed<Field> {
        self.need("option")?;
        let kind = self.tcp_option_kind()?;
        let part = match (kind, self.peek_word()) {
            (2, Some("size")) => {
                self.advance();
                TcpOptionPart::MaxsegSize
            }
            (_, Some("kind" | "length" | "size" | "count" | "left" | "right" | "tsval" | "tsecr" | "subtype")) => {
                return Err(Unread);
            }
            _ => TcpOptionPart::Exists,
        };
        Ok(Field::TcpOption { kind, part })
    }

    /// The kind of a TCP option, by name or number.
    pub fn tcp_option_kind(&mut self) -> Parsed<u8> {
        match self.peek_word() {
            Some(word) => {
                self.advance();
                symbols::tcp_option(word).ok_or(Unread)
            }
            None => self.number(),
        }
    }

    /// `chunk TYPE [flags]`, with `sctp` already read.
    pub fn sctp_chunk(&mut self) -> Parsed<Field> {
        self.need("chunk")?;
        let kind = symbols::sctp_chunk(self.word()?).ok_or(Unread)?;
        let part = match self.peek_word() {
            Some("flags") => {
                self.advance();
                SctpChunkPart::Flags
            }
            Some("exists" | "missing") => SctpChunkPart::Exists,
            Some(_) => return Err(Unread),
            None => SctpChunkPart::Exists,
        };
        Ok(Field::SctpChunk { kind, part })
    }

    /// `option NUMBER`, with `dccp` already read.
    pub fn dccp_option(&mut self) -> Parsed<Field> {
        self.need("option")?;
        Ok(Field::DccpOption { kind: self.number()? })
    }
}
