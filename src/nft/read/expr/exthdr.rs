//! IPv6 extension headers (nft(8), *EXTENSION HEADER EXPRESSIONS*).

use crate::nft::read::cursor::{Parsed, Reader, Unread};
use crate::packet::{Exthdr, ExthdrPart, Field};

impl Reader<'_> {
    /// `exthdr NAME`, behind which `exists` or `missing` follows.
    pub fn exthdr_exists(&mut self) -> Parsed<Field> {
        let header = named(self.word()?).ok_or(Unread)?;
        Ok(Field::Exthdr(header, ExthdrPart::Exists))
    }

    /// A field of an extension header, whose name was read.
    pub fn exthdr_field(&mut self, name: &str) -> Parsed<Field> {
        let header = named(name).ok_or(Unread)?;
        let key = self.word()?;
        let part = match (header, key) {
            (Exthdr::Srh, "sid") => {
                self.need("[")?;
                let index = self.number()?;
                self.need("]")?;
                ExthdrPart::SrhSid(index)
            }
            _ => part(header, key).ok_or(Unread)?,
        };
        Ok(Field::Exthdr(header, part))
    }
}

fn named(word: &str) -> Option<Exthdr> {
    Some(match word {
        "dst" => Exthdr::Dst,
        "frag" => Exthdr::Frag,
        "hbh" => Exthdr::Hbh,
        "mh" => Exthdr::Mh,
        "rt" => Exthdr::Rt,
        "rt0" => Exthdr::Rt0,
        "rt2" => Exthdr::Rt2,
        "srh" => Exthdr::Srh,
        _ => return None,
    })
}

fn part(header: Exthdr, key: &str) -> Option<ExthdrPart> {
    Some(match (header, key) {
        (Exthdr::Frag, "frag-off") => ExthdrPart::FragOff,
        (Exthdr::Frag, "id") => ExthdrPart::FragId,
        (Exthdr::Frag, "more-fragments") => ExthdrPart::FragMore,
        (Exthdr::Frag, "reserved") => ExthdrPart::FragReserved,
        (Exthdr::Frag, "reserved2") => ExthdrPart::FragReserved2,
        (Exthdr::Mh | Exthdr::Rt, "type") => ExthdrPart::Type,
        (Exthdr::Rt, "seg-left") => ExthdrPart::SegLeft,
        (Exthdr::Srh, "flags") => ExthdrPart::SrhFlags,
        (Exthdr::Srh, "last-entry") => ExthdrPart::SrhLastEntry,
        (Exthdr::Srh, "tag") => ExthdrPart::SrhTag,
        (Exthdr::Dst | Exthdr::Frag | Exthdr::Hbh | Exthdr::Mh | Exthdr::Rt, "nexthdr") => ExthdrPart::Nexthdr,
        (Exthdr::Dst | Exthdr::Hbh | Exthdr::Mh | Exthdr::Rt, "hdrlength") => ExthdrPart::Hdrlength,
        _ => return None,
    })
}
