//! Command lines of a table, each read on its own; long runs of rules are read by all processors at once.
//!
//! Invariant: a line depends on those before it only through the chains there are, so only lines that make
//! no chain are read together.

use rustc_hash::FxHashMap;

use super::command::{self, Command};
use super::rule::Around;
use crate::diag::{Diagnostic, Source, Span};
use crate::packet::Family;
use crate::parallel;
use crate::save::ast::{ChainName, TableKind};
use crate::save::family;
use crate::save::words::{self, Word};

/// Lines that one processor takes at a time.
const PIECE: usize = 512;

/// Lines that are worth keeping together.
pub const MOST: usize = 32 * PIECE;

/// A line without blanks around it, and its number from 1 on.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    pub span: Span,
    pub number: u32,
}

/// What a line says.
pub enum Said {
    Command(Command),
    /// Nothing to the tool of this family, which does not look at it, nor at what is wrong with it.
    ToOthers,
    Nonsense(Box<Diagnostic>),
}

/// The table that lines stand in, as it is by now.
pub struct Within<'a> {
    pub source: &'a Source,
    pub family: Family,
    pub table: TableKind,
    pub chains: &'a FxHashMap<bstr::BString, ChainName>,
}

/// Whether the line adds a rule or is wrong, so that it can wait for others of its kind.
pub fn adds_a_rule(line: &[u8]) -> bool {
    let command = match line {
        [b'[', rest @ ..] => rest.iter().position(|&byte| byte == b']').and_then(|at| rest.get(at + 1..)),
        _ => Some(line),
    };
    command.is_some_and(|command| command.trim_ascii_start().starts_with(b"-A "))
}

impl<'a> Within<'a> {
    /// What each of the lines says, none of which makes a chain, in pieces in their order.
    pub fn read_all(&self, lines: &[Line]) -> Vec<Vec<Said>> {
        let piece = |lines: &[Line]| {
            let mut words = Vec::new();
            lines.iter().map(|&line| self.read(line, &mut words)).collect::<Vec<_>>()
        };
        if lines.len() <= PIECE {
            return vec![piece(lines)];
        }
        parallel::map(lines.chunks(PIECE).collect(), piece)
    }

    /// What one line says; `words` is room for its words.
    fn read(&self, Line { span, number }: Line, words: &mut Vec<Word<'a>>) -> Said {
        let text = self.source.text().get(span.start as usize..span.end as usize).unwrap_or_default();
        if let Err(error) = words::split(text, span.start as usize, words) {
            let (at, code, message) = error.told();
            let at = span.start as usize + at;
            let place = self.source.place(Span::new(at, at + 1));
            return Said::Nonsense(Box::new(Diagnostic::unreadable(code, place, message)));
        }
        let around = Around {
            family: self.family,
            table: self.table,
            source: self.source.id,
            line: number,
            span,
            chain: &|name| self.chains.get(name).cloned(),
        };
        let read = command::read(words, &around);
        let chosen = words.iter().filter_map(|word| family::chooses(&word.text)).any(|family| family != self.family);
        match read {
            Ok(command) if !chosen || !command.is_for_one_family() => Said::Command(command),
            Err(why) if !chosen => Said::Nonsense(why),
            _ => Said::ToOthers,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::diag::Source;
    use crate::packet::Family;
    use crate::save::{parse, print};

    #[test]
    fn many_lines_say_what_each_says() {
        let rule = |n: u32| match n {
            2000 => "-A INPUT -j NOWHERE\n".to_owned(),
            3000 => "-A INPUT -6 -j DROP\n".to_owned(),
            4000 => "-A INPUT -m comment --comment \"open\n".to_owned(),
            4500 => "-N web\n".to_owned(),
            _ if n > 4500 => format!("[{n}:1] -A INPUT -p tcp --dport {n} -j web\n"),
            _ => format!("-A INPUT -p tcp --dport {n} -j DROP\n"),
        };
        let rules: String = (1..6000).map(rule).collect();
        let text = format!("*filter\n{rules}COMMIT\n");
        let parsed = parse(&Source::new(0, "test", text.into()).unwrap(), Some(Family::Ip));
        let told: Vec<_> = parsed.diagnostics.iter().map(|d| d.code).collect();
        assert_eq!(told, ["unknown-target", "open-quote", "other-family"]);
        let printed = String::from_utf8(print::print(&parsed.dump)).unwrap();
        let ports =
            printed.lines().filter_map(|line| line.split("port ").nth(1)?.split(' ').next()?.parse::<u32>().ok());
        let want = (1..6000).filter(|n| ![2000, 3000, 4000, 4500].contains(n));
        assert!(ports.eq(want));
        assert!(printed.contains("[5999:1] -A INPUT"));
    }
}
