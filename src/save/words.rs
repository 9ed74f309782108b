//! A line into words, as `iptables-restore` does it.
//!
//! Blanks separate words; `"` opens and closes quoting anywhere in a word; inside quotes a
//! backslash takes the next byte as it is. (iptables/xshared.c, `add_param_to_argv`.)
//! Invariant: every byte of the line is in a word, or is a blank, a quote or an escape.

use std::borrow::Cow;

use bstr::ByteSlice;
use nom::branch::alt;
use nom::bytes::complete::{tag, take, take_while1};
use nom::combinator::{map, recognize};
use nom::sequence::preceded;
use nom::{IResult, Parser};

use crate::diag::Span;

/// One word with its place; `text` is without quotes and escapes.
#[derive(Clone, PartialEq, Debug)]
pub struct Word<'a> {
    pub text: Cow<'a, [u8]>,
    pub span: Span,
    pub quoted: bool,
}

/// Why a line is no list of words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WordError {
    /// A quote was opened at this offset of the line and never closed.
    OpenQuote(usize),
    /// A zero byte is at this offset; to iptables-restore the line ends there, whatever follows.
    Zero(usize),
}

impl WordError {
    /// The offset in the line, a code, and what is wrong.
    pub const fn told(self) -> (usize, &'static str, &'static str) {
        match self {
            WordError::OpenQuote(at) => (at, "open-quote", "a quote is opened and never closed"),
            WordError::Zero(at) => (at, "zero-byte", "a zero byte, behind which iptables-restore reads nothing"),
        }
    }
}

/// Splits a line that starts at byte `base` of its source.
pub fn split<'a>(line: &'a [u8], base: usize, out: &mut Vec<Word<'a>>) -> Result<(), WordError> {
    out.clear();
    if let Some(at) = line.find_byte(0) {
        return Err(WordError::Zero(at));
    }
    let mut rest = skip_blanks(line);
    while !rest.is_empty() {
        let start = line.len() - rest.len();
        let (after, plain) = bare(rest);
        let (after, (text, quoted)) = match after.first() {
            Some(b'"') => with_quotes(after, plain).map_err(|open| WordError::OpenQuote(line.len() - open))?,
            _ => (after, (Cow::Borrowed(plain), false)),
        };
        let end = line.len() - after.len();
        out.push(Word { text, span: Span::new(base + start, base + end), quoted });
        rest = skip_blanks(after);
    }
    Ok(())
}

fn skip_blanks(input: &[u8]) -> &[u8] {
    let blanks = input.iter().position(|b| !matches!(b, b' ' | b'\t')).unwrap_or(input.len());
    input.split_at(blanks).1
}

type Read<'a> = (Cow<'a, [u8]>, bool);

/// The rest of a word that starts plain and goes on with a quote; the error is how much input was left at the quote
/// that stays open.
fn with_quotes<'a>(mut rest: &'a [u8], plain: &'a [u8]) -> Result<(&'a [u8], Read<'a>), usize> {
    let mut text = Cow::Borrowed(plain);
    let mut quoted = false;
    while let [b'"', inside @ ..] = rest {
        let open = rest.len();
        quoted = true;
        rest = inside;
        loop {
            if let [b'"', after @ ..] = rest {
                rest = after;
                break;
            }
            let (after, piece) = inner(rest).map_err(|_| open)?;
            append(&mut text, piece);
            rest = after;
        }
        let (after, piece) = bare(rest);
        append(&mut text, piece);
        rest = after;
    }
    Ok((rest, (text, quoted)))
}

fn append<'a>(text: &mut Cow<'a, [u8]>, piece: &'a [u8]) {
    if text.is_empty() {
        *text = Cow::Borrowed(piece);
    } else if !piece.is_empty() {
        text.to_mut().extend_from_slice(piece);
    }
}

