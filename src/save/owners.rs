//! Chains that other software makes, by their names and by the company they keep.
//!
//! What to do about them in a migration is said with each. Names are those that the software is seen to
//! use in dumps; its own documentation and sources are where they come from.

use bstr::{BStr, ByteSlice};

use super::ast::Table;

/// A program that makes chains of its own.
#[derive(Debug, PartialEq, Eq)]
pub struct Owner {
    pub name: &'static str,
    /// Whole names of chains.
    chains: &'static [&'static str],
    /// What names of chains begin with.
    prefixes: &'static [&'static str],
    /// What to do in a migration; one sentence without a final dot.
    pub advice: &'static str,
}

const fn owner_of(
    name: &'static str,
    chains: &'static [&'static str],
    prefixes: &'static [&'static str],
    advice: &'static str,
) -> Owner {
    Owner { name, chains, prefixes, advice }
}

const KUBE: &str =
    "leave these chains out: kube-proxy writes them anew (since 1.33 it can in nft: `--proxy-mode=nftables`)";
const PANEL: &str =
    "this program rewrites the whole firewall when it starts: let it manage the rules, or remove it first";

/// All of them; the first that fits wins, so longer prefixes stand before shorter ones.
#[rustfmt::skip]
pub const OWNERS: &[Owner] = &[
    owner_of("Docker", &["DOCKER", "DOCKER-USER", "DOCKER-INGRESS", "DOCKER_OUTPUT", "DOCKER_POSTROUTING"], &["DOCKER-"],
        "leave these chains out: dockerd writes them anew when it starts; keep your own rules for containers in DOCKER-USER, or set `\"firewall-backend\": \"nftables\"` (Docker 29)"),
    owner_of("kube-router", &[], &["KUBE-ROUTER-", "KUBE-POD-FW-", "KUBE-NWPLCY-", "KUBE-SRC-", "KUBE-DST-"],
        "leave these chains out: kube-router writes them anew, by iptables only"),
    owner_of("Kubernetes", &[], &["KUBE-"], KUBE),
    owner_of("Calico", &[], &["cali-", "cali:", "felix-"],
        "leave these chains out: Felix writes them anew; set `nftablesMode: Enabled` in its configuration to have them in nft"),
    owner_of("Cilium", &[], &["CILIUM_", "OLD_CILIUM_"],
        "leave these chains out: the Cilium agent writes them anew, by iptables; with kube-proxy replacement there are few"),
    owner_of("Antrea", &[], &["ANTREA-"], "leave these chains out: the Antrea agent writes them anew"),
    owner_of("flannel", &[], &["FLANNEL-"],
        "leave these chains out: flanneld writes them anew; `\"EnableNFTables\": true` in its configuration has them in nft"),
    owner_of("Weave Net", &["WEAVE"], &["WEAVE-"], "leave these chains out: weave writes them anew, by iptables only"),
    owner_of("Azure or GKE ip-masq-agent", &["IP-MASQ", "IP-MASQ-AGENT"], &[], "leave these chains out: the agent writes them anew"),
    owner_of("AWS VPC CNI", &[], &["AWS-SNAT-CHAIN-", "AWS-CONNMARK-CHAIN-"], "leave these chains out: the CNI plugin writes them anew"),
    owner_of("OVN-Kubernetes", &[], &["OVN-KUBE-"], "leave these chains out: ovnkube writes them anew"),
    owner_of("netavark (Podman)", &[], &["NETAVARK"],
        "leave these chains out: netavark writes them anew; `firewall_driver = \"nftables\"` in containers.conf has them in nft"),
    owner_of("CNI plugins", &[], &["CNI-"],
        "leave these chains out: the CNI plugins (portmap, firewall, bridge) write them anew; newer ones have an nftables backend"),
    owner_of("Istio", &[], &["ISTIO_"], "leave these chains out: istio-init or the CNI node agent writes them into each pod"),
    owner_of("Linkerd", &[], &["PROXY_INIT_"], "leave these chains out: proxy-init writes them into each pod; it has `--iptables-mode nft`"),
    owner_of("fail2ban", &[], &["f2b-", "fail2ban-"],
        "leave these chains out and set `banaction = nftables` in jail.local: fail2ban then bans in sets of its own nft table"),
    owner_of("sshguard", &["sshguard"], &[], "leave this chain out and set `BACKEND` to `sshg-fw-nft-sets` in sshguard.conf"),
    owner_of("CrowdSec", &["CROWDSEC_CHAIN", "CROWDSEC_LOG"], &["CROWDSEC", "crowdsec"],
        "leave these chains out and install crowdsec-firewall-bouncer-nftables"),
    owner_of("psad", &[], &["PSAD_"], "leave these chains out: psad writes them by iptables only"),
    owner_of("libvirt", &[], &["LIBVIRT_"],
        "leave these chains out: libvirt writes them anew; `firewall_backend = \"nftables\"` in network.conf (10.4) has them in a table of its own"),
    owner_of("ufw", &[], &["ufw-", "ufw6-"],
        "translate either the whole dump and disable ufw, or keep ufw and translate nothing: ufw writes these chains when it starts"),
    owner_of("firewalld", &["INPUT_direct", "FORWARD_direct", "OUTPUT_direct", "INPUT_ZONES", "INPUT_ZONES_SOURCE", "FORWARD_IN_ZONES", "FORWARD_OUT_ZONES",
        "FORWARD_IN_ZONES_SOURCE", "FORWARD_OUT_ZONES_SOURCE", "PREROUTING_ZONES", "PREROUTING_ZONES_SOURCE", "POSTROUTING_ZONES", "POSTROUTING_ZONES_SOURCE",
        "PREROUTING_direct", "POSTROUTING_direct", "OUTPUT_ZONES"],
        &["FWDI_", "FWDO_", "FWD_", "IN_", "PRE_", "POST_"],
        "do not translate: set `FirewallBackend=nftables` in firewalld.conf, and firewalld writes the same zones to nft"),
    owner_of("Tailscale", &[], &["ts-"], "leave these chains out: tailscaled writes them anew; `TS_DEBUG_FIREWALL_MODE=nftables` has them in nft"),
    owner_of("NetBird", &[], &["NETBIRD-"], "leave these chains out: netbird writes them anew, in nft where it finds it"),
    owner_of("miniupnpd", &["MINIUPNPD", "MINIUPNPD-POSTROUTING", "MINIUPNPD-PCP-PEER"], &["MINIUPNPD"],
        "leave these chains out and install miniupnpd built for nftables"),
    owner_of("OpenStack Neutron", &[], &["neutron-", "nova-"],
        "leave these chains out: the agents write them anew; the openvswitch firewall driver needs none of them"),
    owner_of("Proxmox VE", &[], &["PVEFW-"], "leave these chains out: pve-firewall writes them anew; `nftables: 1` in host.fw has them in nft"),
    owner_of("Imunify360", &[], &["imunify360", "IMUNIFY360"], PANEL),
    owner_of("ConfigServer Firewall (csf)", &["LOCALINPUT", "LOCALOUTPUT", "LOGDROPIN", "LOGDROPOUT", "DENYIN", "DENYOUT", "ALLOWIN", "ALLOWOUT", "INVDROP", "GDENYIN", "GDENYOUT"], &["CC_DENY", "CC_ALLOW"], PANEL),
    owner_of("cPanel", &["cP-Firewall-1-INPUT", "acctboth"], &["cphulk"], PANEL),
    owner_of("OpenVPN Access Server", &[], &["AS0_"], "leave these chains out: the server writes them anew, by iptables"),
    owner_of("strongSwan or Libreswan", &[], &["ipsec-"], "leave these chains out: the updown script writes them anew"),
    owner_of("UniFi OS", &[], &["UBIOS_"], "do not translate: the controller writes the whole firewall anew"),
    owner_of("VyOS or EdgeOS", &[], &["VYATTA_"], "do not translate: the configuration system writes the whole firewall anew"),
    owner_of("system-config-firewall", &["RH-Firewall-1-INPUT"], &[], "translate: the program is gone, and the rules are yours"),
    owner_of("Rancher", &[], &["CATTLE_"], "leave these chains out: the agent writes them anew"),
];

