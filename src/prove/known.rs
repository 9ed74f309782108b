//! Differences between iptables and nft that nothing can be done about, each documented in
//! `docs/semantics.md` with the test that pins it.
//!
//! Invariant: only what is listed here is ever excused, and whoever excuses it says so to the user.

use super::compare::{Report, What};

/// A known difference.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Known {
    /// `-j TCPMSS` adds the option to a SYN without data that lacks it; nft changes one that is there.
    MssAdded,
}

impl Known {
    /// One line for a person.
    pub const fn explain(self) -> &'static str {
        match self {
            Known::MssAdded => "a SYN without an MSS option gets none; iptables added one (-j TCPMSS)",
        }
    }

    fn is(self, what: &What) -> bool {
        match (self, what) {
            (Known::MssAdded, What::Effect(effect)) => {
                effect.starts_with("tcp option maxseg size ") && effect.ends_with(" added")
            }
            _ => false,
        }
    }
}

/// Takes a known difference out of the report; whether it was there.
pub fn excuse(report: &mut Report, known: Known) -> bool {
    let mut found = false;
    for base in &mut report.bases {
        base.outcome.differences.retain(|difference| {
            let excused = known.is(&difference.what);
            found |= excused;
            !excused
        });
    }
    found
}
