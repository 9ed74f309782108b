//! Source texts and places in them.

use std::sync::OnceLock;

/// Which of the run's inputs a place is in: its index in the order given.
pub type SourceId = u16;

/// Bytes `start..end` of a source.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct Span {
    pub start: u32,
    pub end: u32,
}

/// A span and the source it is in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct Place {
    pub source: SourceId,
    pub span: Span,
}

/// An input text with its name.
#[derive(Clone, Debug)]
pub struct Source {
    pub id: SourceId,
    pub name: String,
    text: Vec<u8>,
    /// Looked for when somebody asks: few do, when there is nothing to say.
    line_starts: OnceLock<Vec<u32>>,
}

/// Texts longer than this are refused: spans are 32 bits wide.
pub const MAX_BYTES: usize = (u32::MAX - 1) as usize;

impl Source {
    /// Takes a text in; bytes past `MAX_BYTES` do not fit and make it `None`.
    pub fn new(id: SourceId, name: impl Into<String>, text: Vec<u8>) -> Option<Self> {
        (text.len() <= MAX_BYTES).then(|| Source { id, name: name.into(), text, line_starts: OnceLock::new() })
    }

    /// Where lines start.
    fn line_starts(&self) -> &[u32] {
        self.line_starts.get_or_init(|| {
            let breaks = memchr::memchr_iter(b'\n', &self.text).map(|at| at as u32 + 1);
            std::iter::once(0).chain(breaks).collect()
        })
    }

    /// The whole text.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// The bytes of a span.
    pub fn slice(&self, span: Span) -> &[u8] {
        self.text.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    /// 1-based line of a byte offset.
    pub fn line(&self, offset: u32) -> u32 {
        self.line_starts().partition_point(|&start| start <= offset) as u32
    }

    /// 1-based line, and 1-based column in characters as an editor counts them.
    pub fn line_column(&self, offset: u32) -> (u32, u32) {
        let line = self.line(offset);
        let start = self.line_starts().get(line as usize - 1).copied().unwrap_or(0);
        let before = self.slice(Span { start, end: offset });
        (line, bstr::ByteSlice::chars(before).count() as u32 + 1)
    }

    /// The span of a 1-based line, without its line break.
    pub fn line_span(&self, line: u32) -> Span {
        let at = (line as usize).saturating_sub(1);
        let start = self.line_starts().get(at).copied().unwrap_or(0);
        let next = self.line_starts().get(at + 1).map_or(self.text.len() as u32, |&n| n - 1);
        let cr = next > start && self.text.get(next as usize - 1) == Some(&b'\r');
        Span { start, end: if cr { next - 1 } else { next } }
    }

    /// A place in this source.
    pub fn place(&self, span: Span) -> Place {
        Place { source: self.id, span }
    }
}

impl Span {
    pub const fn new(start: usize, end: usize) -> Self {
        Span { start: start as u32, end: end as u32 }
    }

    /// From the start of this span to the end of `other`.
    pub const fn to(self, other: Span) -> Self {
        Span { start: self.start, end: other.end }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_start_at_one() {
        let s = Source::new(0, "x", "ab\nc\u{e9}d\r\n".into()).unwrap();
        assert_eq!(s.line_column(0), (1, 1));
        assert_eq!(s.line_column(3), (2, 1));
        assert_eq!(s.line_column(6), (2, 3));
        assert_eq!(s.slice(s.line_span(2)), "c\u{e9}d".as_bytes());
        assert_eq!(s.slice(s.line_span(3)), b"");
    }
}
