//! The one list of all matches and targets, sorted by name.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::{Extension, matches, standard, targets};
use crate::packet::Family;

/// Matches, sorted by name.
pub const MATCHES: &[&Extension] = &[
    &matches::addrtype::EXTENSION,
    &matches::ah::EXTENSION,
    &matches::bpf::EXTENSION,
    &matches::cgroup::EXTENSION,
    &matches::cluster::EXTENSION,
    &matches::comment::EXTENSION,
    &matches::connbytes::EXTENSION,
    &matches::connlabel::EXTENSION,
    &matches::connlimit::EXTENSION,
    &matches::connmark::EXTENSION,
    &matches::conntrack::EXTENSION,
    &matches::cpu::EXTENSION,
    &matches::dccp::EXTENSION,
    &matches::devgroup::EXTENSION,
    &matches::dscp::EXTENSION,
    &matches::dst::EXTENSION,
    &matches::ecn::EXTENSION,
    &matches::esp::EXTENSION,
    &matches::eui64::EXTENSION,
    &matches::frag::EXTENSION,
    &matches::hashlimit::EXTENSION,
    &matches::hbh::EXTENSION,
    &matches::helper::EXTENSION,
    &matches::hl::EXTENSION,
    &matches::icmp::EXTENSION,
    &matches::icmp6::EXTENSION,
    &matches::ipcomp::EXTENSION,
    &matches::iprange::EXTENSION,
    &matches::ipv6header::EXTENSION,
    &matches::ipvs::EXTENSION,
    &matches::length::EXTENSION,
    &matches::limit::EXTENSION,
    &matches::mac::EXTENSION,
    &matches::mark::EXTENSION,
    &matches::mh::EXTENSION,
    &matches::multiport::EXTENSION,
    &matches::nfacct::EXTENSION,
    &matches::osf::EXTENSION,
    &matches::owner::EXTENSION,
    &matches::physdev::EXTENSION,
    &matches::pkttype::EXTENSION,
    &matches::policy::EXTENSION,
    &matches::quota::EXTENSION,
    &matches::rateest::EXTENSION,
    &matches::realm::EXTENSION,
    &matches::recent::EXTENSION,
    &matches::rpfilter::EXTENSION,
    &matches::rt::EXTENSION,
    &matches::sctp::EXTENSION,
    &matches::set::EXTENSION,
    &matches::socket::EXTENSION,
    &matches::srh::EXTENSION,
    &matches::state::EXTENSION,
    &matches::statistic::EXTENSION,
    &matches::string::EXTENSION,
    &matches::tcp::EXTENSION,
    &matches::tcpmss::EXTENSION,
    &matches::time::EXTENSION,
    &matches::tos::EXTENSION,
    &matches::ttl::EXTENSION,
    &matches::u32::EXTENSION,
    &matches::udp::EXTENSION,
];

/// Targets, sorted by name.
pub const TARGETS: &[&Extension] = &[
    &targets::accept::EXTENSION,
    &targets::audit::EXTENSION,
    &targets::checksum::EXTENSION,
    &targets::classify::EXTENSION,
    &targets::clusterip::EXTENSION,
    &targets::connmark::EXTENSION,
    &targets::connsecmark::EXTENSION,
    &targets::ct::EXTENSION,
    &targets::dnat::EXTENSION,
    &targets::dnpt::EXTENSION,
    &targets::drop::EXTENSION,
    &targets::dscp::EXTENSION,
    &targets::ecn::EXTENSION,
    &targets::hl::EXTENSION,
    &targets::hmark::EXTENSION,
    &targets::idletimer::EXTENSION,
    &targets::led::EXTENSION,
    &targets::log::EXTENSION,
    &targets::mark::EXTENSION,
    &targets::masquerade::EXTENSION,
    &targets::netmap::EXTENSION,
    &targets::nflog::EXTENSION,
    &targets::nfqueue::EXTENSION,
    &targets::notrack::EXTENSION,
    &targets::queue::EXTENSION,
    &targets::rateest::EXTENSION,
    &targets::redirect::EXTENSION,
    &targets::reject::EXTENSION,
    &targets::r#return::EXTENSION,
    &targets::secmark::EXTENSION,
    &targets::set::EXTENSION,
    &targets::snat::EXTENSION,
    &targets::snpt::EXTENSION,
    &targets::synproxy::EXTENSION,
    &targets::tcpmss::EXTENSION,
    &targets::tcpoptstrip::EXTENSION,
    &targets::tee::EXTENSION,
    &targets::tos::EXTENSION,
    &targets::tproxy::EXTENSION,
    &targets::trace::EXTENSION,
    &targets::ttl::EXTENSION,
    &targets::ulog::EXTENSION,
];

