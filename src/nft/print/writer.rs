//! The growing text: indentation, columns, and lines; numbers from a table.
//!
//! Invariant: `line` is the offset of the last line's first byte, so a column costs no scan of the text.

use super::text::Text;

/// Columns of a tab.
const TAB: usize = 8;

/// A number below 256: its digits, padded with dots, and how many there are.
#[derive(Clone, Copy)]
struct Octet {
    digits: [u8; 4],
    len: u8,
}

/// Of these a long ruleset has more than of anything else.
static OCTETS: [Octet; 256] = {
    let mut all = [Octet { digits: [b'.'; 4], len: 0 }; 256];
    let mut value = 0;
    while value < all.len() {
        all[value] = octet(value as u8);
        value += 1;
    }
    all
};

const fn octet(value: u8) -> Octet {
    let [a, b, c] = [b'0' + value / 100, b'0' + value / 10 % 10, b'0' + value % 10];
    match value {
        0..10 => Octet { digits: [c, b'.', b'.', b'.'], len: 1 },
        10..100 => Octet { digits: [b, c, b'.', b'.'], len: 2 },
        100.. => Octet { digits: [a, b, c, b'.'], len: 3 },
    }
}

/// See the module's documentation.
pub struct Writer {
    /// What stands before the last lines, in parts.
    before: Vec<Vec<u8>>,
    out: Vec<u8>,
    /// `None`: everything stays in one line.
    width: Option<usize>,
    indent: usize,
    line: usize,
}

impl Writer {
    pub(super) fn new(width: Option<usize>) -> Self {
        Writer { before: Vec::new(), out: Vec::new(), width, indent: 0, line: 0 }
    }

    /// Makes room for so many bytes more.
    pub(super) fn reserve(&mut self, bytes: usize) {
        self.out.reserve(bytes);
    }

    pub(super) fn finish(self) -> Text {
        let mut parts = self.before;
        parts.push(self.out);
        Text(parts)
    }

    pub(super) fn put(&mut self, text: impl AsRef<[u8]>) {
        self.out.extend_from_slice(text.as_ref());
    }

    /// A string that may stand in quotes.
    pub(super) fn quoted(&mut self, text: &[u8]) {
        self.out.reserve(text.len() + 2);
        self.out.push(b'"');
        self.put(text);
        self.out.push(b'"');
    }

    pub(super) fn decimal(&mut self, value: u128) {
        if let Some(Octet { digits, len }) = usize::try_from(value).ok().and_then(|value| OCTETS.get(value)) {
            self.put(&digits[..usize::from(*len)]);
            return;
        }
        let mut room = itoa::Buffer::new();
        match u64::try_from(value) {
            Ok(short) => self.put(room.format(short)),
            Err(_) => self.put(room.format(value)),
        }
    }

    /// An IPv4 address.
    pub(super) fn address(&mut self, octets: [u8; 4]) {
        let mut room = [b'.'; 16];
        let mut at = 0;
        for octet in octets {
            let Octet { digits, len } = OCTETS[usize::from(octet)];
            room[at..at + digits.len()].copy_from_slice(&digits);
            at += usize::from(len) + 1;
        }
        self.put(&room[..at - 1]);
    }

    pub(super) fn end_line(&mut self) {
        self.out.push(b'\n');
        self.line = self.out.len();
    }

    /// Starts a line at the current depth.
    pub(super) fn start_line(&mut self) {
        self.out.resize(self.out.len() + self.indent, b'\t');
    }

    /// Whole lines that are indented already.
    pub(crate) fn lines(&mut self, lines: Vec<u8>) {
        self.before.extend([std::mem::take(&mut self.out), lines]);
        self.line = 0;
    }

    /// Starts counting columns anew: the text ends in a line break.
    pub(super) fn forget_lines(&mut self) {
        self.line = self.out.len();
    }

    /// A whole line.
    pub(super) fn line(&mut self, text: impl AsRef<[u8]>) {
        self.start_line();
        self.put(text);
        self.end_line();
    }

    pub(super) fn indent(&mut self) {
        self.indent += 1;
    }

    pub(super) fn outdent(&mut self) {
        self.indent = self.indent.saturating_sub(1);
    }

    /// Where the next byte goes.
    pub(super) fn mark(&self) -> usize {
        self.out.len()
    }

    /// The text from `mark` on.
    pub(super) fn since(&self, mark: usize) -> &[u8] {
        self.out.get(mark..).unwrap_or_default()
    }

    /// Drops everything from `mark`, which stands in the current line, on.
    pub(super) fn rewind(&mut self, mark: usize) {
        self.out.truncate(mark);
    }

    /// Whether the current line is longer than wanted.
    pub(super) fn too_long(&self) -> bool {
        let tabs = self.indent;
        self.width.is_some_and(|width| self.out.len() - self.line + tabs * (TAB - 1) > width)
    }

    /// Whether lines may be broken at all.
    pub(super) fn may_break(&self) -> bool {
        self.width.is_some()
    }

    /// Moves what was written from `mark` on into a new line; a space before it is dropped.
    pub(super) fn break_before(&mut self, mark: usize) {
        let end = mark - usize::from(self.out[..mark].ends_with(b" "));
        let tail = self.out.len() - mark;
        self.line = end + 1;
        let start = self.line + self.indent;
        self.out.resize(self.out.len().max(start + tail), b'\t');
        self.out.copy_within(mark..mark + tail, start);
        self.out.truncate(start + tail);
        self.out[end] = b'\n';
        self.out[end + 1..start].fill(b'\t');
    }
}
