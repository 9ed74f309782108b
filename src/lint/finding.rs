//! A finding as data: which lint, where, what, why, what to do, and perhaps how to mend it.

use bstr::BString;

use super::lint::Lint;
use crate::diag::{Diagnostic, Place, Severity, Span, Trouble};

/// Something that a lint has to say.
#[derive(Clone, Debug)]
pub struct Finding {
    pub lint: &'static Lint,
    pub place: Place,
    /// What is said of the place, and of others.
    pub said: Diagnostic,
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
        let mut said = Diagnostic::general(lint.code, lint.severity, Trouble::Advice, message);
        said.place = Some(place);
        Finding { lint, place, said, fix: None }
    }

    /// What another reader has said, as a finding.
    pub fn told(lint: &'static Lint, place: Place, said: &Diagnostic) -> Self {
        let said = Diagnostic { code: lint.code, severity: lint.severity, trouble: Trouble::Advice, ..said.clone() };
        Finding { lint, place, said, fix: None }
    }

    /// How bad it is.
    pub fn severity(&self) -> Severity {
        self.lint.severity
    }

    /// Adds what the caret line says.
    #[must_use]
    pub fn label(self, label: impl Into<String>) -> Self {
        Finding { said: self.said.label(label), ..self }
    }

    /// Adds another place that it is about.
    #[must_use]
    pub fn related(self, place: Place, label: impl Into<String>) -> Self {
        Finding { said: self.said.related(place, label), ..self }
    }

    /// Adds why it matters.
    #[must_use]
    pub fn note(self, note: impl Into<String>) -> Self {
        Finding { said: self.said.note(note), ..self }
    }

    /// Adds a next step.
    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Self {
        Finding { said: self.said.help(help), ..self }
    }

    /// Adds a way to mend it, if there is one.
    #[must_use]
    pub fn fix(mut self, fix: Option<Fix>) -> Self {
        self.fix = fix;
        self
    }
}
