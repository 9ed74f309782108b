//! The growing text: indentation, columns, and lines.
//!
//! Invariant: `line` is the offset of the last line's first byte, so a column costs no scan of the text.

/// Columns of a tab.
const TAB: usize = 8;

pub(super) struct Writer {
    out: Vec<u8>,
    /// `None`: everything stays in one line.
    width: Option<usize>,
    indent: usize,
    line: usize,
}

impl Writer {
    pub(super) fn new(width: Option<usize>) -> Self {
        Writer { out: Vec::new(), width, indent: 0, line: 0 }
    }

    /// Makes room for so many bytes more.
    pub(super) fn reserve(&mut self, bytes: usize) {
        self.out.reserve(bytes);
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.out
    }

    pub(super) fn put(&mut self, text: impl AsRef<[u8]>) {
        self.out.extend_from_slice(text.as_ref());
    }

    pub(super) fn decimal(&mut self, value: u128) {
        let mut room = itoa::Buffer::new();
        match u64::try_from(value) {
            Ok(short) => self.put(room.format(short)),
            Err(_) => self.put(room.format(value)),
        }
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
    pub(super) fn text(&mut self, lines: &[u8]) {
        self.put(lines);
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
        let tail = self.out.split_off(mark);
        if self.out.last() == Some(&b' ') {
            self.out.pop();
        }
        self.end_line();
        self.start_line();
        self.put(tail);
    }
}
