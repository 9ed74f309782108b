//! What rules can be made of: every use that the registry of extensions shows.
//!
//! Each row of the coverage table has an example; taken apart, it gives matches and targets whose arguments can be
//! drawn anew. Invariant: every extension that translates at all is here, in each family that it is for.

use ipt2nft::packet::Family;
use ipt2nft::save::ext::registry::{MATCHES, TARGETS, find_match, find_target, standard};
use ipt2nft::save::ext::{Coverage, Extension, Grade};
use ipt2nft::save::option::{Arg, OptionSpec};

/// One way to use a match or a target.
#[derive(Clone, Debug)]
pub struct Use {
    pub extension: &'static Extension,
    /// `-p` of the example with its `!`: what the use needs, or `None` for anything.
    pub protocol: Option<(bool, String)>,
    /// Addresses and interfaces that the example asks for.
    pub head: Vec<Given>,
    /// Matches, the extension's own among them.
    pub matches: Vec<Shape>,
    /// For a target: its own.
    pub target: Option<Shape>,
}

/// An extension with the options that the example gives it.
#[derive(Clone, Debug)]
pub struct Shape {
    pub extension: &'static Extension,
    pub options: Vec<Given>,
}

#[derive(Clone, Debug)]
pub struct Given {
    pub spec: &'static OptionSpec,
    pub negated: bool,
    /// As in the example.
    pub words: Vec<String>,
}

/// All uses for one family.
#[derive(Debug, Default)]
pub struct Vocabulary {
    pub matches: Vec<Use>,
    pub targets: Vec<Use>,
}

impl Vocabulary {
    pub fn new(family: Family) -> Self {
        let uses = |list: &[&'static Extension]| -> Vec<Use> {
            let of = |e: &&'static Extension| {
                let extension = *e;
                let rows = extension.coverage.iter().filter(|row| row.grade == Grade::Exact);
                rows.filter_map(move |row| read(extension, row, family)).collect::<Vec<_>>()
            };
            list.iter().filter(|e| e.families.include(family)).flat_map(of).collect()
        };
        Vocabulary { matches: uses(MATCHES), targets: uses(TARGETS) }
    }
}

/// Takes the example of a row apart.
fn read(extension: &'static Extension, row: &Coverage, family: Family) -> Option<Use> {
    let mut found = Use { extension, protocol: None, head: Vec::new(), matches: Vec::new(), target: None };
    let words = words(row.example);
    let mut words = words.iter().peekable();
    let mut negated = false;
    let mut at_target = false;
    while let Some(word) = words.next() {
        match word.as_str() {
            "!" => {
                negated = true;
                continue;
            }
            "-p" => found.protocol = Some((negated, protocol(words.next()?, family))),
            "-m" => {
                let extension = find_match(words.next()?.as_bytes(), family)?;
                found.matches.push(Shape { extension, options: Vec::new() });
            }
            "-j" => {
                let extension = find_target(words.next()?.as_bytes(), family)?;
                found.target = Some(Shape { extension, options: Vec::new() });
                at_target = true;
            }
            name if spec(standard(), name).is_some() => {
                let words = words.by_ref().take(1).cloned().collect();
                found.head.push(Given { spec: spec(standard(), name)?, negated, words });
            }
            name => {
                let shape = if at_target { found.target.as_mut()? } else { implied(&mut found, family)? };
                let spec = spec(shape.extension, name)?;
                let count = arguments(spec);
                let words: Vec<String> = words.by_ref().take(count).cloned().collect();
                shape.options.push(Given { spec, negated, words });
            }
        }
        negated = false;
    }
    if MATCHES.iter().any(|e| std::ptr::eq(*e, extension)) {
        found.target = None;
    }
    Some(found)
}

/// The match that an option belongs to: the last one named, or the one that `-p` brings along.
fn implied(found: &mut Use, family: Family) -> Option<&mut Shape> {
    if found.matches.is_empty() {
        let protocol = found.protocol.as_ref()?.1.clone();
        let extension = find_match(protocol.as_bytes(), family)?;
        found.matches.push(Shape { extension, options: Vec::new() });
    }
    found.matches.last_mut()
}

fn spec(extension: &'static Extension, name: &str) -> Option<&'static OptionSpec> {
    let name = name.trim_start_matches('-');
    extension.options.iter().find(|spec| spec.name == name || spec.aliases.contains(&name))
}

const fn arguments(spec: &OptionSpec) -> usize {
    match spec.arg {
        Arg::Flag | Arg::Optional { .. } => 0,
        Arg::Custom { words, .. } => words,
        _ => 1,
    }
}

fn protocol(name: &str, family: Family) -> String {
    match (name, family) {
        ("icmp", Family::Ip6) => "icmpv6".into(),
        _ => name.into(),
    }
}

/// Words of an example; quotes hold one together.
fn words(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    for (at, piece) in text.split('"').enumerate() {
        if at % 2 == 1 {
            out.push(piece.to_owned());
        } else {
            out.extend(piece.split_whitespace().map(str::to_owned));
        }
    }
    out
}

#[test]
fn every_extension_that_translates_is_in() {
    for family in [Family::Ip, Family::Ip6] {
        let vocabulary = Vocabulary::new(family);
        let known: Vec<&str> =
            vocabulary.matches.iter().chain(&vocabulary.targets).map(|found| found.extension.name).collect();
        for extension in MATCHES.iter().chain(TARGETS) {
            let translates = extension.coverage.iter().any(|row| row.grade == Grade::Exact);
            if translates && extension.families.include(family) {
                assert!(known.contains(&extension.name), "{} in {}", extension.name, family.name());
            }
        }
    }
}
