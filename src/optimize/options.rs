//! What the user chose about merging.

use crate::nft::version::Target;

/// How much is merged.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, clap::ValueEnum)]
pub enum Level {
    /// Rule for rule
    None,
    /// Only neighbours: every place where the dump decides stays where it was
    Safe,
    /// All that is proved the same, also past rules that no packet of theirs can meet
    #[default]
    Full,
}

/// Which lists get a name, so that `nft add element` can add to them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, clap::ValueEnum)]
pub enum NamedSets {
    /// Lists of 32 elements or more, and addresses in chains that other software feeds, such as jails of fail2ban
    #[default]
    Auto,
    /// Every list
    Always,
    /// None
    Never,
}

/// What passes may use, and how far they may go.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Options {
    pub level: Level,
    /// What will load the output.
    pub target: Target,
    pub named_sets: NamedSets,
}
