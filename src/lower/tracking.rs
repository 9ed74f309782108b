//! Whether anything in a family's rules makes the kernel track connections, and so put fragments
//! together before any rule sees them.
//!
//! Seen on kernel 6.18 by counting fragments in front of every table: each name below does, alone and
//! even in a chain that nothing calls; a nat table without translations and NOTRACK do not.

use crate::save::ast::{Document, Part};

/// Matches and targets that ask for connection tracking, or for whole packets, when they are loaded,
/// and still do so once translated. (The match `socket` does not: nft's test takes fragments.)
const TRACKING: &[&str] = &[
    "CONNMARK",
    "CONNSECMARK",
    "CT",
    "DNAT",
    "MASQUERADE",
    "NETMAP",
    "REDIRECT",
    "SNAT",
    "SYNPROXY",
    "TPROXY",
    "cluster",
    "connbytes",
    "connlabel",
    "connlimit",
    "connmark",
    "conntrack",
    "helper",
    "state",
];

/// Whether any rule of the document does.
pub fn is_tracked(document: &Document) -> bool {
    document.tables.iter().flat_map(|t| t.rules()).any(|rule| rule.parts().any(tracks))
}

fn tracks(part: &Part) -> bool {
    TRACKING.contains(&part.extension.name) && !part.has("notrack")
}
