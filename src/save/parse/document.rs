//! Lines into tables, and tables into documents.
//!
//! `iptables-restore` tells lines by their first byte; this reader does too, but lets leading
//! blanks, a carriage return and a missing last line break pass with a warning.

use std::sync::Arc;

use bstr::BString;

use super::belongs::Belongs;
use super::command::{self, Command};
use super::likes::Known;
use super::lines::{self, Line, Said, Within};
use super::stray::Stray;
use crate::diag::{Diagnostic, Source, Span, quote};
use crate::packet::Family;
use crate::save::ast::{ChainLine, Comment, Counters, Document, Dump, Item, Policy, Table, TableKind};
use crate::save::forms::names::{Chains, Names};
use crate::save::forms::{Entry, Forms, Like, Skimmed};
use crate::save::value::number;
use crate::save::words::{self, Word};

/// Reads the whole source; rules that are like others are kept so where `by_form` says it.
pub fn read(source: &Source, family: Option<Family>, by_form: bool) -> (Skimmed<'_>, Vec<Diagnostic>) {
    let mut reader = Reader::new(source, family);
    reader.known = by_form.then(Known::default);
    let text = source.text();
    let (mut start, mut line_number) = (0, 0);
    for end in memchr::memchr_iter(b'\n', text).chain([text.len()]) {
        // Nothing stands behind the last line break.
        if start < text.len() {
            line_number += 1;
            reader.line(start, end, line_number);
        }
        start = end + 1;
    }
    reader.finish()
}

/// Few lines of a long dump are shorter, in bytes.
const SHORT_LINE: usize = 32;

pub(super) struct Reader<'a> {
    pub(super) source: &'a Source,
    belongs: Belongs,
    dump: Dump<Entry>,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Comment lines seen since the last table.
    comments: Vec<Comment>,
    pub(super) open: Option<Table<Entry>>,
    pub(super) stray: Option<Stray>,
    /// The last `COMMIT` that ended a table.
    pub(super) ended: Option<Span>,
    /// The chains of the open table.
    chains: Chains,
    /// The family of the document that the open table belongs to.
    family: Family,
    warned_cr: bool,
    /// The first rule of the open table that is for the other family, and how many there are.
    left_out: Option<(Span, usize)>,
    words: Vec<Word<'a>>,
    /// How much there was to say before the open table.
    said_before: usize,
    /// Rules of the open table that are not read yet.
    waiting: Vec<Line>,
    forms: Forms<'a>,
    /// The keys of the forms, when rules are to be kept as what they are like.
    known: Option<Known>,
}

impl<'a> Reader<'a> {
    fn new(source: &'a Source, told: Option<Family>) -> Self {
        Reader {
            source,
            belongs: Belongs::new(told),
            dump: Dump::default(),
            diagnostics: Vec::new(),
            comments: Vec::new(),
            open: None,
            stray: None,
            ended: None,
            chains: Chains::default(),
            family: told.unwrap_or(Family::Ip),
            warned_cr: false,
            left_out: None,
            words: Vec::new(),
            said_before: 0,
            waiting: Vec::new(),
            forms: Forms { source: source.id, text: source.text(), all: Vec::new(), names: Names::default() },
            known: None,
        }
    }

    pub(super) fn error(&mut self, code: &'static str, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        let at = self.diagnostics.len();
        self.diagnostics.push(Diagnostic::unreadable(code, self.source.place(span), message));
        &mut self.diagnostics[at]
    }

    fn line(&mut self, start: usize, mut end: usize, number: u32) {
        let source: &'a Source = self.source;
        let text: &'a [u8] = source.text();
        if self.may_wait() && lines::plainly_adds_a_rule(&text[start..end]) {
            return self.waiting.push(Line { span: Span::new(start, end), number });
        }
        if end > start && text[end - 1] == b'\r' {
            end -= 1;
            // The first such line tells of it; what is wrong above it comes first.
            if !self.warned_cr {
                self.settle();
            }
            self.warn_carriage_return(Span::new(end, end + 1));
        }
        while start < end && matches!(text[end - 1], b' ' | b'\t') {
            end -= 1;
        }
        let lead = text[start..end].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
        let span = Span::new(start + lead, end);
        let line = &text[start + lead..end];
        if self.may_wait() && lines::adds_a_rule(line) {
            return self.waiting.push(Line { span, number });
        }
        self.settle();
        match line.first() {
            None => {}
            Some(b'#') => self.comment(&line[1..], span),
            Some(b'*') => self.table(&line[1..], span),
            Some(_) if line == b"COMMIT" => self.commit(span),
            Some(b':') => self.chain(&line[1..], span, number),
            Some(_) => self.command(span, number),
        }
    }

