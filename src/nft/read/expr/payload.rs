//! Raw payload: `@nh,offset,length` in bits (nft(8), *RAW PAYLOAD EXPRESSION*).

use crate::nft::read::cursor::{Parsed, Reader, Unread};
use crate::packet::{Field, PayloadBase};

impl Reader<'_> {
    /// The whole expression, with the cursor on `@`.
    pub fn raw_payload(&mut self) -> Parsed<Field> {
        self.need("@")?;
        let base = match self.word()? {
            "ih" => PayloadBase::Inner,
            "ll" => PayloadBase::Link,
            "nh" => PayloadBase::Network,
            "th" => PayloadBase::Transport,
            _ => return Err(Unread),
        };
        self.need(",")?;
        let offset = self.number()?;
        self.need(",")?;
        let len = self.number()?;
        Ok(Field::Payload { base, offset, len })
    }
}
