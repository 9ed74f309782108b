//! Strings inside `"`: what nft takes there, and nothing that could break out.
//!
//! Measured byte by byte with 0.9.8, 1.0.6, 1.1.3 and 1.1.7, which agree: there is no escape, so a
//! string cannot hold `"`; a zero byte ends it; `$name` is expanded in a log prefix and nowhere else;
//! everything else is kept as it is, `\`, `;`, control bytes and bytes above 127 included. Line
//! breaks are kept too, but one rule has to stay one line here, so they are refused.

use bstr::{BStr, BString, ByteSlice};
use thiserror::Error;

use crate::diag::printable;

/// Bytes of a comment on a rule, an element, a set or a table (NFTNL_UDATA_COMMENT_MAXLEN).
pub const COMMENT_MAX: usize = 128;
/// Bytes of a log prefix (NF_LOG_PREFIXLEN less the final zero).
pub const PREFIX_MAX: usize = 127;
/// Bytes of an interface name (IFNAMSIZ less the final zero).
pub const IFNAME_MAX: usize = 15;
/// Bytes of a helper's name (NF_CT_HELPER_NAME_LEN less the final zero).
pub const HELPER_MAX: usize = 15;

/// Why a string cannot stand in quotes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum WhyNot {
    #[error("nft has no way to write a quotation mark inside a string")]
    QuotationMark,
    #[error("nft ends a string at a zero byte")]
    Zero,
    #[error("JSON holds UTF-8 only")]
    NotUtf8,
    #[error("a line break inside a string")]
    LineBreak,
    #[error("nft reads `$` in a log prefix as the start of a variable")]
    Dollar,
    #[error("{len} bytes where nft takes {max}")]
    TooLong { len: usize, max: usize },
    #[error("nft takes no empty string here")]
    Empty,
    #[error("a wildcard behind a backslash would be read as a plain `*`")]
    EscapedWildcard,
    #[error("an interface name cannot be everything (`*`)")]
    OnlyWildcard,
}

/// Whether nft can hold the text as a comment, and a terminal shows it as it is.
pub fn fits_comment(text: &[u8]) -> bool {
    match all(text, |byte| matches!(byte, b' '..=b'~') & (byte != b'"')) {
        true => text.len() <= COMMENT_MAX,
        false => nft_string(text, COMMENT_MAX).is_ok() && printable(text).as_bytes() == text,
    }
}

/// `text` in quotes.
///
/// # Errors
/// What nft would not take, or not as it is.
pub fn nft_string(text: &[u8], max_len: usize) -> Result<BString, WhyNot> {
    check_string(text, max_len).map(|()| quote(text))
}

/// Whether nft takes the text in quotes as it is.
///
/// # Errors
/// What it would not take.
pub fn check_string(text: &[u8], max_len: usize) -> Result<(), WhyNot> {
    if text.len() > max_len {
        return Err(WhyNot::TooLong { len: text.len(), max: max_len });
    }
    let stands = |byte: u8| (byte != b'"') & (byte != 0) & (byte != b'\n') & (byte != b'\r');
    if all(text, stands) {
        return Ok(());
    }
    match text.iter().find(|byte| !stands(**byte)) {
        Some(b'"') => Err(WhyNot::QuotationMark),
        Some(0) => Err(WhyNot::Zero),
        _ => Err(WhyNot::LineBreak),
    }
}

/// Whether all bytes are so. None ends the look at the others, so that the processor can look at many at once; the last
/// ones of a long text are looked at together with some before them.
pub(super) fn all(text: &[u8], is: impl Fn(u8) -> bool) -> bool {
    const AT_ONCE: usize = 16;
    let of_chunk = |chunk: &[u8; AT_ONCE]| chunk.iter().fold(true, |all, &byte| all & is(byte));
    let Some(last) = text.last_chunk() else { return text.iter().all(|&byte| is(byte)) };
    let (chunks, _) = text.as_chunks();
    chunks.iter().fold(of_chunk(last), |all, chunk| all & of_chunk(chunk))
}