    /// Whether one more line that adds a rule need not be read yet.
    const fn may_wait(&self) -> bool {
        self.open.is_some() && self.waiting.len() < lines::MOST
    }

    fn warn_carriage_return(&mut self, span: Span) {
        if !std::mem::replace(&mut self.warned_cr, true) {
            let warning = Diagnostic::warning("carriage-return", self.source.place(span), "lines end in CR LF")
                .help("iptables-restore refuses such lines; they are read here as if they ended in LF");
            self.diagnostics.push(warning);
        }
    }

    fn comment(&mut self, text: &[u8], span: Span) {
        if self.open.is_none() {
            self.belongs.comment(text, span);
        }
        let comment = Comment { text: text.into(), span };
        match &mut self.open {
            Some(table) => table.items.push(Item::Comment(Box::new(comment))),
            None => self.comments.push(comment),
        }
    }

    fn table(&mut self, rest: &[u8], span: Span) {
        self.inside_again();
        if self.open.is_some() {
            self.error("no-commit", span, "a new table starts before the last one ended")
                .help
                .push("write `COMMIT` before this line".into());
            self.close();
        }
        let name = rest.split(|b| matches!(b, b' ' | b'\t')).find(|w| !w.is_empty()).unwrap_or_default();
        let Some(kind) = TableKind::ALL.into_iter().find(|k| k.name().as_bytes() == name) else {
            self.error("unknown-table", span, format!("iptables has no table {}", quote(name)))
                .help
                .push("the tables are raw, mangle, nat, filter and security".into());
            return;
        };
        self.begin_document_for(kind, span);
        self.chains = Chains::builtin(self.family, kind, &mut self.forms.names);
        let leading = std::mem::take(&mut self.comments);
        self.open = Some(Table { kind, span, items: self.room(span), leading });
    }

    /// Room for about as many lines as stand before the next table, which costs nothing before it is used. No byte is
    /// looked at for two tables.
    fn room(&self, table: Span) -> Vec<Item<Entry>> {
        let rest = self.source.text().get(table.end as usize..).unwrap_or_default();
        let bytes = memchr::memchr(b'*', rest).unwrap_or(rest.len());
        Vec::with_capacity(bytes / SHORT_LINE)
    }

    /// A table opens a new document when its family differs from the last one's. The same table
    /// again replaces what the first said when restored: that is never what was meant.
    fn begin_document_for(&mut self, kind: TableKind, span: Span) {
        let family = self.belongs.decide(self.source, span).unwrap_or_else(|conflict| {
            self.diagnostics.push(*conflict);
            Family::Ip
        });
        self.family = family;
        self.said_before = self.diagnostics.len();
        let same = self.dump.documents.iter().position(|d| d.family == family);
        match same {
            Some(at) => {
                let first = self.dump.documents[at].tables.iter().find(|t| t.kind == kind).map(|t| t.span);
                if let Some(first) = first {
                    let line = self.source.line(first.start);
                    self.error(
                        "repeated-table",
                        span,
                        format!("table {} was given before, in line {line}", kind.name()),
                    )
                    .help
                    .push("restoring both leaves only the last one; keep one, or say -6 if one is for IPv6".into());
                }
                let document = self.dump.documents.remove(at);
                self.dump.documents.push(document);
            }
            None => self.dump.documents.push(Document { family, tables: Vec::new(), trailing: Vec::new() }),
        }
    }

    fn commit(&mut self, span: Span) {
        // Behind lines outside every table it says no more than they do.
        match self.open {
            Some(_) => self.ended = Some(span),
            None if self.stray.is_none() => _ = self.error("stray-commit", span, "`COMMIT` without a table"),
            None => {}
        }
        self.close();
    }

    fn close(&mut self) {
        self.warn_left_out();
        let Some(table) = self.open.take() else { return };
        let told = self.diagnostics.get(self.said_before..).unwrap_or_default();
        if told.iter().any(Diagnostic::is_error)
            && let Some(conflict) = self.belongs.conflict(self.source, table.span)
        {
            self.diagnostics.insert(self.said_before, *conflict);
        }
        if let Some(document) = self.dump.documents.last_mut() {
            document.tables.push(table);
        }
    }

