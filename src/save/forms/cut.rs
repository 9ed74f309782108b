//! A rule's line cut into its form and its plain values.
//!
//! Only what is written as iptables-save writes it is cut: words between single blanks, addresses without host bits,
//! decimal ports, comments of printable ASCII. Everything else is part of the form, or leaves the line whole.
//! Invariant: lines with the same key differ by the values that were cut out of them, and by nothing else.

use smallvec::SmallVec;

use super::names::Chains;
use super::{Kind, Values};
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
    pub values: Values,
    pub kinds: SmallVec<[Kind; 4]>,
    /// The words that values stand in, counted from 0 on.
    pub words: SmallVec<[u16; 4]>,
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
        let (b"-A", rest) = word(line)? else { return None };
        let (chain, mut rest) = word(rest)?;
        if self.name != chain {
            self.chain = place.chains.number(chain)?;
            self.own_chain = !place.chains.is_builtin(self.chain);
            self.name.clear();
            self.name.extend_from_slice(chain);
        }
        self.key.extend([place.family as u8, place.table as u8]);
        self.key.extend_from_slice(if self.own_chain { b"" } else { chain });
        let (mut option, mut negated): (&[u8], bool) = (b"", false);
        let mut number = 2;
        while !rest.is_empty() {
            let (text, behind) = word(rest)?;
            let at = place.start + (line.len() - rest.len()) as u32;
            self.key.push(b' ');
            if !negated && self.value(option, text, at, place.chains).is_some() {
                let taken = self.values.len() - self.words.len();
                (0..taken).for_each(|_| self.words.push(number));
            } else {
                self.key.extend_from_slice(text);
            }
            negated = option == b"!";
            (option, rest, number) = (text, behind, number + 1);
        }
        self.differ().then_some(())
    }

    /// Takes the word as a value of the option before it.
    fn value(&mut self, option: &[u8], word: &[u8], at: u32, chains: &Chains) -> Option<()> {
        match option {
            b"-s" | b"-d" => {
                let (address, rest) = address(word)?;
                let prefix = if rest.is_empty() { 32 } else { prefix(rest)? };
                let plain = prefix >= LEAST_PREFIX && address & host_bits(prefix) == 0 && address != 0;
                plain.then(|| self.take(Kind::Net(prefix), address))
            }
            b"--dport" | b"--sport" => port(word).map(|port| self.take(Kind::Port, port)),
            b"--to-destination" | b"--to-source" => {
                let (address, rest) = address(word).filter(|(address, _)| *address != 0)?;
                let port = match rest {
                    [] => None,
                    [b':', rest @ ..] => Some(port(rest)?),
                    _ => return None,
                };
                self.take(Kind::Net(32), address);
                port.into_iter().for_each(|port| self.take(Kind::Port, port));
                Some(())
            }
            b"--comment" => {
                let quoted = u32::from(word.starts_with(b"\""));
                let text = word.get(quoted as usize..word.len() - quoted as usize)?;
                let plain = text.len() <= LONGEST_COMMENT && text.first()?.is_ascii_alphanumeric() && text.is_ascii();
                plain.then(|| self.take(Kind::Comment, at + quoted))
            }
            b"-j" | b"-g" => {
                let number = chains.number(word).filter(|number| !chains.is_builtin(*number))?;
                self.take(Kind::Chain, number);
                Some(())
            }
            _ => None,
        }
    }

    /// Marks are control characters, of which a simple line has none.
    fn take(&mut self, kind: Kind, value: u32) {
        let mark: &[u8] = match kind {
            Kind::Net(prefix) => &[1, prefix],
            Kind::Port => &[2],
            Kind::Chain => &[3],
            Kind::Comment => &[4],
        };
        self.key.extend_from_slice(mark);
        self.kinds.push(kind);
        self.values.push(value);
    }

    /// Whether the values of each kind differ: what is said twice may mean something else than what is said once.
    fn differ(&self) -> bool {
        self.kinds.iter().zip(&self.values).enumerate().all(|(at, (kind, value))| {
            let before = self.kinds.iter().zip(&self.values).take(at);
            before.filter(|(other, _)| kind.is_like(**other)).all(|(_, other)| other != value && *kind != Kind::Comment)
        })
    }
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
    let (mut address, mut rest) = (0, text);
    for part in 0..4 {
        if part > 0 {
            rest = rest.strip_prefix(b".")?;
        }
        let (number, behind) = decimal(rest)?;
        address = address << 8 | u32::from(u8::try_from(number).ok()?);
        rest = behind;
    }
    Some((address, rest))
}

/// `/24`
fn prefix(text: &[u8]) -> Option<u8> {
    let (number, []) = decimal(text.strip_prefix(b"/")?)? else { return None };
    u8::try_from(number).ok().filter(|prefix| *prefix <= 32)
}

fn port(text: &[u8]) -> Option<u32> {
    let (number, []) = decimal(text)? else { return None };
    (1..=u32::from(u16::MAX)).contains(&number).then_some(number)
}

/// A number of at most five digits that does not begin with a zero, unless it is one.
fn decimal(text: &[u8]) -> Option<(u32, &[u8])> {
    let digits = text.iter().take(6).take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = text.split_at_checked(digits)?;
    let plain = (1..=5).contains(&digits) && (digits == 1 || number.first() != Some(&b'0'));
    plain.then(|| (number.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')), rest))
}
