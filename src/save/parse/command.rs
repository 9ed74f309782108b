//! The commands a line may hold: rules (`-A`, `-I`) and chains (`-N`, `-P`).
//!
//! Commands that change what is loaded (`-D`, `-F`, `-R` ...) have no meaning in a text that is
//! to say what a firewall is; they are refused with the way out.

use std::sync::Arc;

use bstr::BString;
use smallvec::SmallVec;

use super::document::counters;
use super::rule::{self, Around};
use crate::diag::{Diagnostic, Place, Span, quote};
use crate::save::ast::{ChainLine, Counters, Policy, Rule};
use crate::save::words::Word;

/// What a line said.
pub enum Command {
    Rules(SmallVec<[Box<Rule>; 1]>),
    Chain(Box<ChainLine>),
    /// `-F`: empties a chain, or all.
    Flush(Option<BString>),
    /// `-Z`: counters are zero to begin with.
    Nothing,
}

impl Command {
    /// A rule that says `-4` or `-6`.
    pub fn is_for_one_family(&self) -> bool {
        matches!(self, Command::Rules(rules) if rules.iter().any(|rule| rule.only.is_some()))
    }
}

/// Reads a line inside a table that is neither a comment nor a chain line.
pub fn read(words: &[Word], around: &Around) -> Result<Command, Box<Diagnostic>> {
    let (counted, words) = leading_counters(words, around)?;
    match words.first().map(|w| &*w.text) {
        Some(b"-N" | b"--new-chain" | b"--new") => new_chain(words, around).map(Box::new).map(Command::Chain),
        Some(b"-P" | b"--policy") => policy(words, around).map(Box::new).map(Command::Chain),
        Some(b"-F" | b"--flush") => Ok(Command::Flush(words.get(1).map(|w| (*w.text).into()))),
        Some(b"-Z" | b"--zero") => Ok(Command::Nothing),
        Some(
            b"-D" | b"--delete" | b"-R" | b"--replace" | b"-X" | b"--delete-chain" | b"-E" | b"--rename-chain" | b"-C"
            | b"--check" | b"-L" | b"--list" | b"-S" | b"--list-rules",
        ) => Err(Box::new(
            error(
                "command-not-a-rule",
                words[0].span,
                around,
                format!("{} changes or shows what is loaded; it is no rule", quote(&words[0].text)),
            )
            .help("restore the file, then translate what iptables-save prints"),
        )),
        _ => rule::read(words, counted, around).map(Command::Rules),
    }
}

type Counted<'a, 'w> = (Option<Counters>, &'a [Word<'w>]);

fn leading_counters<'a, 'w>(words: &'a [Word<'w>], around: &Around) -> Result<Counted<'a, 'w>, Box<Diagnostic>> {
    match words.split_first() {
        Some((first, rest)) if first.text.starts_with(b"[") => match counters(&first.text) {
            Some(c) => Ok((Some(c), rest)),
            None => Err(Box::new(error("bad-counters", first.span, around, "counters are written `[packets:bytes]`"))),
        },
        _ => Ok((None, words)),
    }
}

fn new_chain(words: &[Word], around: &Around) -> Result<ChainLine, Box<Diagnostic>> {
    let [_, name] = words else {
        return Err(Box::new(error(
            "bad-command",
            around.span,
            around,
            "`-N` takes the name of a chain, and nothing else",
        )));
    };
    Ok(chain_line(name, None, around))
}

fn policy(words: &[Word], around: &Around) -> Result<ChainLine, Box<Diagnostic>> {
    let (policy, name) = match words {
        [_, name, policy] if &*policy.text == b"ACCEPT" => (Policy::Accept, name),
        [_, name, policy] if &*policy.text == b"DROP" => (Policy::Drop, name),
        _ => {
            return Err(Box::new(error(
                "bad-command",
                around.span,
                around,
                "`-P` takes a built-in chain, and ACCEPT or DROP",
            )));
        }
    };
    Ok(chain_line(name, Some(policy), around))
}

fn chain_line(name: &Word, policy: Option<Policy>, around: &Around) -> ChainLine {
    ChainLine {
        name: Arc::new((*name.text).into()),
        name_span: name.span,
        policy,
        counters: None,
        span: around.span,
        line: around.line,
    }
}

fn error(code: &'static str, span: Span, around: &Around, message: impl Into<String>) -> Diagnostic {
    Diagnostic::unreadable(code, Place { source: around.source, span }, message)
}

/// Why iptables refuses a chain name (iptables/xshared.c, `assert_valid_chain_name`).
pub fn chain_name_trouble(name: &[u8]) -> Option<String> {
    const MOST: usize = 28;
    if name.is_empty() || name.len() > MOST {
        return Some(format!("a chain name has 1 to {MOST} bytes, this one has {}", name.len()));
    }
    if matches!(name[0], b'-' | b'!') {
        return Some(format!("a chain name cannot start with {}", quote(&name[..1])));
    }
    if name.iter().any(|b| b.is_ascii_whitespace()) {
        return Some(format!("{} holds a blank, which no chain name can", quote(name)));
    }
    if crate::save::ext::registry::is_verdict(name) {
        return Some(format!("{} is a verdict; a chain cannot have its name", quote(name)));
    }
    None
}