    fn chain(&mut self, rest: &'a [u8], span: Span, line: u32) {
        if self.outside(span) {
            return;
        }
        let base = span.start as usize + 1;
        if let Some(name) = plain_chain(rest) {
            let name_span = Span::new(base, base + name.len());
            let counters = Some(Counters { packets: 0, bytes: 0 });
            let name = Arc::new(name.into());
            return self.declare(ChainLine { name, name_span, policy: None, counters, span, line });
        }
        let mut words = std::mem::take(&mut self.words);
        match words::split(rest, base, &mut words) {
            Ok(()) => self.chain_words(&words, span, line),
            Err(error) => {
                let (_, code, message) = error.told();
                self.error(code, span, message);
            }
        }
        self.words = words;
    }

    fn chain_words(&mut self, words: &[Word], span: Span, line: u32) {
        let Some(name) = words.first() else {
            self.error("no-chain-name", span, "a chain needs a name");
            return;
        };
        let policy = match words.get(1).map(|w| &*w.text) {
            Some(b"-") => None,
            Some(b"ACCEPT") => Some(Policy::Accept),
            Some(b"DROP") => Some(Policy::Drop),
            Some(other) => {
                let message = format!("{} is no policy: ACCEPT, DROP, or `-` for a chain of your own", quote(other));
                self.error("bad-policy", words[1].span, message);
                return;
            }
            None => {
                self.error(
                    "bad-policy",
                    span,
                    "a chain line needs a policy: ACCEPT, DROP, or `-` for a chain of your own",
                );
                return;
            }
        };
        let counters = match words.get(2) {
            None => None,
            // iptables-restore reads nothing behind `-`.
            Some(word) if policy.is_none() => counters(&word.text),
            Some(word) => match counters(&word.text) {
                Some(c) => Some(c),
                None => {
                    self.error("bad-counters", word.span, "counters are written `[packets:bytes]`");
                    return;
                }
            },
        };
        let chain =
            ChainLine { name: Arc::new((*name.text).into()), name_span: name.span, policy, counters, span, line };
        self.declare(chain);
    }

    fn declare(&mut self, chain: ChainLine) {
        let Some(table) = &self.open else { return };
        let builtin = table.kind.hook(&chain.name).is_some();
        if let Some(why) = command::chain_name_trouble(&chain.name) {
            self.error("bad-chain-name", chain.name_span, why);
            return;
        }
        if !builtin && chain.policy.is_some() {
            let kind = table.kind.name();
            self.error(
                "policy-on-own-chain",
                chain.span,
                format!("only built-in chains have a policy, and {kind} has no built-in chain {}", quote(&chain.name)),
            )
            .help
            .push("write `-` in place of the policy".into());
            return;
        }
        let known = !self.chains.add(Arc::clone(&chain.name), &mut self.forms.names);
        let repeated = known && !builtin;
        if repeated {
            let mut warning =
                Diagnostic::warning("repeated-chain", self.source.place(chain.span), "this chain is declared twice");
            warning.help.push("the second declaration empties the chain when restored; keep one".into());
            warning.severity = crate::diag::Severity::Error;
            warning.trouble = crate::diag::Trouble::Unreadable;
            self.diagnostics.push(warning);
            return;
        }
        if let Some(table) = &mut self.open {
            table.items.push(Item::Chain(Box::new(chain)));
        }
    }

    fn command(&mut self, span: Span, number: u32) {
        if !self.outside(span) {
            self.waiting.push(Line { span, number });
            self.settle();
        }
    }

    /// Takes in what the waiting lines say.
    fn settle(&mut self) {
        let Some(table) = self.open.as_ref().map(|table| table.kind).filter(|_| !self.waiting.is_empty()) else {
            return;
        };
        let mut lines = std::mem::take(&mut self.waiting);
        let (names, known) = (&self.forms.names, self.known.as_ref());
        let within = Within { source: self.source, family: self.family, table, chains: &self.chains, names, known };
        let said = within.read_all(&lines);
        let before = self.forms.all.len();
        let mut waiting = lines.drain(..);
        for (piece, learned) in said {
            let numbers =
                self.known.as_mut().map(|known| known.take_in(learned, &mut self.forms.all)).unwrap_or_default();
            for (mut said, line) in piece.into_iter().zip(&mut waiting) {
                if let Said::Like(like) = &mut said {
                    renumber(like, before, &numbers);
                }
                self.take_in(said, line.span);
            }
        }
        drop(waiting);
        self.waiting = lines;
    }