/// Shorewall, FireHOL and OpenWrt name chains after the user's own zones; the company tells them.
const SHOREWALL: Owner = owner_of(
    "Shorewall",
    &[],
    &[],
    "translate what Shorewall compiled once and leave it, or keep Shorewall: it writes its chains by iptables only",
);
const FIREHOL: Owner = owner_of(
    "FireHOL",
    &[],
    &[],
    "translate what FireHOL compiled once and leave it, or keep FireHOL: it writes its chains by iptables only",
);
const OPENWRT: Owner = owner_of(
    "OpenWrt (fw3)",
    &[],
    &[],
    "do not translate: OpenWrt 22.03 and newer writes the same zones to nft with fw4",
);
const FERM: Owner =
    owner_of("ferm", &[], &[], "translate what ferm wrote once and leave it: ferm writes iptables rules only");

/// Which programs a table as a whole belongs to.
#[derive(Debug, Default)]
pub struct Shape(Option<&'static Owner>);

impl Shape {
    /// Looks at the names of all chains, and at comments above the table.
    pub fn of(table: &Table) -> Shape {
        let has = |name: &str| table.chains().any(|chain| *chain.name == name);
        let some = |test: &dyn Fn(&BStr) -> bool| table.chains().any(|chain| test(chain.name.as_bstr()));
        let said =
            |word: &str| table.leading.iter().any(|comment| comment.text.to_ascii_lowercase().contains_str(word));
        Shape(if some(&|name| name.starts_with(b"sha-") || name == "shorewall") {
            Some(&SHOREWALL)
        } else if said("firehol") || some(&is_firehol) {
            Some(&FIREHOL)
        } else if has("input_rule") && has("forwarding_rule") || some(&|name| name.starts_with(b"zone_")) {
            Some(&OPENWRT)
        } else if said("generated by ferm") {
            Some(&FERM)
        } else {
            None
        })
    }
}

/// `in_world_http_s1`: a direction, an interface, a service, and a number for server or client.
fn is_firehol(name: &BStr) -> bool {
    let parts: Vec<&[u8]> = name.split_str("_").collect();
    let numbered = |part: &&[u8]| {
        matches!(part.first(), Some(b's' | b'c')) && part.len() > 1 && part[1..].iter().all(u8::is_ascii_digit)
    };
    parts.len() >= 4 && matches!(parts.first(), Some(&b"in" | &b"out")) && parts.last().is_some_and(numbered)
}

/// The software that made a chain that is not built in.
pub fn owner(chain: &BStr, shape: &Shape) -> Option<&'static Owner> {
    let named = |owner: &&Owner| {
        owner.chains.iter().any(|name| name.as_bytes() == chain.as_bytes())
            || owner.prefixes.iter().any(|prefix| chain.starts_with(prefix.as_bytes()))
    };
    OWNERS.iter().find(named).or(shape.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Source;
    use crate::save::parse;

    #[track_caller]
    fn owners(chains: &[&str]) -> Vec<Option<&'static str>> {
        let lines: String = chains.iter().map(|name| format!(":{name} - [0:0]\n")).collect();
        let text = format!("*filter\n{lines}COMMIT\n");
        let parsed = parse(&Source::new(0, "t", text.into()).unwrap(), None);
        let table = &parsed.dump.documents[0].tables[0];
        let shape = Shape::of(table);
        table.chains().map(|chain| owner(chain.name.as_bstr(), &shape).map(|owner| owner.name)).collect()
    }

    #[test]
    fn chains_are_known_by_name() {
        for (chain, want) in [
            ("DOCKER-ISOLATION-STAGE-1", Some("Docker")),
            ("KUBE-SVC-ERIFXISQEP7F7OF4", Some("Kubernetes")),
            ("KUBE-ROUTER-INPUT", Some("kube-router")),
            ("cali-tw-cali1234", Some("Calico")),
            ("f2b-sshd", Some("fail2ban")),
            ("LIBVIRT_FWI", Some("libvirt")),
            ("ufw-before-input", Some("ufw")),
            ("IN_public_allow", Some("firewalld")),
            ("ts-input", Some("Tailscale")),
            ("NETAVARK_FORWARD", Some("netavark (Podman)")),
            ("neutron-openvswi-INPUT", Some("OpenStack Neutron")),
            ("mine", None),
            ("docker", None),
            ("KUBECTL", None),
            ("tsunami", None),
        ] {
            assert_eq!(owners(&[chain]), [want], "{chain}");
        }
    }

    #[test]
    fn chains_are_known_by_their_company() {
        assert_eq!(owners(&["net2fw", "sha-lh-1234"]), [Some("Shorewall"); 2]);
        assert_eq!(owners(&["net2fw"]), [None]);
        assert_eq!(owners(&["in_world_http_s1", "in_world"]), [Some("FireHOL"); 2]);
        assert_eq!(owners(&["zone_lan_input", "reject"]), [Some("OpenWrt (fw3)"); 2]);
    }

    #[test]
    fn every_owner_can_be_met() {
        for (at, known) in OWNERS.iter().enumerate() {
            for name in known.chains.iter().chain(known.prefixes) {
                let found = owner(
                    format!("{name}{}", if known.prefixes.contains(name) { "x" } else { "" }).as_str().into(),
                    &Shape::default(),
                );
                assert_eq!(found, Some(&OWNERS[at]), "{name}");
            }
            assert!(!known.advice.ends_with('.'), "{}", known.name);
        }
    }
}
