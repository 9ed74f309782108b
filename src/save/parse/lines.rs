//! Command lines of a table, each read on its own; long runs of rules are read by all processors at once.
//!
//! Invariant: a line depends on those before it only through the chains there are, so only lines that make
//! no chain are read together.

use super::command::{self, Command};
use super::likes::{Known, Learned, Likes};
use super::rule::Around;
use crate::diag::{Diagnostic, Source, Span};
use crate::packet::Family;
use crate::parallel;
use crate::save::ast::{ChainName, Rule, TableKind};
use crate::save::family;
use crate::save::forms::names::{Chains, Names};
use crate::save::forms::{Forms, Like, learn};
use crate::save::words::{self, Word};

/// Lines that one processor takes at a time. Fewer where the program watches itself, so that short dumps show what long
/// ones do.
const PIECE: usize = if cfg!(debug_assertions) { 8 } else { 512 };

/// About as many bytes as a line of a long dump has.
const LINE: usize = if cfg!(debug_assertions) { 1 } else { 64 };

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
    /// A rule of a form.
    Like(Like),
    /// Nothing to the tool of this family, which does not look at it, nor at what is wrong with it.
    ToOthers,
    Nonsense(Box<Diagnostic>),
}

/// The table that lines stand in, as it is by now.
#[derive(Clone, Copy)]
pub struct Within<'a, 'k> {
    pub source: &'a Source,
    pub family: Family,
    pub table: TableKind,
    pub chains: &'k Chains,
    pub names: &'k Names,
    /// The forms there are, when rules are to be kept as what they are like.
    pub known: Option<&'k Known>,
}

/// Whether the line adds a rule or is wrong, so that it can wait for others of its kind.
pub fn adds_a_rule(line: &[u8]) -> bool {
    let command = match line {
        [b'[', rest @ ..] => rest.iter().position(|&byte| byte == b']').and_then(|at| rest.get(at + 1..)),
        _ => Some(line),
    };
    command.is_some_and(|command| command.trim_ascii_start().starts_with(b"-A "))
}

/// The same of a line as it is written mostly, without anything around it.
pub const fn plainly_adds_a_rule(line: &[u8]) -> bool {
    matches!(line, [b'-', b'A', b' ', .., last] if *last > b' ')
}

impl<'a, 'k> Within<'a, 'k> {
    /// What each of the lines says, none of which makes a chain, in pieces in their order; and the forms that each
    /// piece learned.
    pub fn read_all(&self, lines: &[Line]) -> Vec<(Vec<Said>, Learned)> {
        if lines.len() <= PIECE {
            return vec![self.read_piece(lines, false)];
        }
        let piece = if parallel::are_many(self.source.text().len() / LINE) { PIECE } else { lines.len() };
        parallel::map(lines.chunks(piece).collect(), |lines| self.read_piece(lines, true))
    }

    /// Few lines are not worth a form.
    fn read_piece(&self, lines: &[Line], many: bool) -> (Vec<Said>, Learned) {
        let mut words = Vec::new();
        let mut likes = self.known.filter(|_| many).map(|known| Likes::new(*self, known));
        let read = |&line: &Line| {
            let like = likes.as_mut().and_then(|likes| likes.read(line));
            like.map_or_else(|| self.read(line, &mut words), Said::Like)
        };
        (lines.iter().map(read).collect(), likes.map(Likes::learned).unwrap_or_default())
    }

    /// What one line says; `words` is room for its words.
    fn read(&self, line: Line, words: &mut Vec<Word<'a>>) -> Said {
        let start = line.span.start as usize;
        if let Err(error) = words::split(self.source.slice(line.span), start, words) {
            let (at, code, message) = error.told();
            let place = self.source.place(Span::new(start + at, start + at + 1));
            return Said::Nonsense(Box::new(Diagnostic::unreadable(code, place, message)));
        }
        said(words, &self.around(line, &|name| self.chain(name)))
    }

    /// The chain of this name, when the table has one by now.
    fn chain(&self, name: &[u8]) -> Option<ChainName> {
        self.names.get(self.chains.number(name)?).cloned()
    }

    fn around<'n>(&self, Line { span, number }: Line, chain: &'n dyn Fn(&[u8]) -> Option<ChainName>) -> Around<'n> {
        Around { family: self.family, table: self.table, source: self.source.id, line: number, span, chain }
    }

    /// The rule that the words are, where names that stand in for those of chains are taken for such.
    pub fn with_stand_ins(&self, line: Line, words: &[Word]) -> Option<Box<Rule>> {
        let stand_in = |name: &[u8]| learn::is_stand_in(name).then(|| ChainName::new(name.into()));
        let chain = |name: &[u8]| self.chain(name).or_else(|| stand_in(name));
        only_rule(said(words, &self.around(line, &chain)))
    }
}

/// What the words of a line say.
fn said(words: &[Word], around: &Around) -> Said {
    let read = command::read(words, around);
    let chosen = words.iter().filter_map(|word| family::chooses(&word.text)).any(|family| family != around.family);
    match read {
        Ok(command) if !chosen || !command.is_for_one_family() => Said::Command(command),
        Err(why) if !chosen => Said::Nonsense(why),
        _ => Said::ToOthers,
    }
}

/// The rule, where the line is one, for whichever family.
fn only_rule(said: Said) -> Option<Box<Rule>> {
    let Said::Command(Command::Rules(mut rules)) = said else { return None };
    rules.pop().filter(|rule| rules.is_empty() && rule.only.is_none())
}

/// The tree of a rule that was kept as what it is like.
pub fn again(forms: &Forms, like: &Like) -> Option<Box<Rule>> {
    let form = forms.of(like)?;
    let mut words = Vec::new();
    let line = forms.text.get(like.span.start as usize..like.span.end as usize)?;
    words::split(line, like.span.start as usize, &mut words).ok()?;
    let names = [forms.names.get(like.chain), forms.callee(like).and_then(|callee| forms.names.get(callee))];
    let around = Around {
        family: form.family,
        table: form.table,
        source: forms.source,
        line: like.line,
        span: like.span,
        chain: &|name| names.into_iter().flatten().find(|known| ***known == *name).cloned(),
    };
    only_rule(said(&words, &around))
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
