//! Lines of `ipset save`: `create` and `add` (ipset(8), *COMMANDS*). Other commands that change
//! nothing a rule could see are skipped; those that would are errors.

use bstr::{BString, ByteSlice};

use super::element::{self, Cx};
use super::{Element, Ipset, Ipsets, Kind};
use crate::diag::quote;
use crate::packet::Family;
use crate::save::value::number;
use crate::save::words::{Word, split};

/// Why a line cannot be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// 1-based.
    pub line: usize,
    pub message: String,
}

/// Reads the whole text. Lines in trouble are left out and reported.
pub fn parse(text: &[u8]) -> (Ipsets, Vec<Problem>) {
    let mut sets = Ipsets::default();
    let mut problems = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim_ascii();
        if line.is_empty() || line.starts_with(b"#") {
            continue;
        }
        if let Err(message) = command(line, &mut sets) {
            problems.push(Problem { line: at + 1, message });
        }
    }
    (sets, problems)
}

fn command(line: &[u8], sets: &mut Ipsets) -> Result<(), String> {
    let mut words = Vec::new();
    split(line, 0, &mut words).map_err(|_| "a quote is opened and never closed".to_owned())?;
    let mut words = Words { words: &words, at: 0 };
    let command = words.next().unwrap_or_default();
    match command {
        b"create" | b"-N" | b"n" => create(&mut words, sets),
        b"add" | b"-A" | b"a" => add(&mut words, sets),
        b"COMMIT" | b"commit" | b"quit" => Ok(()),
        b"flush" | b"-F" => {
            let name = words.next();
            for (_, set) in sets.sets.iter_mut().filter(|(n, _)| name.is_none_or(|name| name == n.as_slice())) {
                set.elements.clear();
            }
            Ok(())
        }
        other => Err(format!("{} is no command that `ipset save` writes", quote(other))),
    }
}

struct Words<'a> {
    words: &'a [Word<'a>],
    at: usize,
}

impl<'a> Words<'a> {
    fn next(&mut self) -> Option<&'a [u8]> {
        let words: &'a [Word<'a>] = self.words;
        let word = words.get(self.at)?;
        self.at += 1;
        Some(&word.text)
    }

    fn number(&mut self, of: &[u8], most: u64) -> Result<u64, String> {
        let word = self.next().ok_or_else(|| format!("{} takes a number", quote(of)))?;
        number(word)
            .ok()
            .filter(|&n| n <= most)
            .ok_or_else(|| format!("{}: {} is no such number", quote(of), quote(word)))
    }
}

fn create(words: &mut Words, sets: &mut Ipsets) -> Result<(), String> {
    let (Some(name), Some(kind)) = (words.next(), words.next()) else {
        return Err("`create` takes a name and a type".into());
    };
    let found = kind.to_str().ok().and_then(Kind::from_name);
    let kind = found.ok_or_else(|| format!("{} is no type of set that is known", quote(kind)))?;
    if sets.sets.contains_key(name) {
        return Err(format!("the set {} is made twice", quote(name)));
    }
    let mut set = Ipset {
        family: element::has_addresses(&kind).then_some(Family::Ip),
        kind,
        netmask: None,
        markmask: None,
        timeout: None,
        counters: false,
        maxelem: None,
        forceadd: false,
        range: None,
        elements: Vec::new(),
    };
    while let Some(option) = words.next() {
        create_option(option, words, &mut set)?;
    }
    sets.sets.insert(name.into(), set);
    Ok(())
}

fn create_option(option: &[u8], words: &mut Words, set: &mut Ipset) -> Result<(), String> {
    let many = u64::from(u32::MAX);
    match option {
        b"family" => match words.next() {
            Some(b"inet6" | b"ipv6" | b"-6") => set.family = set.family.map(|_| Family::Ip6),
            Some(b"inet" | b"ipv4" | b"-4") => {}
            other => return Err(format!("{} is no family", quote(other.unwrap_or_default()))),
        },
        b"timeout" => set.timeout = Some(words.number(option, many)?),
        b"maxelem" => set.maxelem = Some(words.number(option, many)? as u32),
        b"netmask" => set.netmask = Some(element::prefix(words.number(option, 128)?, set.family)?),
        b"bitmask" => set.netmask = Some(element::address(words.next().unwrap_or_default(), set.family)?),
        b"markmask" => set.markmask = Some(words.number(option, many)? as u32),
        b"counters" => set.counters = true,
        b"forceadd" => set.forceadd = true,
        b"range" => set.range = Some(element::range(words.next().unwrap_or_default(), set.family)?),
        b"comment" | b"skbinfo" => {}
        b"hashsize" | b"bucketsize" | b"initval" | b"size" | b"gc" | b"probes" | b"resize" => {
            words.next();
        }
        other => return Err(format!("{} is no option of a set that is known", quote(other))),
    }
    Ok(())
}

fn add(words: &mut Words, sets: &mut Ipsets) -> Result<(), String> {
    let (Some(name), Some(text)) = (words.next(), words.next()) else {
        return Err("`add` takes the name of a set and an element".into());
    };
    let known = |n: &[u8]| sets.sets.contains_key(n);
    let set = sets.sets.get(name).ok_or_else(|| format!("no set {} was made before", quote(name)))?;
    if set.kind == Kind::List && !known(text) {
        return Err(format!("no set {} was made before", quote(text)));
    }
    let parts = element::read(text, &set.kind, &Cx { family: set.family })?;
    let mut element = Element { parts, ..Element::default() };
    while let Some(option) = words.next() {
        add_option(option, words, &mut element)?;
    }
    if let Some(set) = sets.sets.get_mut(name) {
        set.elements.push(element);
    }
    Ok(())
}

