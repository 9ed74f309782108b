//! Which family a table belongs to, and the error when what is known speaks for both.
//!
//! Invariant: evidence that conflicts is never settled by a guess (the order of it: see `save::family`).

use crate::diag::{Diagnostic, Source, Span};
use crate::packet::Family;
use crate::save::family::{self, Evidence};

/// What is known before a table is looked at.
#[derive(Clone, Copy, Debug, Default)]
pub struct Belongs {
    /// What the user said.
    pub told: Option<Family>,
    /// The last header comment, and whether the tables that it speaks of go on.
    header: Option<(Family, Span)>,
    open: bool,
}

impl Belongs {
    pub fn new(told: Option<Family>) -> Self {
        Belongs { told, ..Belongs::default() }
    }

    /// Notes a comment outside of tables: headers and footers tell, others do not.
    pub fn comment(&mut self, text: &[u8], span: Span) {
        if let Some(family) = family::of_header(text) {
            self.header = Some((family, span));
            self.open = true;
        } else if family::is_footer(text) {
            self.open = false;
        }
    }

    /// The header that speaks of the table to come.
    fn standing_header(&self) -> Option<(Family, Span)> {
        self.header.filter(|_| self.open)
    }

    /// The family of the table whose head is at `span`, or why that cannot be said.
    pub fn decide(&self, source: &Source, span: Span) -> Result<Family, Box<Diagnostic>> {
        if let Some(told) = self.told {
            return Ok(told);
        }
        let text = source.text().get(span.end as usize..).unwrap_or_default();
        match self.standing_header() {
            Some(header) => self.confirm(header, source, text, span),
            None => self.guess(source, text, span),
        }
    }

    /// The header holds unless something speaks against it.
    fn confirm(
        &self,
        (header, head): (Family, Span),
        source: &Source,
        text: &[u8],
        span: Span,
    ) -> Result<Family, Box<Diagnostic>> {
        let head = source.line(head.start);
        let (other, lines) = match (family::first_telling(text), family::of_suffix(&source.name)) {
            (Some((family, _)), _) | (None, Some(family)) if family == header => return Ok(header),
            (None, None) => return Ok(header),
            (Some((family, at)), _) => {
                let line = source.line(span.end + at as u32);
                (format!("the rules {}", name(family)), format!("line {head} is the header, line {line} a rule"))
            }
            (None, Some(family)) => {
                let lines = format!("line {head} is the header; no rule tells");
                (format!("the file's name {}", name(family)), lines)
            }
        };
        let message = format!("the header says {}, {other}", name(header));
        Err(error(source, span, "family-conflict", message, lines))
    }

    /// The first word that tells is believed: another that tells otherwise cannot be read then, see [`Self::conflict`].
    fn guess(&self, source: &Source, text: &[u8], span: Span) -> Result<Family, Box<Diagnostic>> {
        let told = family::first_telling(text).map(|(family, _)| family);
        let settled = told.or_else(|| family::of_protocols(text));
        let settled = settled.or_else(|| family::of_name(&source.name)).or(self.header.map(|(family, _)| family));
        match settled.map_or_else(|| family::of_choices(text), |family| Evidence::One { family, at: 0 }) {
            Evidence::None => Ok(Family::Ip),
            Evidence::One { family, .. } => Ok(family),
            Evidence::Both { ip, ip6 } => Err(mixed(source, span, ip, ip6)),
        }
    }

    /// Why some lines of the table whose head is at `span` could not be read: nothing but they said its family, and
    /// they say both.
    pub fn conflict(&self, source: &Source, span: Span) -> Option<Box<Diagnostic>> {
        let guessed = self.told.is_none() && self.standing_header().is_none();
        let text = source.text().get(span.end as usize..).filter(|_| guessed)?;
        match family::of_words(text) {
            Evidence::Both { ip, ip6 } => Some(mixed(source, span, ip, ip6)),
            Evidence::None | Evidence::One { .. } => None,
        }
    }
}

fn mixed(source: &Source, span: Span, ip: usize, ip6: usize) -> Box<Diagnostic> {
    let line = |offset: usize| source.line(span.end + offset as u32);
    let lines = format!("line {} is IPv4, line {} is IPv6", line(ip), line(ip6));
    error(source, span, "mixed-families", "this table speaks of IPv4 and of IPv6".into(), lines)
}

