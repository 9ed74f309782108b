//! Diagnostics for people: `file:line:column`, the line with a caret, the reason, the next step.
//!
//! Invariant: no control byte of a source reaches the terminal, whatever the dump holds, and a
//! line of any length costs a window's worth of output.

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};
use bstr::ByteSlice;

use super::{Diagnostic, Place, Severity, Source, is_invisible};

/// Characters shown on each side of the caret when a line is long.
const WINDOW: usize = 160;

/// One diagnostic as text that ends in a line break.
pub fn render(diagnostic: &Diagnostic, sources: &[Source], colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code);
    let found = |place: &Place| Shown::new(sources.get(place.source as usize)?, place.span.start, place.span.end);
    let shown = diagnostic.place.as_ref().and_then(found);
    let related: Vec<(Shown, &str)> = diagnostic
        .related
        .iter()
        .filter_map(|(place, label)| found(place).map(|shown| (shown, label.as_str())))
        .collect();
    let mut group = match &shown {
        Some(shown) => title.element(shown.snippet(AnnotationKind::Primary, &diagnostic.label)),
        None => Group::with_title(title),
    };
    for (shown, label) in &related {
        group = group.element(shown.snippet(AnnotationKind::Context, label));
    }
    for note in &diagnostic.notes {
        group = group.element(Level::NOTE.message(note.as_str()));
    }
    for help in &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    let mut out = renderer.render(&[group]).to_string();
    out.push('\n');
    out
}

/// The part of a line that is shown, made harmless.
struct Shown {
    path: String,
    line: usize,
    text: String,
    from: usize,
    to: usize,
}

impl Shown {
    fn snippet<'a>(&'a self, kind: AnnotationKind, label: &'a str) -> Snippet<'a, Annotation<'a>> {
        Snippet::source(self.text.as_str())
            .path(self.path.as_str())
            .line_start(self.line)
            .annotation(kind.span(self.from..self.to).label(label))
    }

    fn new(source: &Source, start: u32, end: u32) -> Option<Self> {
        let (line, column) = source.line_column(start);
        let span = source.line_span(line);
        let (lead, rest) = source.slice(span).split_at_checked(start.saturating_sub(span.start) as usize)?;
        let (marked, tail) = rest.split_at(rest.len().min(end.saturating_sub(start) as usize));
        let lead = harmless(lead);
        let cut = lead.char_indices().rev().nth(WINDOW).map_or(0, |(at, _)| at);
        let mut text = String::from(if cut > 0 { "…" } else { "" });
        text.push_str(lead.get(cut..).unwrap_or_default());
        let from = text.len();
        text.push_str(&window(marked));
        let to = text.len();
        text.push_str(&window(tail));
        // The renderer would print the column within the window; the path carries the true one.
        let path = if cut > 0 { format!("{}:{line}:{column}", source.name) } else { source.name.clone() };
        Some(Shown { path, line: line as usize, text, from, to: to.max(from) })
    }
}

fn window(bytes: &[u8]) -> String {
    let mut text: String =
        harmless(bytes.get(..bytes.len().min(4 * WINDOW)).unwrap_or_default()).chars().take(WINDOW).collect();
    if bytes.len() > text.len() + WINDOW {
        text.push('…');
    }
    text
}

/// Control characters as their pictures, invalid bytes as the replacement character.
fn harmless(bytes: &[u8]) -> String {
    bytes
        .chars()
        .map(|c| match c {
            '\t' => ' ',
            '\u{0}'..='\u{1f}' => char::from_u32(0x2400 + c as u32).unwrap_or('\u{fffd}'),
            c if c.is_control() || is_invisible(c) => '\u{fffd}',
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Span;

    #[test]
    fn the_caret_stands_under_the_word() {
        let source = Source::new(0, "rules.v4", b"*filter\n-A INPUT -m nosuch -j DROP\n".to_vec()).unwrap();
        let place = source.place(Span { start: 20, end: 26 });
        let shown =
            render(&Diagnostic::unreadable("unknown-match", place, "unknown match").label("here"), &[source], false);
        assert!(shown.contains("rules.v4:2:13"), "{shown}");
        assert!(shown.contains("^^^^^^ here"), "{shown}");
    }

    #[test]
    fn other_places_are_shown_below() {
        let source = Source::new(0, "rules.v4", b"*filter\n-A INPUT -j DROP\n-A INPUT -j ACCEPT\n".to_vec()).unwrap();
        let place = |start, end| source.place(Span { start, end });
        let diagnostic = Diagnostic::warning("late", place(25, 43), "never matches")
            .label("no packet comes here")
            .related(place(8, 24), "all go here")
            .note("because");
        let shown = render(&diagnostic, std::slice::from_ref(&source), false);
        for part in ["rules.v4:3:1", "no packet comes here", "-A INPUT -j DROP", "all go here", "note: because"] {
            assert!(shown.contains(part), "{part}:\n{shown}");
        }
    }

    #[test]
    fn escape_sequences_are_defused() {
        let source = Source::new(0, "x", b"-A \x1b]0;owned\x07 -j DROP\n".to_vec()).unwrap();
        let shown =
            render(&Diagnostic::unreadable("e", source.place(Span { start: 3, end: 4 }), "m"), &[source], false);
        assert!(!shown.contains('\x1b') && !shown.contains('\x07'));
    }

    #[test]
    fn a_long_line_is_a_short_message() {
        let text = vec![b'a'; 10_000_000];
        let source = Source::new(0, "x", text).unwrap();
        let shown = render(
            &Diagnostic::unreadable("e", source.place(Span { start: 5_000_000, end: 9_000_000 }), "m"),
            &[source],
            false,
        );
        assert!(shown.len() < 4000, "{}", shown.len());
    }
}
