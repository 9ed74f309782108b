//! Whether anything in a family's rules makes the kernel track connections, and so put fragments
//! together before any rule sees them.
//!
//! Seen on kernel 6.18 by counting fragments in front of every table: each name below does, alone and
//! even in a chain that nothing calls; a nat table without translations and NOTRACK do not.

use crate::ir::{self, Chain, Origin, Ruleset, Step, Test, Verdict, tracking};
use crate::packet::{CtKey, Family, Field};
use crate::save::ast::{Document, Dump, Part, Rule};
use crate::save::forms::Entry;
use crate::save::mentioned::Mentioned;

/// Whether the match or target asks for connection tracking, or for whole packets, when it is loaded,
/// and still does so once translated. (The match `socket` does not: nft's test takes fragments.)
fn is_tracking(extension: &str) -> bool {
    matches!(
        extension,
        "CONNMARK"
            | "CONNSECMARK"
            | "CT"
            | "DNAT"
            | "MASQUERADE"
            | "NETMAP"
            | "REDIRECT"
            | "SNAT"
            | "SYNPROXY"
            | "TPROXY"
            | "cluster"
            | "connbytes"
            | "connlabel"
            | "connlimit"
            | "connmark"
            | "conntrack"
            | "helper"
            | "state"
    )
}

/// By an option it does the opposite.
const TRACKS_OR_NOT: &str = "CT";

/// Whether any rule of the document does, which names these extensions.
pub fn is_tracked(document: &Document<Entry>, mentioned: &Mentioned) -> bool {
    tracked(document.tables.iter().flat_map(|table| table.whole_rules()), mentioned)
}

/// Whether any of the rules does; those that may do the opposite are among them.
fn tracked<'r>(mut rules: impl Iterator<Item = &'r Rule>, mentioned: &Mentioned) -> bool {
    let is_sure = |name: &str| name != TRACKS_OR_NOT && is_tracking(name);
    mentioned.any(is_sure) || mentioned.any(|name| name == TRACKS_OR_NOT) && rules.any(|rule| rule.parts().any(tracks))
}

/// The families whose rules make the kernel track connections.
pub fn families(dump: &Dump) -> Vec<Family> {
    let tracked = |document: &&Document| {
        let rules = document.tables.iter().flat_map(|table| table.rules());
        tracked(rules, &Mentioned::in_document(document))
    };
    dump.documents.iter().filter(tracked).map(|document| document.family).collect()
}

/// Gives each of these families a chain that tracks connections where no rule does any more: one that could match no
/// packet is gone, and what it made the kernel do must stay.
pub fn keep(ruleset: &mut Ruleset, families: &[Family]) {
    for family in families {
        let mut tables = ruleset.tables.iter_mut().filter(|table| table.family == *family);
        let Some(first) = tables.next() else { continue };
        if tracking::tracks(first) || tables.any(|table| tracking::tracks(table)) {
            continue;
        }
        let asks = Step::Test(Test::is(Field::Ct(CtKey::State), STATE_NEW));
        let mut rule = ir::Rule::new([asks], Verdict::Continue, Origin::default());
        rule.remarks_mut().notes.push(NOTE.into());
        let name = "tracking".into();
        first.add_chain(Chain { name, base: None, rules: vec![rule], helper: true, foreign: false });
    }
}

/// `new`, as a bit of `ct state`.
const STATE_NEW: u128 = 8;
const NOTE: &str = " no packet comes here: this makes the kernel track connections, as rules of the dump did";

fn tracks(part: &Part) -> bool {
    is_tracking(part.extension.name) && !part.has("notrack")
}
