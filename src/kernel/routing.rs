//! What a routing header holds behind its first two bytes: type, segments left, four bytes that types use in their
//! own ways, addresses (RFC 8200, section 4.4; RFC 8754).
//!
//! Invariant: `body` is what a well formed header of that length holds.

use crate::packet::ExthdrPart;

/// Bytes before the addresses.
const HEAD: usize = 6;
/// Units of eight bytes that a header here may have beyond its first.
const MOST: usize = 8;

/// Writes one part; the addresses grow as far as the part needs.
pub fn set(routing: &mut Vec<u8>, part: ExthdrPart, value: u128) {
    let bytes = value.to_be_bytes();
    let (at, bytes) = match part {
        ExthdrPart::Type => (0, &bytes[15..]),
        ExthdrPart::SegLeft => (1, &bytes[15..]),
        ExthdrPart::SrhLastEntry => (2, &bytes[15..]),
        ExthdrPart::SrhFlags => (3, &bytes[15..]),
        ExthdrPart::SrhTag => (4, &bytes[14..]),
        ExthdrPart::SrhSid(n) => (HEAD + 16 * usize::from(n.clamp(1, 4) - 1), &bytes[..]),
        ExthdrPart::Hdrlength => return routing.resize(HEAD + 8 * MOST.min(value as usize), 0),
        _ => return,
    };
    if routing.len() < at + bytes.len() {
        routing.resize(at + bytes.len(), 0);
    }
    for (place, byte) in routing.iter_mut().skip(at).zip(bytes) {
        *place = *byte;
    }
}

/// How many units of eight bytes there are beyond the first, and the bytes behind that number.
pub fn body(routing: &[u8]) -> (u8, Vec<u8>) {
    let units = routing.len().saturating_sub(HEAD).div_ceil(8).min(255);
    let mut body = routing.to_vec();
    body.resize(HEAD + 8 * units, 0);
    (units as u8, body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_where_the_header_has_them() {
        let mut routing = Vec::new();
        assert_eq!(body(&routing), (0, vec![0; 6]));
        set(&mut routing, ExthdrPart::Type, 4);
        set(&mut routing, ExthdrPart::SrhTag, 0x102);
        assert_eq!(body(&routing), (0, vec![4, 0, 0, 0, 1, 2]));
        set(&mut routing, ExthdrPart::SrhSid(1), 7);
        let (units, bytes) = body(&routing);
        assert_eq!((units, bytes.len(), bytes[21]), (2, 22, 7));
        set(&mut routing, ExthdrPart::Hdrlength, 1);
        assert_eq!(body(&routing).0, 1);
    }
}