    fn take_in(&mut self, said: Said, span: Span) {
        match said {
            Said::Command(Command::Rules(rules)) => {
                if let Some(table) = &mut self.open {
                    table.items.extend(rules.into_iter().map(Entry::Whole).map(Item::Rule));
                }
            }
            Said::Like(like) => {
                if let Some(table) = &mut self.open {
                    table.items.push(Item::Rule(Entry::Like(like)));
                }
            }
            Said::Command(Command::Chain(chain)) => self.declare(*chain),
            Said::Command(Command::Flush(chain)) => self.flush(chain.as_ref(), span),
            Said::Command(Command::Nothing) => {}
            Said::ToOthers => self.leave_out(span),
            Said::Nonsense(diagnostic) => self.diagnostics.push(*diagnostic),
        }
    }

    /// A rule for the other family stays as a comment.
    fn leave_out(&mut self, span: Span) {
        let line = self.source.text().get(span.start as usize..span.end as usize).unwrap_or_default();
        let text = [b" ", line].concat().into();
        if let Some(table) = &mut self.open {
            table.items.push(Item::Comment(Box::new(Comment { text, span })));
        }
        self.left_out.get_or_insert((span, 0)).1 += 1;
    }

    fn warn_left_out(&mut self) {
        let Some((span, rules)) = self.left_out.take() else { return };
        let message = match rules {
            1 => "this rule is for the other family, and left out".to_owned(),
            n => format!("this rule and {} more are for the other family, and left out", n - 1),
        };
        let help = "the tool of the other family reads them from the same file: translate it with -4 and with -6";
        self.diagnostics.push(Diagnostic::warning("other-family", self.source.place(span), message).help(help));
    }

    /// `-F`: the rules above it are gone, as if they had never stood there.
    fn flush(&mut self, chain: Option<&BString>, span: Span) {
        let Some(table) = &mut self.open else { return };
        let before = table.items.len();
        let named = |rule: &Entry| chain.is_none_or(|chain| self.forms.chain(rule).is_some_and(|of| **of == *chain));
        table.items.retain(|item| !matches!(item, Item::Rule(rule) if named(rule)));
        let gone = before - table.items.len();
        if gone > 0 {
            let warning = Diagnostic::warning(
                "flushed-rules",
                self.source.place(span),
                format!("this empties {gone} rules above"),
            )
            .help("they have no effect when the file is restored; remove them, or this line");
            self.diagnostics.push(warning);
        }
    }

    fn finish(mut self) -> (Skimmed<'a>, Vec<Diagnostic>) {
        self.settle();
        self.inside_again();
        let end = Span::new(self.source.text().len(), self.source.text().len());
        if let Some(table) = &self.open {
            let span = table.span;
            self.error("no-commit", span, "this table never ends").help.push(
                "write `COMMIT` behind its last rule; without it iptables-restore loads nothing of the table".into(),
            );
            self.close();
        }
        if self.source.text().last().is_some_and(|&b| b != b'\n') {
            let warning =
                Diagnostic::warning("no-last-newline", self.source.place(end), "the last line has no line break")
                    .help("iptables-restore may refuse it; it is read here all the same");
            self.diagnostics.push(warning);
        }
        if let Some(document) = self.dump.documents.last_mut() {
            document.trailing = std::mem::take(&mut self.comments);
        }
        if self.dump.documents.is_empty() && self.diagnostics.iter().all(|d| !d.is_error()) {
            self.error("no-table", end, "there is no table in this input")
                .help
                .push("expected the output of iptables-save: `*filter`, chains, rules, `COMMIT`".into());
        }
        (Skimmed { dump: self.dump, forms: self.forms }, self.diagnostics)
    }
}

/// Gives the rule the number that its form has among all: of `before` when it was known, else of those it learned.
fn renumber(like: &mut Like, before: usize, numbers: &[u32]) {
    if let Some(learned) = (like.form as usize).checked_sub(before) {
        like.form = numbers.get(learned).copied().unwrap_or(u32::MAX);
    }
}

/// The name of a chain whose line is written as iptables-save writes those of all but the kernel's own.
fn plain_chain(rest: &[u8]) -> Option<&[u8]> {
    let name = rest.strip_suffix(b" - [0:0]")?;
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'+');
    (!name.is_empty() && name.iter().all(is_plain)).then_some(name)
}

/// `[packets:bytes]`
pub fn counters(word: &[u8]) -> Option<Counters> {
    let inner = word.strip_prefix(b"[")?.strip_suffix(b"]")?;
    let colon = inner.iter().position(|&b| b == b':')?;
    let (packets, bytes) = inner.split_at_checked(colon)?;
    Some(Counters { packets: number(packets).ok()?, bytes: number(bytes.get(1..)?).ok()? })
}