fn add_option(option: &[u8], words: &mut Words, element: &mut Element) -> Result<(), String> {
    match option {
        b"timeout" => element.timeout = Some(words.number(option, u32::MAX.into())?),
        b"packets" => element.counters.get_or_insert_default().0 = words.number(option, u64::MAX)?,
        b"bytes" => element.counters.get_or_insert_default().1 = words.number(option, u64::MAX)?,
        b"comment" => element.comment = words.next().map(BString::from),
        b"nomatch" => element.nomatch = true,
        b"wildcard" => element.wildcard = true,
        b"skbmark" => element.mark = Some(element::mapped(words.next().unwrap_or_default())?),
        b"skbprio" => element.priority = Some(element::priority(words.next().unwrap_or_default())?),
        b"skbqueue" => {
            words.next();
        }
        // The order of a list does not change what is in it.
        b"before" | b"after" => {
            words.next();
        }
        other => return Err(format!("{} is no option of an element that is known", quote(other))),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::save::ipset::{Mapped, Part};
    use crate::save::option::Net;

    fn problems(text: &str) -> Vec<(usize, String)> {
        parse(text.as_bytes()).1.into_iter().map(|p| (p.line, p.message)).collect()
    }

    #[test]
    fn sets_are_read() {
        let text = "\
create a hash:net family inet hashsize 1024 maxelem 65536 timeout 300 counters comment bucketsize 12 initval 0x1
add a 10.0.0.0/8 timeout 120 packets 5 bytes 500 comment \"the office\"
add a 10.1.0.0/16 nomatch
create b hash:ip,port,net family inet6 maxelem 9
add b 2001:db8::1,tcp:80-90,2001:db8::/32
create c bitmap:port range 0-1024
add c 22
create l list:set size 8
add l a
";
        let (sets, problems) = parse(text.as_bytes());
        assert_eq!(problems, []);
        let a = sets.get("a".into()).unwrap();
        assert_eq!((a.timeout, a.counters, a.maxelem, a.family), (Some(300), true, Some(65536), Some(Family::Ip)));
        assert_eq!(a.elements[0].parts, [Part::Net(Net { address: 0x0a00_0000, mask: 0xff00_0000 })]);
        assert_eq!((a.elements[0].timeout, a.elements[0].counters), (Some(120), Some((5, 500))));
        assert_eq!(a.elements[0].comment, Some("the office".into()));
        assert!(a.elements[1].nomatch);
        let b = sets.get("b".into()).unwrap();
        assert_eq!(b.elements[0].parts[1], Part::Port(6, 80, 90));
        assert_eq!(sets.get("c".into()).unwrap().elements[0].parts, [Part::Port(0, 22, 22)]);
        assert_eq!(sets.get("l".into()).unwrap().elements[0].parts, [Part::Set("a".into())]);
        assert_eq!(sets.names().count(), 4);
    }

    #[test]
    fn what_a_rule_needs_to_write_is_read() {
        let text = "\
create a hash:ip forceadd skbinfo
add a 192.0.2.1 skbmark 0x1/0xff skbprio 1:1a skbqueue 3
add a 192.0.2.2 skbmark 5
create b bitmap:ip range 10.0.0.0/24 netmask 28
create c bitmap:port range 80-90
";
        let (sets, problems) = parse(text.as_bytes());
        assert_eq!(problems, []);
        let a = sets.get("a".into()).unwrap();
        assert!(a.forceadd);
        assert_eq!(a.elements[0].mark, Some(Mapped { value: 1, mask: 0xff }));
        assert_eq!((a.elements[0].priority, a.elements[1].priority), (Some(0x1_001a), None));
        assert_eq!(a.elements[1].mark, Some(Mapped { value: 5, mask: u32::MAX }));
        assert_eq!(sets.get("b".into()).unwrap().range, Some((0x0a00_0000, 0x0a00_00ff)));
        assert_eq!(sets.get("c".into()).unwrap().range, Some((80, 90)));
    }

    #[test]
    fn wrong_lines_are_reported_with_their_numbers() {
        for (text, line) in [
            ("create a hash:nosuch", 1),
            ("create a hash:ip\ncreate a hash:ip", 2),
            ("add a 1.2.3.4", 1),
            ("create a hash:ip\nadd a ::1", 2),
            ("create a hash:ip\nadd a 1.2.3.4,tcp:80", 2),
            ("create a hash:ip,port\nadd a 1.2.3.4", 2),
            ("create a hash:ip,port\nadd a 1.2.3.4,tcp:90-80", 2),
            ("create a hash:ip netmask 33", 1),
            ("create a hash:ip nosuch", 1),
            ("create a hash:ip\nadd a 1.2.3.4 nosuch", 2),
            ("create a hash:ip skbinfo\nadd a 1.2.3.4 skbmark x", 2),
            ("create a hash:ip skbinfo\nadd a 1.2.3.4 skbprio 1", 2),
            ("create a bitmap:ip range 10.0.0.9-10.0.0.1", 1),
            ("create a bitmap:port range 0-65536", 1),
            ("create a hash:ip\nadd a 1.2.3.4 comment \"open", 2),
            ("create l list:set\nadd l nosuch", 2),
            ("destroy a", 1),
        ] {
            let found = problems(text);
            assert_eq!(found.iter().map(|p| p.0).collect::<Vec<_>>(), [line], "{text}: {found:?}");
        }
    }
}
