//! A rule's line cut into its form and its plain values.
//!
//! Only what is written as iptables-save writes it is cut: words between single blanks, addresses without host bits,
//! decimal ports, comments of printable ASCII. Everything else is part of the form, or leaves the line whole.
//! Invariant: lines with the same key differ by the values that were cut out of them, and by nothing else.

use smallvec::SmallVec;

use super::names::Chains;
use super::{Kind, MOST_VALUES};
use crate::packet::Family;
use crate::save::ast::TableKind;
use crate::save::words;

/// Networks of fewer bits of prefix are part of the form.
const LEAST_PREFIX: u8 = 8;

/// Longer comments are part of the form.
const LONGEST_COMMENT: usize = 100;

/// A line that was cut, and room for the next one of the same table.
#[derive(Debug, Default)]
pub struct Cut {
    /// The words that are left, with a mark for each value, behind the table.
    pub key: Vec<u8>,
    /// The name of the chain that the rule stands in, which mostly is that of the rule before.
    name: Vec<u8>,
    /// Its number.
    pub chain: u32,
    pub values: SmallVec<[u32; MOST_VALUES]>,
    pub kinds: SmallVec<[Kind; 4]>,
    /// The words that values stand in, counted from 0 on.
    pub words: SmallVec<[u16; 4]>,
    /// Where the text of each value begins and ends in the line.
    pub spans: SmallVec<[(u32, u32); 4]>,
    /// Whether the chain's name is cut too.
    pub own_chain: bool,
}

/// Where a line stands.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    pub family: Family,
    pub table: TableKind,
    pub chains: &'a Chains,
    /// The offset of its first byte in the source.
    pub start: u32,
}

impl Cut {
    /// Cuts the line; `None` when it has to be read whole.
    pub fn line(&mut self, line: &[u8], place: Place) -> Option<()> {
        self.key.clear();
        self.values.clear();
        self.kinds.clear();
        self.words.clear();
        self.spans.clear();
        let (chain, rest) = behind_chain(line)?;
        self.stand_in(chain, place.chains)?;
        let mut rest = rest.get(1..).unwrap_or_default();
        self.key.extend([place.family as u8, place.table as u8]);
        self.key.extend_from_slice(if self.own_chain { b"" } else { chain });
        let (mut option, mut negated): (&[u8], bool) = (b"", false);
        let mut number = 2;
        while !rest.is_empty() {
            let (text, behind) = word(rest)?;
            let at = (line.len() - rest.len()) as u32;
            self.key.push(b' ');
            if !negated && self.value(option, text, at, place).is_some() {
                let taken = self.values.len() - self.words.len();
                (0..taken).for_each(|_| self.words.push(number));
            } else {
                self.key.extend_from_slice(text);
            }
            negated = option == b"!";
            (option, rest, number) = (text, behind, number + 1);
        }
        (self.values.len() <= MOST_VALUES && self.differ()).then_some(())
    }

    /// Whether the values of each kind differ: what is said twice may mean something else than what is said once.
    pub(super) fn differ(&self) -> bool {
        self.kinds.iter().zip(&self.values).enumerate().all(|(at, (kind, value))| {
            let before = self.kinds.iter().zip(&self.values).take(at);
            before.filter(|(other, _)| kind.is_like(**other)).all(|(_, other)| other != value && *kind != Kind::Comment)
        })
    }

    /// Notes the chain that the rule stands in.
    pub fn stand_in(&mut self, chain: &[u8], chains: &Chains) -> Option<()> {
        if self.name != chain {
            self.chain = chains.number(chain)?;
            self.own_chain = !chains.is_builtin(self.chain);
            self.name.clear();
            self.name.extend_from_slice(chain);
        }
        Some(())
    }

    /// Takes the word, which begins there in the line, as a value of the option before it.
    fn value(&mut self, option: &[u8], word: &[u8], at: u32, place: Place) -> Option<()> {
        let end = |rest: &[u8]| at + (word.len() - rest.len()) as u32;
        match option {
            b"-s" | b"-d" => {
                let (network, prefix, []) = network(word)? else { return None };
                self.take(Kind::Net(prefix), network, (at, end(&[])));
            }
            b"--dport" | b"--sport" => {
                let (port, []) = port(word)? else { return None };
                self.take(Kind::Port, port, (at, end(&[])));
            }
            b"--to-destination" | b"--to-source" => {
                let (address, rest) = host(word)?;
                let port = match rest {
                    [] => None,
                    [b':', digits @ ..] => Some(port(digits).filter(|(_, behind)| behind.is_empty())?.0),
                    _ => return None,
                };
                self.take(Kind::Net(32), address, (at, end(rest)));
                port.into_iter().for_each(|port| self.take(Kind::Port, port, (end(rest) + 1, end(&[]))));
            }
            b"--comment" => {
                let quoted = word.starts_with(b"\"");
                let text = word.get(usize::from(quoted)..)?;
                let behind = plain_comment(text, quoted)?;
                let start = at + u32::from(quoted);
                self.take(Kind::Comment, place.start + start, (start, end(behind)));
            }
            b"-j" | b"-g" => self.take(Kind::Chain, chain(word, place.chains)?.0, (at, end(&[]))),
            _ => return None,
        }
        Some(())
    }

    /// Marks are control characters, of which a simple line has none.
    fn take(&mut self, kind: Kind, value: u32, span: (u32, u32)) {
        let mark: &[u8] = match kind {
            Kind::Net(prefix) => &[1, prefix],
            Kind::Port => &[2],
            Kind::Chain => &[3],
            Kind::Comment => &[4],
        };
        self.key.extend_from_slice(mark);
        self.kinds.push(kind);
        self.values.push(value);
        self.spans.push(span);
    }
}

