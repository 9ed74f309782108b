//! The options that every rule has, whatever is loaded (iptables(8), *OPTIONS*).

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

/// What a global option is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Global {
    Append,
    Insert,
    NewChain,
    Policy,
    /// A command that changes what is loaded instead of saying what should be.
    Other,
    /// `-s -d -p -i -o -f`: an option of the `standard` extension, by its name.
    Head(&'static str),
    Match,
    Jump,
    Goto,
    SetCounters,
    Ipv4,
    Ipv6,
    Table,
    /// Options without effect on rules, and how many words they take.
    Ignored(usize),
}

/// Long name, short name (0 for none), meaning.
const GLOBALS: &[(&str, u8, Global)] = &[
    ("append", b'A', Global::Append),
    ("check", b'C', Global::Other),
    ("delete", b'D', Global::Other),
    ("delete-chain", b'X', Global::Other),
    ("destination", b'd', Global::Head("destination")),
    ("dst", 0, Global::Head("destination")),
    ("exact", b'x', Global::Ignored(0)),
    ("flush", b'F', Global::Other),
    ("fragments", b'f', Global::Head("fragments")),
    ("goto", b'g', Global::Goto),
    ("in-interface", b'i', Global::Head("in-interface")),
    ("insert", b'I', Global::Insert),
    ("ipv4", b'4', Global::Ipv4),
    ("ipv6", b'6', Global::Ipv6),
    ("jump", b'j', Global::Jump),
    ("line-numbers", 0, Global::Ignored(0)),
    ("list", b'L', Global::Other),
    ("list-rules", b'S', Global::Other),
    ("match", b'm', Global::Match),
    ("modprobe", b'M', Global::Ignored(1)),
    ("new-chain", b'N', Global::NewChain),
    ("numeric", b'n', Global::Ignored(0)),
    ("out-interface", b'o', Global::Head("out-interface")),
    ("policy", b'P', Global::Policy),
    ("protocol", b'p', Global::Head("protocol")),
    ("rename-chain", b'E', Global::Other),
    ("replace", b'R', Global::Other),
    ("set-counters", b'c', Global::SetCounters),
    ("source", b's', Global::Head("source")),
    ("src", 0, Global::Head("source")),
    ("table", b't', Global::Table),
    ("verbose", b'v', Global::Ignored(0)),
    ("wait", b'w', Global::Ignored(0)),
    ("wait-interval", b'W', Global::Ignored(1)),
    ("zero", b'Z', Global::Other),
];

/// The global option with this exact long name.
pub fn long(name: &[u8]) -> Option<Global> {
    BY_NAME.get(name).copied()
}

/// The global options by their long names.
static BY_NAME: LazyLock<FxHashMap<&[u8], Global>> =
    LazyLock::new(|| GLOBALS.iter().map(|&(name, _, global)| (name.as_bytes(), global)).collect());

/// The global option with this letter.
pub fn short(letter: u8) -> Option<Global> {
    BY_LETTER.get(usize::from(letter)).copied().flatten()
}

/// The global options by their letters.
static BY_LETTER: [Option<Global>; 128] = {
    let mut by_letter = [None; 128];
    let mut at = 0;
    while at < GLOBALS.len() {
        let (_, letter, global) = GLOBALS[at];
        if letter != 0 {
            by_letter[letter as usize] = Some(global);
        }
        at += 1;
    }
    by_letter
};

/// All global options whose long name starts so.
pub fn abbreviated(prefix: &str) -> impl Iterator<Item = (&'static str, Global)> {
    GLOBALS.iter().filter(move |(n, ..)| n.starts_with(prefix)).map(|&(n, _, g)| (n, g))
}