fn error(source: &Source, span: Span, code: &'static str, message: String, lines: String) -> Box<Diagnostic> {
    let advice = "say -4 or -6, or keep the families in files of their own";
    Box::new(Diagnostic::unreadable(code, source.place(span), message).help(lines).help(advice))
}

const fn name(family: Family) -> &'static str {
    if matches!(family, Family::Ip6) { "IPv6" } else { "IPv4" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::save::parse;

    /// Families of the tables, or codes of the errors.
    fn families(name: &str, text: &str) -> Result<Vec<Family>, Vec<&'static str>> {
        let parsed = parse(&Source::new(0, name, text.into()).unwrap(), None);
        let errors: Vec<_> = parsed.diagnostics.iter().filter(|d| d.is_error()).map(|d| d.code).collect();
        let families = parsed.dump.documents.iter().map(|d| d.family).collect();
        if errors.is_empty() { Ok(families) } else { Err(errors) }
    }

    const HEAD4: &str = "# Generated by iptables-save v1.8.9 on Mon\n";
    const HEAD6: &str = "# Generated by ip6tables-save v1.8.9 on Mon\n";
    const FOOT: &str = "# Completed on Mon\n";
    const PLAIN: &str = "*filter\n-A INPUT -j DROP\nCOMMIT\n";
    const ONLY4: &str = "*raw\n-A PREROUTING -s 10.0.0.1 -j DROP\nCOMMIT\n";
    const ONLY6: &str = "*raw\n-A PREROUTING -s ::1 -j DROP\nCOMMIT\n";

    #[test]
    fn what_agrees_is_believed() {
        use Family::{Ip, Ip6};
        for (name, text, want) in [
            ("<stdin>", PLAIN.to_owned(), vec![Ip]),
            ("rules.v6", PLAIN.to_owned(), vec![Ip6]),
            ("<stdin>", format!("{HEAD6}{PLAIN}{FOOT}"), vec![Ip6]),
            ("<stdin>", format!("{HEAD4}{PLAIN}{FOOT}{HEAD6}{PLAIN}{FOOT}"), vec![Ip, Ip6]),
            ("<stdin>", format!("{HEAD4}{PLAIN}{FOOT}{ONLY6}"), vec![Ip, Ip6]),
            ("<stdin>", format!("{ONLY4}{ONLY6}"), vec![Ip, Ip6]),
            ("rules.v4", format!("{HEAD6}{ONLY6}"), vec![Ip6]),
            ("<stdin>", format!("{HEAD4}*raw\n-A PREROUTING -p ipv6-icmp -j DROP\nCOMMIT\n"), vec![Ip]),
            ("<stdin>", format!("{HEAD6}*raw\n-A PREROUTING -j DROP\nCOMMIT\n{FOOT}{PLAIN}"), vec![Ip6]),
            ("<stdin>", "*filter\n-6 -A INPUT -j DROP\nCOMMIT\n".to_owned(), vec![Ip6]),
            ("a.v6", "*filter\n-4 -A INPUT -j DROP\n-6 -A INPUT -j DROP\nCOMMIT\n".to_owned(), vec![Ip6]),
            ("<stdin>", "*filter\n-4 -A INPUT -s 1.1.1.1 -j DROP\n-A INPUT -s ::1\nCOMMIT\n".to_owned(), vec![Ip6]),
        ] {
            assert_eq!(families(name, &text), Ok(want), "{name}\n{text}");
        }
    }

    #[test]
    fn what_conflicts_is_told() {
        for (name, text, want) in [
            ("rules.v4", format!("{HEAD6}{PLAIN}"), "family-conflict"),
            ("rules.v6", format!("{HEAD4}{PLAIN}"), "family-conflict"),
            ("<stdin>", format!("{HEAD4}{ONLY6}"), "family-conflict"),
            ("<stdin>", format!("{HEAD6}{ONLY4}"), "family-conflict"),
            ("<stdin>", "*filter\n-4 -A INPUT -j DROP\n-6 -A INPUT -j DROP\nCOMMIT\n".to_owned(), "mixed-families"),
        ] {
            assert_eq!(families(name, &text).map_err(|codes| codes[0]), Err(want), "{name}\n{text}");
        }
    }
}