/// What stands before the next blank or quote, perhaps nothing; most words are no more than that.
fn bare(input: &[u8]) -> (&[u8], &[u8]) {
    let (piece, rest) = input.split_at(before(input, |byte| matches!(byte, b' ' | b'\t' | b'"')));
    (rest, piece)
}

/// How many bytes stand before the first one that ends them, which is below `#`; eight are looked at at once.
pub fn before(text: &[u8], ends: impl Fn(u8) -> bool) -> usize {
    const LOWEST: u64 = u64::MAX / 0xff;
    const HIGHEST: u64 = LOWEST << 7;
    let mut at = 0;
    while let Some(bytes) = text.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let bytes = u64::from_le_bytes(*bytes);
        // The first byte below `#` makes its own high bit; those behind it may make theirs by mistake.
        let low = bytes.wrapping_sub(LOWEST * u64::from(b'#')) & !bytes & HIGHEST;
        at += (low.trailing_zeros() / 8) as usize;
        if low != 0 {
            if text.get(at).is_some_and(|byte| ends(*byte)) {
                return at;
            }
            at += 1;
        }
    }
    let rest = text.get(at..).unwrap_or_default();
    at + rest.iter().position(|byte| *byte < b'#' && ends(*byte)).unwrap_or(rest.len())
}

/// A run of quoted bytes, or an escaped byte.
fn inner(input: &[u8]) -> IResult<&[u8], &[u8]> {
    alt((recognize(take_while1(|b| !matches!(b, b'"' | b'\\'))), map(preceded(tag(&b"\\"[..]), take(1usize)), |b| b)))
        .parse(input)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        let mut out = Vec::new();
        split(line.as_bytes(), 0, &mut out).unwrap();
        out.iter().map(|w| String::from_utf8_lossy(&w.text).into_owned()).collect()
    }

    #[test]
    fn words_are_split_and_unquoted() {
        for (line, want) in [
            ("-A INPUT  -j\tDROP", &["-A", "INPUT", "-j", "DROP"][..]),
            (r#"--comment "a b""#, &["--comment", "a b"]),
            (r#"--comment "say \"hi\" \\ there""#, &["--comment", r#"say "hi" \ there"#]),
            (r#"pre"mid dle"post"x y""#, &["premid dlepostx y"]),
            (r#"--log-prefix """#, &["--log-prefix", ""]),
            ("--comment 'single quotes'", &["--comment", "'single", "quotes'"]),
            (r"back\slash", &[r"back\slash"]),
            ("", &[]),
        ] {
            assert_eq!(words(line), want, "{line}");
        }
    }

    #[test]
    fn spans_cover_the_words_as_written() {
        let mut out = Vec::new();
        split(b" ab \"c d\" e", 100, &mut out).unwrap();
        let spans: Vec<_> = out.iter().map(|w| (w.span.start, w.span.end)).collect();
        assert_eq!(spans, [(101, 103), (104, 109), (110, 111)]);
    }

    /// Wherever it stands among eight bytes, and behind others that are nearly one.
    #[test]
    fn words_end_at_the_first_blank() {
        for length in 0..20 {
            for (between, behind) in [("", ""), ("", "b"), ("!", "b!"), ("\u{e4}#", "abcdefgh!\""), ("!\x01!", "!")] {
                let word = format!("{}{between}", "a".repeat(length));
                let line = format!("{word} {behind}x");
                assert_eq!(before(line.as_bytes(), |byte| byte == b' '), word.len(), "{line:?}");
                assert_eq!(before(word.as_bytes(), |byte| byte == b' '), word.len(), "{word:?}");
            }
        }
    }

    #[test]
    fn an_open_quote_is_found() {
        let mut out = Vec::new();
        assert_eq!(split(b"a b\"c d", 0, &mut out), Err(WordError::OpenQuote(3)));
        assert_eq!(split(b"a \"c\\", 0, &mut out), Err(WordError::OpenQuote(2)));
        assert_eq!(split(b"a \"b\0\" c", 0, &mut out), Err(WordError::Zero(4)));
    }
}
