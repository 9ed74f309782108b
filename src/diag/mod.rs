//! Errors and warnings as data: where, what, why, and what to do.
//!
//! Every room makes `Diagnostic`s; only renderers turn them into text. A diagnostic never
//! holds bytes from a dump unescaped: `quote` is the one way in.

mod source;
pub mod terminal;

pub use source::{Place, Source, SourceId, Span};

use bstr::ByteSlice;

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Note,
    Warning,
    Error,
}

/// What kind of trouble it is; decides the exit code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trouble {
    /// The text cannot be read, or the kernel tool would refuse it.
    Unreadable,
    /// The text was read, and this program (or nft) cannot say it.
    Untranslatable,
    /// Worth knowing, nothing is lost.
    Advice,
}

/// One finding about a source text.
#[derive(Clone, PartialEq, Debug)]
pub struct Diagnostic {
    /// A short stable name, such as `unknown-match`.
    pub code: &'static str,
    pub severity: Severity,
    pub trouble: Trouble,
    /// One sentence without a final dot.
    pub message: String,
    pub place: Option<Place>,
    /// What the caret line says.
    pub label: String,
    /// Other places that it is about, each with what its caret line says.
    pub related: Vec<(Place, String)>,
    /// Why it matters.
    pub notes: Vec<String>,
    /// What to do about it.
    pub help: Vec<String>,
}

impl Diagnostic {
    /// The text is unreadable at `place`.
    pub fn unreadable(code: &'static str, place: Place, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Error, Trouble::Unreadable, Some(place), message)
    }

    /// The text is understood and cannot be translated.
    pub fn untranslatable(code: &'static str, place: Place, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Error, Trouble::Untranslatable, Some(place), message)
    }

    /// Something to know that loses nothing.
    pub fn warning(code: &'static str, place: Place, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Warning, Trouble::Advice, Some(place), message)
    }

    /// The same, about no line in particular.
    pub fn general(code: &'static str, severity: Severity, trouble: Trouble, message: impl Into<String>) -> Self {
        Self::new(code, severity, trouble, None, message)
    }

    fn new(
        code: &'static str,
        severity: Severity,
        trouble: Trouble,
        place: Option<Place>,
        message: impl Into<String>,
    ) -> Self {
        Diagnostic {
            code,
            severity,
            trouble,
            message: message.into(),
            place,
            label: String::new(),
            related: Vec::new(),
            notes: Vec::new(),
            help: Vec::new(),
        }
    }

    /// Adds what the caret line says.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Adds another place that it is about.
    #[must_use]
    pub fn related(mut self, place: Place, label: impl Into<String>) -> Self {
        self.related.push((place, label.into()));
        self
    }

    /// Adds why it matters.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Adds a next step.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Whether the run may not succeed.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Text from a dump made fit for a message: control bytes and bytes that are not UTF-8 escaped,
/// long text cut.
pub fn quote(text: &[u8]) -> String {
    const MOST: usize = 80;
    let mut out = String::from("`");
    for (at, (_, _, c)) in text.char_indices().enumerate() {
        if at == MOST {
            out.push('…');
            break;
        }
        match c {
            c if c.is_control() => out.extend(c.escape_default()),
            c if is_invisible(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out.push('`');
    out
}

/// Text of a dump without what a terminal would obey: such characters become U+FFFD.
pub fn printable(text: &[u8]) -> String {
    text.chars().map(|c| if c.is_control() || is_invisible(c) { '\u{fffd}' } else { c }).collect()
}

/// Characters that change how a terminal shows the text around them (bidi controls, zero width).
pub(crate) const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_text_holds_no_terminal_control() {
        assert_eq!(quote(b"a\x1b[31mb\n"), "`a\\u{1b}[31mb\\n`");
        assert_eq!(quote("x\u{202e}y".as_bytes()), "`x\\u{202e}y`");
        assert!(quote(&[b'z'; 300]).chars().count() < 90);
    }
}
