//! A finding as data: which lint, where, what, why, what to do, and perhaps how to mend it.

use bstr::BString;

use super::lint::Lint;
use crate::diag::{Diagnostic, Place, Severity, Span, Trouble};

/// Something that a lint has to say.
#[derive(Clone, Debug)]
pub struct Finding {
    pub lint: &'static Lint,
    /// One sentence without a final dot.
    pub message: String,
    pub place: Place,
    /// What the caret line says.
    pub label: String,
    /// Other places that it is about, each with what its caret line says.
    pub related: Vec<(Place, String)>,
    /// Why it matters.
    pub notes: Vec<String>,
    /// What to do about it.
    pub help: Vec<String>,
    pub fix: Option<Fix>,
}

/// How a finding can be mended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fix {
    /// What it does: `removes the rule`.
    pub title: String,
    pub safety: Safety,
    pub edits: Vec<Edit>,
}

/// Whether a fix may be applied without being looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Safety {
    /// Means the same, and nobody can have meant anything else.
    Safe,
    /// A person should see it first: the rule may have been meant otherwise.
    Unsafe,
}

/// Bytes of the source that are replaced.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Edit {
    pub span: Span,
    pub text: BString,
}

impl Finding {
    pub fn new(lint: &'static Lint, place: Place, message: impl Into<String>) -> Self {
        Finding {
            lint,
            message: message.into(),
            place,
            label: String::new(),
            related: Vec::new(),
            notes: Vec::new(),
            help: Vec::new(),
            fix: None,
        }
    }

    /// How bad it is.
    pub fn severity(&self) -> Severity {
        self.lint.severity
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

    /// Adds a way to mend it, if there is one.
    #[must_use]
    pub fn fix(mut self, fix: Option<Fix>) -> Self {
        self.fix = fix;
        self
    }

    /// As a diagnostic, for the renderers.
    pub fn diagnostic(&self) -> Diagnostic {
        let mut d = Diagnostic::general(self.lint.code, self.severity(), Trouble::Advice, self.message.clone());
        d.place = Some(self.place);
        d.label.clone_from(&self.label);
        d.related.clone_from(&self.related);
        d.notes.clone_from(&self.notes);
        d.help.clone_from(&self.help);
        d
    }
}