/// Modules that no translation is planned for: name, reason, advice.
const ELSEWHERE: &[(&str, &str, &str)] = &[
    (
        "BALANCE",
        "left the kernel before 2.6.32",
        "use DNAT to a range of addresses, or `dnat to numgen inc mod N map { ... }`",
    ),
    (
        "CHAOS",
        "comes with xtables-addons and answers scans by chance, which nft cannot",
        "use `reject` and `drop` behind `numgen random mod N`",
    ),
    ("DELUDE", "comes with xtables-addons and fakes answers, which nft cannot", "use `drop` or `reject`"),
    (
        "DNETMAP",
        "comes with xtables-addons and hands out addresses by need, which nft cannot",
        "use SNAT to a range with --persistent, or NETMAP",
    ),
    (
        "FLOWOFFLOAD",
        "is OpenWrt's own, and nft has flowtables instead",
        "declare `flowtable f { hook ingress priority 0; devices = { eth0, eth1 }; }` and write `flow add @f`",
    ),
    (
        "FULLCONENAT",
        "is a module of its own that nft does not know",
        "use `masquerade persistent`, or a version of nft that is patched for full cone NAT",
    ),
    (
        "IPMARK",
        "comes with xtables-addons and computes marks from addresses, which nft cannot",
        "list the addresses in a map: `meta mark set ip saddr map { 10.0.0.1 : 0x1 }`",
    ),
    ("MIRROR", "left the kernel in 2.6", "drop the rule: sending packets back invites loops"),
    ("RAWDNAT", "comes with xtables-addons", "write `ip daddr set` in a chain of priority raw, with `notrack`"),
    ("RAWSNAT", "comes with xtables-addons", "write `ip saddr set` in a chain of priority raw, with `notrack`"),
    ("SAME", "left the kernel in 2.6.25", "use SNAT to a range with --persistent, which took its place"),
    (
        "TARPIT",
        "comes with xtables-addons and holds connections open, which nft cannot",
        "use `drop`, or hand the packets to a program with `queue`",
    ),
    (
        "geoip",
        "comes with xtables-addons and reads a database of its own, which nft cannot",
        "make named sets of the countries' networks from the same database and test them with `ip saddr @country`",
    ),
    (
        "ipp2p",
        "comes with xtables-addons and looks into payloads, which nft cannot",
        "drop the rule, or classify with a proxy or `nfqueue` program",
    ),
    (
        "ndpi",
        "is a module of its own that looks into payloads, which nft cannot",
        "drop the rule, or classify with a program behind `queue`",
    ),
];

/// Modules that no translation is planned for: name, reason, advice.
pub fn elsewhere() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    ELSEWHERE.iter().copied()
}

/// The `-s -d -p -i -o -f` of every rule.
pub const fn standard() -> &'static Extension {
    &standard::EXTENSION
}

/// The match of this name in this family.
pub fn find_match(name: &[u8], family: Family) -> Option<&'static Extension> {
    find(&MATCHES_BY_NAME, name, family)
}

/// The target of this name in this family.
pub fn find_target(name: &[u8], family: Family) -> Option<&'static Extension> {
    find(&TARGETS_BY_NAME, name, family)
}

/// Extensions by their names and aliases.
type ByName = FxHashMap<&'static [u8], &'static Extension>;

static MATCHES_BY_NAME: LazyLock<ByName> = LazyLock::new(|| by_name(MATCHES));
static TARGETS_BY_NAME: LazyLock<ByName> = LazyLock::new(|| by_name(TARGETS));

fn by_name(list: &[&'static Extension]) -> ByName {
    let names = |e: &&'static Extension| {
        let extension: &'static Extension = e;
        std::iter::once(&extension.name).chain(extension.aliases).map(move |name| (name.as_bytes(), extension))
    };
    list.iter().flat_map(names).collect()
}

fn find(all: &ByName, name: &[u8], family: Family) -> Option<&'static Extension> {
    all.get(name).copied().filter(|extension| extension.families.include(family))
}

/// Whether a name is a verdict that the kernel knows without a module: no chain can have it, while a
/// chain that a dump declares hides every other target of its name.
pub fn is_verdict(name: &[u8]) -> bool {
    matches!(name, b"ACCEPT" | b"DROP" | b"QUEUE" | b"RETURN")
}

/// The matches that have an option of this name.
pub fn matches_with_option(name: &[u8]) -> Vec<&'static str> {
    let has = |e: &&&Extension| e.options.iter().any(|o| o.name.as_bytes() == name);
    MATCHES.iter().filter(has).map(|e| e.name).collect()
}

/// Reason and advice for a module that is known and will not be translated.
pub fn known_elsewhere(name: &[u8]) -> Option<(&'static str, &'static str)> {
    ELSEWHERE.iter().find(|(n, ..)| n.as_bytes() == name).map(|&(_, reason, advice)| (reason, advice))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_sorted_and_names_unique() {
        for list in [MATCHES, TARGETS] {
            assert!(list.is_sorted_by(|a, b| a.name < b.name));
            let names: usize = list.iter().map(|extension| 1 + extension.aliases.len()).sum();
            assert_eq!(by_name(list).len(), names);
        }
    }

    #[test]
    fn every_option_has_a_coverage_row() {
        for extension in MATCHES.iter().chain(TARGETS).chain(&[standard()]) {
            for option in extension.options {
                let name = format!("--{}", option.name);
                let rows: Vec<_> =
                    extension.coverage.iter().filter(|c| c.option.trim_start_matches("! ") == name).collect();
                assert!(!rows.is_empty(), "{} {name} has no coverage row", extension.name);
                let negated = rows.iter().any(|c| c.option.starts_with("! "));
                assert_eq!(
                    negated, option.negatable,
                    "{} {name}: the negated form needs a row of its own",
                    extension.name
                );
            }
        }
    }
}
