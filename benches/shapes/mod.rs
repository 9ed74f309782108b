//! Large dumps in the shapes that grow in practice: services of Kubernetes, blocklists, port lists, jails.
//!
//! Invariant: the same arguments give the same bytes, so that figures of two runs can be compared.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::Ipv4Addr;

mod policies;

/// A dump by its name and size; `None` for a name that no shape has.
pub fn shape(name: &str, size: u32) -> Option<String> {
    Some(match name {
        "kube" => kube(size, 3),
        "block" => block(size),
        "ports" => ports(size),
        "fail2ban" => fail2ban(size),
        _ => return policies::shape(name, size),
    })
}

/// kube-proxy's iptables mode: chains per service and per endpoint, a ladder of probabilities, DNAT.
fn kube(services: u32, endpoints: u32) -> String {
    let mut names = Names(1);
    let mut chains = String::from(
        "*nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n\
         :KUBE-MARK-MASQ - [0:0]\n:KUBE-NODEPORTS - [0:0]\n:KUBE-POSTROUTING - [0:0]\n:KUBE-SERVICES - [0:0]\n",
    );
    let mut nodeports = String::from(
        "-A PREROUTING -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES\n\
         -A OUTPUT -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES\n\
         -A POSTROUTING -m comment --comment \"kubernetes postrouting rules\" -j KUBE-POSTROUTING\n\
         -A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000\n\
         -A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN\n\
         -A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0\n\
         -A KUBE-POSTROUTING -m comment --comment \"kubernetes service traffic requiring SNAT\" -j MASQUERADE --random-fully\n",
    );
    let (mut table, mut rules) = (String::new(), String::new());
    for s in 0..services {
        let address = Ipv4Addr::from(0x0a60_000a + s);
        let port = [80, 443, 8080, 53, 9090][s as usize % 5];
        let protocol = if port == 53 { "udp" } else { "tcp" };
        let name = format!("ns{}/svc{s}:p{port}", s % 40);
        let service = names.next("KUBE-SVC-");
        let _ = writeln!(chains, ":{service} - [0:0]");
        let tests = format!("-d {address}/32 -p {protocol} -m comment --comment \"{name} cluster IP\" -m {protocol}");
        let _ = writeln!(table, "-A KUBE-SERVICES {tests} --dport {port} -j {service}");
        let _ = writeln!(rules, "-A {service} ! -s 10.244.0.0/16 {tests} --dport {port} -j KUBE-MARK-MASQ");
        if s % 10 == 0 {
            let outside = names.next("KUBE-EXT-");
            let _ = writeln!(chains, ":{outside} - [0:0]");
            let comment = format!("-m comment --comment \"{name}\"");
            let node = 30_000 + s % 2767;
            let _ = writeln!(
                nodeports,
                "-A KUBE-NODEPORTS -p {protocol} {comment} -m {protocol} --dport {node} -j {outside}"
            );
            let _ = writeln!(rules, "-A {outside} {comment} -j KUBE-MARK-MASQ\n-A {outside} -j {service}");
        }
        for e in 0..endpoints {
            let pod = Ipv4Addr::from(0x0af4_0002 + (s * endpoints + e) % 60_000);
            let chain = names.next("KUBE-SEP-");
            let _ = writeln!(chains, ":{chain} - [0:0]");
            let left = endpoints - e;
            let chance = match left {
                1 => String::new(),
                _ => format!(" -m statistic --mode random --probability {:.11}", 1.0 / f64::from(left)),
            };
            let _ = writeln!(rules, "-A {service} -m comment --comment \"{name} -> {pod}:{port}\"{chance} -j {chain}");
            let comment = format!("-m comment --comment \"{name}\"");
            let _ = writeln!(rules, "-A {chain} -s {pod}/32 {comment} -j KUBE-MARK-MASQ");
            let dnat = format!("-m {protocol} -j DNAT --to-destination {pod}:{port}");
            let _ = writeln!(rules, "-A {chain} -p {protocol} {comment} {dnat}");
        }
    }
    let last = "-A KUBE-SERVICES -m comment --comment \"kubernetes service nodeports\" -m addrtype --dst-type LOCAL";
    format!("{chains}{nodeports}{table}{last} -j KUBE-NODEPORTS\n{rules}COMMIT\n")
}

/// Blocked addresses and networks, every fourth logged before it is dropped.
fn block(count: u32) -> String {
    let mut random = Random(7);
    let mut out = filter("");
    let mut seen = BTreeSet::new();
    while seen.len() < count as usize {
        let length = [32, 32, 32, 24, 20][random.below(5) as usize];
        let address = (0x0100_0000 + random.below(222 << 24)) >> (32 - length) << (32 - length);
        if !seen.insert((address, length)) {
            continue;
        }
        let network = format!("{}/{length}", Ipv4Addr::from(address));
        if seen.len().is_multiple_of(4) {
            let _ = writeln!(out, "-A INPUT -s {network} -j LOG --log-prefix \"blocked: \"");
        }
        let _ = writeln!(out, "-A INPUT -s {network} -j DROP");
    }
    out + "COMMIT\n"
}

/// Accepted flows that differ in source, destination, interface, protocol and port.
fn ports(count: u32) -> String {
    let mut random = Random(7);
    let mut out = filter("");
    for _ in 0..count {
        let mut part = |below| random.below(below);
        let source = format!("10.{}.{}.0/24", part(256), part(256));
        let destination = format!("172.16.{}.{}/32", part(256), part(256));
        let (device, port) = (part(8), 1 + part(65_534));
        let protocol = ["tcp", "udp"][part(2) as usize];
        let _ = writeln!(
            out,
            "-A FORWARD -s {source} -d {destination} -i eth{device} -p {protocol} -m {protocol} --dport {port} -j ACCEPT"
        );
    }
    out + "-A FORWARD -j DROP\nCOMMIT\n"
}

/// A jail: addresses that are refused, in a chain of their own.
fn fail2ban(count: u32) -> String {
    let mut random = Random(7);
    let mut out = filter(":f2b-sshd - [0:0]\n");
    out.push_str("-A INPUT -p tcp -m multiport --dports 22 -j f2b-sshd\n");
    for _ in 0..count {
        let address = Ipv4Addr::from(0x0100_0000 + random.below(222 << 24));
        let _ = writeln!(out, "-A f2b-sshd -s {address}/32 -j REJECT --reject-with icmp-port-unreachable");
    }
    out + "-A f2b-sshd -j RETURN\nCOMMIT\n"
}

fn filter(chains: &str) -> String {
    format!("*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n{chains}")
}

/// Chain names as kube-proxy makes them: a prefix and 16 letters and digits.
struct Names(u64);

impl Names {
    fn next(&mut self, prefix: &str) -> String {
        self.0 += 1;
        let mut random = Random(self.0);
        let letter = |_| char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[random.below(32) as usize]);
        prefix.chars().chain((0..16).map(letter)).collect()
    }
}

/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % u64::from(limit)) as u32
    }
}