/// Whether nft takes the text as a log prefix: no `$`, and, for 1.1.3 and newer, not empty.
///
/// # Errors
/// As [`check_string`].
pub fn check_prefix(text: &[u8]) -> Result<(), WhyNot> {
    if text.is_empty() {
        return Err(WhyNot::Empty);
    }
    if text.contains(&b'$') {
        return Err(WhyNot::Dollar);
    }
    check_string(text, PREFIX_MAX)
}

/// An interface name in quotes. `*` means itself except at the end, where it is the wildcard unless
/// a backslash stands before it.
///
/// # Errors
/// As [`nft_string`], and for the few names that the escape leaves no spelling for.
pub fn nft_ifname(text: &[u8], wildcard: bool) -> Result<BString, WhyNot> {
    let max = if wildcard { IFNAME_MAX - 1 } else { IFNAME_MAX };
    check_string(text, max)?;
    match (wildcard, text) {
        (true, []) => Err(WhyNot::OnlyWildcard),
        (false, []) => Err(WhyNot::Empty),
        (true, [.., b'\\']) | (false, [.., b'\\', b'*']) => Err(WhyNot::EscapedWildcard),
        (true, _) => Ok(quote(&[text, b"*"].concat())),
        (false, [start @ .., b'*']) => Ok(quote(&[start, b"\\*"].concat())),
        (false, _) => Ok(quote(text)),
    }
}

fn quote(text: &[u8]) -> BString {
    let text: &BStr = text.as_bstr();
    let mut out = BString::new(Vec::with_capacity(text.len() + 2));
    out.push(b'"');
    out.extend_from_slice(text);
    out.push(b'"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings() {
        assert_eq!(nft_string(b"a;b\\ $c {\xff}\t'", 128).unwrap(), &b"\"a;b\\ $c {\xff}\t'\""[..]);
        assert_eq!(nft_string(b"a\"b", 128), Err(WhyNot::QuotationMark));
        assert_eq!(nft_string(b"a\0b", 128), Err(WhyNot::Zero));
        assert_eq!(nft_string(b"a\nb", 128), Err(WhyNot::LineBreak));
        assert_eq!(nft_string(&[b'x'; 129], COMMENT_MAX), Err(WhyNot::TooLong { len: 129, max: 128 }));
        assert_eq!(nft_string(&[b'x'; 128], COMMENT_MAX).unwrap().len(), 130);
    }

    #[test]
    fn prefixes() {
        assert_eq!(check_prefix(b"DROP: "), Ok(()));
        assert_eq!(check_prefix(b"a$b"), Err(WhyNot::Dollar));
        assert_eq!(check_prefix(b""), Err(WhyNot::Empty));
        assert_eq!(check_prefix(&[b'x'; 128]), Err(WhyNot::TooLong { len: 128, max: 127 }));
    }

    #[test]
    fn interface_names() {
        for (text, wildcard, expect) in [
            ("eth0", false, Ok("\"eth0\"")),
            ("eth", true, Ok("\"eth*\"")),
            ("eth*", false, Ok("\"eth\\*\"")),
            ("a*b", false, Ok("\"a*b\"")),
            ("a*", true, Ok("\"a**\"")),
            ("a$b", false, Ok("\"a$b\"")),
            ("", true, Err(WhyNot::OnlyWildcard)),
            ("", false, Err(WhyNot::Empty)),
            ("a\\", true, Err(WhyNot::EscapedWildcard)),
            ("a\\*", false, Err(WhyNot::EscapedWildcard)),
            ("a\\", false, Ok("\"a\\\"")),
            ("fifteen-bytes-x", false, Ok("\"fifteen-bytes-x\"")),
            ("sixteen-bytes-xx", false, Err(WhyNot::TooLong { len: 16, max: 15 })),
            ("fifteen-bytes-x", true, Err(WhyNot::TooLong { len: 15, max: 14 })),
        ] {
            assert_eq!(nft_ifname(text.as_bytes(), wildcard), expect.map(Into::into), "{text}");
        }
    }
}