/// Of a line that adds a rule the name of its chain, and what stands behind that.
pub(super) fn behind_chain(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = line.strip_prefix(b"-A ")?;
    let (chain, _) = word(rest)?;
    Some((chain, rest.get(chain.len()..)?))
}

/// The chain of the table, none of the kernel's, whose name stands at the start, and what stands behind it.
pub(super) fn chain<'t>(text: &'t [u8], chains: &Chains) -> Option<(u32, &'t [u8])> {
    let (name, _) = word(text)?;
    let number = chains.number(name).filter(|number| !chains.is_builtin(*number))?;
    Some((number, text.get(name.len()..)?))
}

/// The network at the start by its first address and its prefix, which is 32 where none is said, and what stands behind
/// it; only one that can be a value.
pub(super) fn network(text: &[u8]) -> Option<(u32, u8, &[u8])> {
    let (address, rest) = address(text)?;
    let (prefix, rest) = match rest {
        [b'/', digits @ ..] => octet(digits).filter(|(prefix, _)| *prefix <= 32)?,
        _ => (32, rest),
    };
    let prefix = prefix as u8;
    let plain = prefix >= LEAST_PREFIX && address & host_bits(prefix) == 0 && address != 0;
    plain.then_some((address, prefix, rest))
}

/// The address at the start, and what stands behind it.
pub(super) fn host(text: &[u8]) -> Option<(u32, &[u8])> {
    address(text).filter(|(address, _)| *address != 0)
}

/// What stands behind the comment at the start, which ends before a quote where it stands in quotes.
pub(super) fn plain_comment(text: &[u8], in_quotes: bool) -> Option<&[u8]> {
    let length = if in_quotes { quoted(text)? } else { word(text)?.0.len() };
    let (comment, behind) = text.split_at_checked(length)?;
    let plain = length <= LONGEST_COMMENT && comment.first()?.is_ascii_alphanumeric() && comment.is_ascii();
    plain.then_some(behind)
}

/// The comment whose first byte stands there: up to the quote where one stands before it, else up to a blank.
pub fn comment(text: &[u8], start: usize) -> &[u8] {
    let quoted = start.checked_sub(1).and_then(|before| text.get(before)) == Some(&b'"');
    let rest = text.get(start..).unwrap_or_default();
    let end = match quoted {
        true => memchr::memchr(b'"', rest),
        false => rest.iter().position(u8::is_ascii_whitespace),
    };
    rest.get(..end.unwrap_or(rest.len())).unwrap_or_default()
}

/// The bits of an address that are not its network's.
pub const fn host_bits(prefix: u8) -> u32 {
    if prefix >= 32 { 0 } else { u32::MAX >> prefix }
}

/// The word at the start, quotes and all, and what stands behind the blank behind it; `None` where blanks stand
/// together, a quote in the middle of a word, a control character, or an escape between quotes.
fn word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = match text {
        [b'"', inside @ ..] => quoted(inside)? + 2,
        _ => words::before(text, |byte| byte != b'!'),
    };
    let (word, behind) = text.split_at(end);
    match behind {
        [] if !word.is_empty() => Some((word, behind)),
        [b' ', rest @ ..] if !word.is_empty() && !rest.is_empty() => Some((word, rest)),
        _ => None,
    }
}

/// How many bytes stand before the quote that closes.
fn quoted(text: &[u8]) -> Option<usize> {
    let end = memchr::memchr(b'"', text)?;
    let special = |byte: &u8| (*byte < b' ') | (*byte == b'\\');
    let any = text.get(..end)?.iter().fold(false, |any, byte| any | special(byte));
    (!any).then_some(end)
}

/// The address at the start, in four decimal numbers without leading zeros, and what stands behind it.
fn address(text: &[u8]) -> Option<(u32, &[u8])> {
    let (mut address, mut rest) = octet(text)?;
    for _ in 0..3 {
        let (number, behind) = octet(rest.strip_prefix(b".")?)?;
        (address, rest) = (address << 8 | number, behind);
    }
    Some((address, rest))
}

/// The number below 256 at the start, and what stands behind it.
const fn octet(text: &[u8]) -> Option<(u32, &[u8])> {
    let [first @ b'0'..=b'9', rest @ ..] = text else { return None };
    let first = (*first - b'0') as u32;
    let [second @ b'0'..=b'9', behind @ ..] = rest else { return Some((first, rest)) };
    let two = first * 10 + (*second - b'0') as u32;
    let (number, behind) = match behind {
        [third @ b'0'..=b'9', behind @ ..] => (two * 10 + (*third - b'0') as u32, behind),
        _ => (two, behind),
    };
    match behind {
        _ if first == 0 || number > 255 => None,
        [b'0'..=b'9', ..] => None,
        _ => Some((number, behind)),
    }
}

/// The port at the start, and what stands behind it.
pub(super) fn port(text: &[u8]) -> Option<(u32, &[u8])> {
    decimal(text).filter(|(number, _)| (1..=u32::from(u16::MAX)).contains(number))
}

/// A number of at most five digits that does not begin with a zero, unless it is one.
fn decimal(text: &[u8]) -> Option<(u32, &[u8])> {
    let digits = text.iter().take(6).take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = text.split_at_checked(digits)?;
    let plain = (1..=5).contains(&digits) && (digits == 1 || number.first() != Some(&b'0'));
    plain.then(|| (number.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')), rest))
}
