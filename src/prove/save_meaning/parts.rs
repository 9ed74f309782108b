//! Which function reads which extension; sorted, one line each.

use super::Reading;
use super::matches::{
    self, clock, connections, extension_headers, headers, icmp, ipsec, limits, named_sets, owners, packets, payload,
    per_key, ports, programs, routes, segments, sockets, tracked, traffic_class, transports, unmodelled,
};
use super::targets::{self, logs, marks, nat, others, proxies, tcpmss, tracking, verdicts};
use crate::prove::block::Step;
use crate::prove::dd::Bounded;
use crate::save::ast::{Part, TableKind};

/// Reads a use of an extension into the steps that the kernel does for it.
type Read = fn(&Part, &mut Reading<'_>) -> Bounded<Vec<Step>>;

const MATCHES: &[(&str, Read)] = &[
    ("addrtype", routes::addrtype),
    ("ah", transports::ah),
    ("bpf", programs::bpf),
    ("cgroup", unmodelled::steady),
    ("cluster", unmodelled::steady),
    ("comment", packets::comment),
    ("connbytes", connections::connbytes),
    ("connlabel", connections::connlabel),
    ("connlimit", per_key::connlimit),
    ("connmark", tracked::connmark),
    ("conntrack", tracked::conntrack),
    ("cpu", packets::cpu),
    ("dccp", transports::dccp),
    ("devgroup", packets::devgroup),
    ("dscp", traffic_class::dscp),
    ("dst", extension_headers::dst),
    ("ecn", traffic_class::ecn),
    ("esp", transports::esp),
    ("eui64", unmodelled::steady),
    ("frag", extension_headers::frag),
    ("hashlimit", per_key::hashlimit),
    ("hbh", extension_headers::hbh),
    ("helper", connections::helper),
    ("hl", headers::hl),
    ("icmp", icmp::icmp),
    ("icmp6", icmp::icmp6),
    ("ipcomp", transports::ipcomp),
    ("iprange", headers::iprange),
    ("ipv6header", extension_headers::ipv6header),
    ("ipvs", unmodelled::condition),
    ("length", packets::length),
    ("limit", limits::limit),
    ("mac", packets::mac),
    ("mark", packets::mark),
    ("mh", transports::mh),
    ("multiport", ports::multiport),
    ("nfacct", unmodelled::count),
    ("osf", unmodelled::condition),
    ("owner", owners::owner),
    ("physdev", unmodelled::steady),
    ("pkttype", packets::pkttype),
    ("policy", ipsec::policy),
    ("quota", limits::quota),
    ("realm", routes::realm),
    ("recent", per_key::recent),
    ("rpfilter", routes::rpfilter),
    ("rt", extension_headers::rt),
    ("sctp", transports::sctp),
    ("set", named_sets::set),
    ("socket", sockets::socket),
    ("srh", segments::srh),
    ("state", tracked::state),
    ("statistic", limits::statistic),
    ("string", payload::string),
    ("tcp", ports::tcp),
    ("tcpmss", matches::tcpmss::tcpmss),
    ("time", clock::time),
    ("tos", traffic_class::tos),
    ("ttl", headers::ttl),
    ("u32", payload::u32),
    ("udp", ports::udp),
];

const TARGETS: &[(&str, Read)] = &[
    ("ACCEPT", verdicts::accept),
    ("AUDIT", others::audit),
    ("CHECKSUM", others::named),
    ("CLASSIFY", others::classify),
    ("CONNMARK", marks::connmark),
    ("CONNSECMARK", marks::connsecmark),
    ("CT", tracking::ct),
    ("DNAT", nat::dnat),
    ("DROP", verdicts::drop),
    ("DSCP", targets::headers::dscp),
    ("ECN", targets::headers::ecn),
    ("HL", targets::headers::hl),
    ("HMARK", others::hmark),
    ("IDLETIMER", others::named),
    ("LED", others::named),
    ("LOG", logs::log),
    ("MARK", marks::mark),
    ("MASQUERADE", nat::masquerade),
    ("NETMAP", nat::netmap),
    ("NFLOG", logs::nflog),
    ("NFQUEUE", proxies::nfqueue),
    ("NOTRACK", tracking::notrack),
    ("QUEUE", verdicts::queue),
    ("RATEEST", others::named),
    ("REDIRECT", nat::redirect),
    ("REJECT", verdicts::reject),
    ("RETURN", verdicts::back),
    ("SECMARK", marks::secmark),
    ("SET", targets::sets::set),
    ("SNAT", nat::snat),
    ("SYNPROXY", proxies::synproxy),
    ("TCPMSS", tcpmss::tcpmss),
    ("TCPOPTSTRIP", targets::headers::tcpoptstrip),
    ("TEE", others::tee),
    ("TOS", targets::headers::tos),
    ("TPROXY", proxies::tproxy),
    ("TRACE", logs::trace),
    ("TTL", targets::headers::ttl),
    ("ULOG", others::named),
];

/// Extensions whose use makes the kernel track connections (`nf_ct_netns_get` in their `checkentry`), or
/// at least put fragments together (`nf_defrag_ipv4_enable`), which is what shows.
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
    "socket",
    "state",
];

/// Extensions that look into the packet's connection, or what it has instead.
const OF_CONNECTION: &[&str] =
    &["CONNMARK", "CONNSECMARK", "cluster", "connlabel", "connlimit", "connmark", "conntrack"];

/// Whether a use of an extension may look into a template, beyond the state: templates are given in raw.
fn asks_templates(part: &Part, reading: &Reading<'_>) -> bool {
    let state_alone = part.extension.name == "conntrack" && tracked::asks_state_alone(part);
    reading.table == TableKind::Raw && OF_CONNECTION.contains(&part.extension.name) && !state_alone
}

/// Whether a use of an extension makes the kernel track connections.
pub(super) fn tracks(part: &Part) -> bool {
    TRACKING.contains(&part.extension.name) && !part.has("notrack")
}

/// Whether uses of an extension are read at all.
#[cfg(test)]
pub(super) fn knows(name: &str) -> bool {
    MATCHES.iter().chain(TARGETS).any(|(known, _)| *known == name)
}

pub(super) fn read_match(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    read(MATCHES, part, reading)
}

pub(super) fn read_target(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    read(TARGETS, part, reading)
}

fn read(table: &[(&str, Read)], part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    match table.iter().find(|(name, _)| *name == part.extension.name) {
        Some((_, read)) if asks_templates(part, reading) => {
            let why = format!("what {} finds in a template for connection tracking", part.extension.name);
            let mut steps = vec![Step::UnknownOn { packets: reading.space.has_template()?, why }];
            steps.extend(read(part, reading)?);
            Ok(steps)
        }
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
        assert!(OF_CONNECTION.is_sorted());
    }
}
