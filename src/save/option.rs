//! What an option looks like: its names, what it takes, and the typed value that was given.
//!
//! Extensions declare their options as tables of `OptionSpec`; reading and printing back are
//! done here for all of them, so that an extension has a parser of its own only where its
//! syntax is its own (`Arg::Custom`).
//! Invariant: `read(show(value)) == value` for every argument kind.

use bstr::BString;

use crate::packet::Family;

/// One option of an extension.
#[derive(Debug)]
pub struct OptionSpec {
    /// Long name without dashes; what the tree is asked for.
    pub name: &'static str,
    /// Other spellings; a single character is a short option.
    pub aliases: &'static [&'static str],
    pub arg: Arg,
    /// Whether `!` is allowed before it.
    pub negatable: bool,
    /// Whether it may be given more than once.
    pub repeatable: bool,
}

impl OptionSpec {
    /// A plain option: cannot be negated, given once.
    pub const fn new(name: &'static str, arg: Arg) -> Self {
        OptionSpec { name, aliases: &[], arg, negatable: false, repeatable: false }
    }

    /// With other spellings.
    #[must_use]
    pub const fn alias(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    /// With `!` allowed.
    #[must_use]
    pub const fn not(mut self) -> Self {
        self.negatable = true;
        self
    }

    /// May be given again.
    #[must_use]
    pub const fn many(mut self) -> Self {
        self.repeatable = true;
        self
    }
}

/// What an option takes.
#[derive(Debug)]
pub enum Arg {
    /// Nothing.
    Flag,
    /// A number: decimal, `0x` hexadecimal or `0` octal -> `Value::Number`.
    Number { min: u64, max: u64 },
    /// `n` or `a<sep>b`, either end left out when `open` -> `Value::Range`. A range may be backwards,
    /// and then holds nothing.
    Range { max: u64, separator: u8, open: bool },
    /// Comma-separated numbers or `a:b` ranges, at most `most` slots -> `Value::Ranges`.
    Ranges { max: u64, most: usize },
    /// `value[/mask]` of `bits` bits -> `Value::Masked`.
    Masked { bits: u32 },
    /// A port or `a:b`, by number or service name; ends may be left out -> `Value::Range`.
    Ports,
    /// The same where numbers are decimal and a range may be backwards, and then holds nothing
    /// (libxtables/xtoptions.c, `XTTYPE_PORTRC`).
    PortRange,
    /// Comma-separated ports and ranges, at most 15 slots -> `Value::Ranges`.
    PortList,
    /// `address[/mask]`, comma-separated -> `Value::Nets`. `IPv4` or `IPv6` by the table's family.
    Nets,
    /// One `address[/mask]` -> `Value::Nets` of one.
    Net,
    /// `from[-to]` addresses -> `Value::Addresses`.
    AddressRange,
    /// `aa:bb:cc:dd:ee:ff` -> `Value::Mac`.
    Mac,
    /// An interface name, perhaps ending in `+` -> `Value::Interface`.
    Interface,
    /// A protocol by name or number -> `Value::Number`; `all` is 0.
    Protocol,
    /// One of these words -> `Value::Number`; abbreviated or numeric spellings are for `Custom`.
    Word(&'static [(&'static str, u64)]),
    /// Comma-separated words or'ed together -> `Value::Number`.
    Words(&'static [(&'static str, u64)]),
    /// Text of at most `max` bytes -> `Value::Text`.
    Text { max: usize },
    /// A word that may be left out: what stands behind is taken for it unless it starts with `-` or `!`.
    Optional { read: ReadCustom, show: ShowCustom },
    /// Syntax of the extension's own. `words` is how many words it takes (1 or 2).
    Custom { words: usize, read: ReadCustom, show: ShowCustom },
}

/// Reads an argument: the words (1 or 2), the family, and why it is wrong.
pub type ReadCustom = fn(&[&[u8]], Family) -> Result<Value, String>;

/// Writes the value as words that `ReadCustom` understands.
pub type ShowCustom = fn(&Value, Family) -> Vec<BString>;

/// A typed argument. Kept small: wide values are boxed.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Value {
    None,
    Number(u64),
    /// Both ends included; empty when the first is larger, where the argument allows that.
    Range(u64, u64),
    Ranges(Vec<(u64, u64)>),
    Masked {
        value: u64,
        mask: u64,
    },
    Nets(Vec<Net>),
    /// Addresses as numbers, both ends included; empty when the first is larger.
    Addresses(Box<(u128, u128)>),
    Mac([u8; 6]),
    Interface(Box<Interface>),
    Text(BString),
    /// `--to-destination [addr[-addr]][:port[-port[/base]]]` and its kin.
    NatRange(Box<NatRange>),
    /// Anything with parts of its own: what the parts mean is the extension's.
    List(Vec<Value>),
}

/// An address with its mask, both as numbers of the family's width.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Net {
    /// As written: host bits may be set.
    pub address: u128,
    pub mask: u128,
}

/// `eth0`, or `eth+` with `wildcard` set and name `eth`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Interface {
    pub name: BString,
    pub wildcard: bool,
}

/// What a NAT target maps to.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct NatRange {
    pub addresses: Option<(u128, u128)>,
    pub ports: Option<(u16, u16)>,
    /// `--to-destination :1000-2000/3000`: the port that maps to the first of the range.
    pub base: Option<u16>,
}
