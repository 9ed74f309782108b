//! The lines of the dump that a rule came from.
//!
//! Invariant: lines are sorted and stand there once, and one or two are kept in place, so that equal origins are equal
//! values.

use crate::diag::SourceId;

/// See the module's documentation. Small, since every rule has one and most come from one line.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Origin(Kept);

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
enum Kept {
    #[default]
    Nothing,
    Line(SourceId, u32),
    /// As of a line that logs and one that decides.
    Two(SourceId, [u32; 2]),
    Lines(Box<(SourceId, Vec<u32>)>),
}

impl Origin {
    /// One line of a source.
    pub const fn line(source: SourceId, line: u32) -> Self {
        Origin(Kept::Line(source, line))
    }

    /// Some lines of a source, in any order.
    pub fn of(source: SourceId, mut lines: Vec<u32>) -> Self {
        if !lines.is_sorted_by(|a, b| a < b) {
            lines.sort_unstable();
            lines.dedup();
        }
        Origin(match lines.as_slice() {
            [] => Kept::Nothing,
            [line] => Kept::Line(source, *line),
            [one, other] => Kept::Two(source, [*one, *other]),
            _ => Kept::Lines(Box::new((source, lines))),
        })
    }

    /// The source of the lines; the first one where there are none.
    pub fn source(&self) -> SourceId {
        match &self.0 {
            Kept::Nothing => 0,
            Kept::Line(source, _) | Kept::Two(source, _) => *source,
            Kept::Lines(lines) => lines.0,
        }
    }

    /// The lines, from 1 on.
    pub fn lines(&self) -> &[u32] {
        match &self.0 {
            Kept::Nothing => &[],
            Kept::Line(_, line) => std::slice::from_ref(line),
            Kept::Two(_, lines) => lines,
            Kept::Lines(lines) => &lines.1,
        }
    }

    /// Takes the lines of another origin in.
    pub fn absorb(&mut self, other: &Origin) {
        match (&self.0, &other.0) {
            (&Kept::Line(source, one), &Kept::Line(_, other)) if one < other => {
                self.0 = Kept::Two(source, [one, other]);
            }
            _ => self.absorb_all([other]),
        }
    }

    /// Takes the lines of many other origins in.
    pub fn absorb_all<'o>(&mut self, others: impl IntoIterator<Item = &'o Origin>) {
        let mut others = others.into_iter().filter(|other| !other.lines().is_empty()).peekable();
        let Some(first) = others.peek() else { return };
        let source = if self.lines().is_empty() { first.source() } else { self.source() };
        let mut lines = match std::mem::take(&mut self.0) {
            Kept::Nothing => Vec::new(),
            Kept::Line(_, line) => vec![line],
            Kept::Two(_, lines) => lines.to_vec(),
            Kept::Lines(lines) => lines.1,
        };
        others.for_each(|other| lines.extend_from_slice(other.lines()));
        *self = Origin::of(source, lines);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_lines_in() {
        let mut origin = Origin::default();
        assert_eq!(origin.lines(), [0; 0]);
        for (line, all) in [(7, &[7][..]), (7, &[7]), (3, &[3, 7]), (9, &[3, 7, 9]), (3, &[3, 7, 9])] {
            origin.absorb(&Origin::line(1, line));
            assert_eq!((origin.lines(), origin.source()), (all, 1));
            assert_eq!(origin, Origin::of(1, all.iter().rev().copied().collect()));
        }
    }

    #[test]
    fn is_small() {
        assert_eq!(size_of::<Origin>(), 16);
    }
}
