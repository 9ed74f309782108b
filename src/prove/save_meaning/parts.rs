//! Which function reads which extension; sorted, one line each.

use super::{Reading, matches, targets};
use crate::prove::block::Step;
use crate::prove::dd::Bounded;
use crate::save::ast::Part;

/// Reads a use of an extension into the steps that the kernel does for it.
type Read = fn(&Part, &mut Reading<'_>) -> Bounded<Vec<Step>>;

const MATCHES: &[(&str, Read)] = &[("comment", matches::comment), ("tcp", matches::tcp), ("udp", matches::udp)];

const TARGETS: &[(&str, Read)] =
    &[("ACCEPT", targets::accept), ("DROP", targets::drop), ("LOG", targets::log), ("RETURN", targets::back)];

/// Extensions whose use makes the kernel track connections (`nf_ct_netns_get` in their `checkentry`).
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
    "cluster",
    "connbytes",
    "connlabel",
    "connlimit",
    "connmark",
    "conntrack",
    "helper",
    "state",
];

/// Whether using an extension makes the kernel track connections.
pub(super) fn tracks(name: &str) -> bool {
    TRACKING.contains(&name)
}

pub(super) fn read_match(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    read(MATCHES, part, reading)
}

pub(super) fn read_target(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    read(TARGETS, part, reading)
}

fn read(table: &[(&str, Read)], part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    match table.iter().find(|(name, _)| *name == part.extension.name) {
        Some((_, read)) => read(part, reading),
        None => Ok(vec![Step::Unknown(format!("the extension {}", part.extension.name))]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_sorted() {
        assert!(MATCHES.is_sorted_by_key(|(name, _)| name));
        assert!(TARGETS.is_sorted_by_key(|(name, _)| name));
        assert!(TRACKING.is_sorted());
    }
}
