//! Filter policies as people let them grow: sources, destinations, ports, interfaces and states in any mixture.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::{Random, filter};

/// A dump by its name and number of rules; `None` for a name that no shape has.
pub fn shape(name: &str, rules: u32) -> Option<String> {
    let mut random = Random(7);
    Some(match name {
        "mixed" => forward("-A FORWARD -j DROP\n", rules, || mixed(&mut random, false)),
        "mixed6" => forward("-A FORWARD -j DROP\n", rules, || mixed(&mut random, true)),
        "stateful" => stateful(&mut random, rules),
        "nested" => forward("", rules, || nested(&mut random)),
        "multiport" => forward("-A FORWARD -j DROP\n", rules, || multiport(&mut random)),
        "zones" => zones(&mut random, rules),
        "tenants" => tenants(&mut random, rules),
        "returns" => returns(&mut random, rules),
        "anything" => forward("", rules, || anything(&mut random)),
        "marks" => marks(&mut random, rules),
        "forwards" => forwards(&mut random, rules),
        _ => return None,
    })
}

/// One chain of rules, and what stands behind them.
fn forward(last: &str, rules: u32, mut rule: impl FnMut() -> String) -> String {
    let mut out = filter("");
    for _ in 0..rules {
        let _ = writeln!(out, "-A FORWARD {}", rule());
    }
    out + last + "COMMIT\n"
}

fn pick<'a>(random: &mut Random, from: &[&'a str]) -> &'a str {
    from.get(random.below(from.len() as u32) as usize).copied().unwrap_or_default()
}

/// One of so many cases.
fn seldom(random: &mut Random, of: u32) -> bool {
    random.below(of) == 0
}

/// A network below 10.0.0.0/8, seldom a large one.
fn net(random: &mut Random) -> String {
    let length = match random.below(200) {
        0 => 16,
        n => [32, 32, 32, 29, 28, 26, 24, 24, 24, 23, 22][n as usize % 11],
    };
    network(0x0a00_0000 | random.below(1 << 24), length)
}

fn network(address: u32, length: u32) -> String {
    format!("{}/{length}", Ipv4Addr::from(address >> (32 - length) << (32 - length)))
}

/// A network below fd00:10::/32.
fn net6(random: &mut Random) -> String {
    let length = [128, 128, 64, 64, 56, 48][random.below(6) as usize];
    let mut part = || u128::from(random.below(1 << 16));
    let address = 0xfd00_0010 << 96 | part() << 80 | part() << 64 | (part() % 64);
    format!("{}/{length}", Ipv6Addr::from(address >> (128 - length) << (128 - length)))
}

/// A protocol and a port or a range of them.
fn service(random: &mut Random) -> String {
    let protocol = pick(random, &["tcp", "tcp", "udp"]);
    let port = 1 + random.below(60_000);
    let to = if seldom(random, 6) { format!(":{}", port + 1 + random.below(20)) } else { String::new() };
    format!("-p {protocol} -m {protocol} --dport {port}{to} ")
}

fn verdict(random: &mut Random) -> &'static str {
    pick(random, &["-j ACCEPT", "-j ACCEPT", "-j ACCEPT", "-j DROP", "-j REJECT --reject-with icmp-port-unreachable"])
}

/// Any of source, destination and service, at least one of them.
fn mixed(random: &mut Random, six: bool) -> String {
    let net = if six { net6 } else { net };
    let parts = 1 + random.below(7);
    let mut out = String::new();
    for (bit, option) in [(1, "-s"), (2, "-d")] {
        if parts & bit != 0 {
            let _ = write!(out, "{option} {} ", net(random));
        }
    }
    if parts & 4 != 0 {
        out += &service(random);
    }
    out + pick(random, &["-j ACCEPT", "-j ACCEPT", "-j DROP"])
}

/// Interfaces and states before what the rule is about; answers first.
fn stateful(random: &mut Random, rules: u32) -> String {
    let mut out = filter("");
    out += "-A INPUT -i lo -j ACCEPT\n-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n";
    out += "-A INPUT -m conntrack --ctstate INVALID -j DROP\n";
    for _ in 0..rules {
        let interface = if seldom(random, 4) { String::new() } else { format!("-i eth{} ", random.below(12)) };
        let (source, service) = (net(random), service(random));
        let state = pick(random, &["-m conntrack --ctstate NEW ", "-m conntrack --ctstate NEW,UNTRACKED ", ""]);
        let _ = writeln!(out, "-A INPUT -s {source} {interface}{service}{state}{}", verdict(random));
    }
    out + "-A INPUT -j DROP\nCOMMIT\n"
}

/// Networks within networks, decided otherwise than those around them; the larger they are the fewer.
fn nested(random: &mut Random) -> String {
    let large = if seldom(random, 20) { 8 } else { 0 };
    let source = network(0x0a00_0000 | random.below(1 << 24), 20 - large + random.below(13));
    let destination = if seldom(random, 3) { format!("-d {} ", net(random)) } else { String::new() };
    format!("-s {source} {destination}{}", pick(random, &["-j ACCEPT", "-j DROP"]))
}

fn multiport(random: &mut Random) -> String {
    let mut ports: Vec<u32> = (0..2 + random.below(10)).map(|_| 1 + random.below(60_000)).collect();
    ports.sort_unstable();
    ports.dedup();
    let ports: Vec<String> = ports.iter().map(u32::to_string).collect();
    let protocol = pick(random, &["tcp", "udp"]);
    let (source, destination) = (net(random), net(random));
    let ports = ports.join(",");
    format!("-s {source} -d {destination} -p {protocol} -m multiport --dports {ports} -j ACCEPT")
}

/// A chain for each pair of interfaces.
fn zones(random: &mut Random, rules: u32) -> String {
    const ZONES: u32 = 10;
    let pairs: Vec<(u32, u32)> = (0..ZONES * ZONES).map(|n| (n / ZONES, n % ZONES)).collect();
    let name = |(from, to): (u32, u32)| format!("zone{from}_to{to}");
    let mut out = filter(&pairs.iter().map(|&pair| format!(":{} - [0:0]\n", name(pair))).collect::<String>());
    out += "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n";
    for &(from, to) in &pairs {
        let _ = writeln!(out, "-A FORWARD -i eth{from} -o eth{to} -j {}", name((from, to)));
    }
    out += "-A FORWARD -j LOG --log-prefix \"no zone: \"\n-A FORWARD -j DROP\n";
    for &pair in &pairs {
        for _ in 0..rules / (ZONES * ZONES) {
            let (source, destination, service) = (net(random), net(random), service(random));
            let _ = writeln!(out, "-A {} -s {source} -d {destination} {service}{}", name(pair), verdict(random));
        }
        let _ = writeln!(out, "-A {} -j DROP", name(pair));
    }
    out + "COMMIT\n"
}

/// A chain of ten rules for each host.
fn tenants(random: &mut Random, rules: u32) -> String {
    let tenants = rules / 10;
    let mut out = filter(&(0..tenants).map(|n| format!(":tenant{n} - [0:0]\n")).collect::<String>());
    for n in 0..tenants {
        let _ = writeln!(out, "-A FORWARD -d {} -j tenant{n}", Ipv4Addr::from(0x0a80_0000 + n));
    }
    for n in 0..tenants {
        for _ in 0..8 {
            let (source, service) = (net(random), service(random));
            let _ = writeln!(out, "-A tenant{n} -s {source} {service}-j ACCEPT");
        }
        let _ = writeln!(out, "-A tenant{n} -j DROP");
    }
    out + "COMMIT\n"
}

/// One long chain of exceptions, entered from two hooks, and what follows for all others.
fn returns(random: &mut Random, rules: u32) -> String {
    let mut out = filter(":guard - [0:0]\n:log - [0:0]\n");
    out += "-A INPUT -j guard\n-A INPUT -j ACCEPT\n-A FORWARD -i eth0 -j guard\n";
    for _ in 0..rules {
        let (source, service) = (net(random), service(random));
        let target = pick(random, &["-j RETURN", "-j RETURN", "-j ACCEPT", "-j DROP", "-j log", "-g log"]);
        let _ = writeln!(out, "-A guard -s {source} {service}{target}");
    }
    out += "-A guard -j DROP\n-A log -m limit --limit 5/min -j LOG --log-prefix \"guard: \"\n";
    out + "-A log -p tcp -j REJECT --reject-with tcp-reset\n-A log -j DROP\nCOMMIT\n"
}

/// Whatever a rule can ask, drawn at random.
fn anything(random: &mut Random) -> String {
    let mut out = String::new();
    if !seldom(random, 3) {
        let _ = write!(out, "-s {} ", net(random));
    }
    if !seldom(random, 3) {
        let not = if seldom(random, 40) { "! " } else { "" };
        out += not;
        let _ = write!(out, "-d {} ", net(random));
    }
    if seldom(random, 3) {
        let _ = write!(out, "-i eth{} ", random.below(6));
    }
    if seldom(random, 5) {
        let _ = write!(out, "-o eth{} ", random.below(6));
    }
    match random.below(12) {
        0 if !out.is_empty() => out += "-p icmp -m icmp --icmp-type 8 ",
        1 if !out.is_empty() => out += "-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN ",
        2 | 3 if !out.is_empty() => {}
        _ => out += &service(random),
    }
    let value = random.below(64);
    match random.below(24) {
        0 => out += "-m limit --limit 10/min ",
        1 => out += "-m statistic --mode random --probability 0.25000000000 ",
        2..6 => out += pick(random, &["-m conntrack --ctstate NEW ", "-m conntrack --ctstate RELATED,ESTABLISHED "]),
        6 => _ = write!(out, "-m mark --mark {:#x} ", value + 1),
        7 => _ = write!(out, "-m dscp --dscp {value:#04x} "),
        8 => _ = write!(out, "-m length --length {}:{} ", value * 10, value * 10 + 200),
        9 => _ = write!(out, "-m comment --comment \"ticket {value}\" "),
        10 => _ = write!(out, "-m mac --mac-source 00:16:3e:00:00:{value:02x} "),
        _ => {}
    }
    match random.below(10) {
        0 => out + "-j LOG --log-prefix \"seen: \"",
        1 => out + "-j RETURN",
        _ => out + pick(random, &["-j ACCEPT", "-j ACCEPT", "-j DROP"]),
    }
}

/// Classes of traffic, told apart by marks that later rules ask for.
fn marks(random: &mut Random, rules: u32) -> String {
    let mut out = String::from("*mangle\n:PREROUTING ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n");
    for n in 0..rules {
        let (source, service, mark) = (net(random), service(random), 1 + random.below(32));
        let _ = match n % 8 {
            7 => writeln!(out, "-A PREROUTING -m mark --mark {mark:#x} -s {source} -j ACCEPT"),
            _ => writeln!(out, "-A PREROUTING -s {source} {service}-j MARK --set-xmark {mark:#x}/0xffffffff"),
        };
    }
    out + "COMMIT\n"
}

/// Ports that are forwarded, each let in by a rule of the filter table.
fn forwards(random: &mut Random, rules: u32) -> String {
    let mut nat = String::from("*nat\n:PREROUTING ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n");
    let mut out = filter("");
    out += "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n";
    for _ in 0..rules / 2 {
        let host = Ipv4Addr::from(0x0a00_0000 | random.below(1 << 12));
        let protocol = pick(random, &["tcp", "udp"]);
        let (outside, inside) = (1 + random.below(65_000), 1 + random.below(65_000));
        let address = Ipv4Addr::from(0xc633_6400 + random.below(256));
        let _ = writeln!(
            nat,
            "-A PREROUTING -d {address}/32 -p {protocol} -m {protocol} --dport {outside} -j DNAT --to-destination {host}:{inside}"
        );
        let _ = writeln!(out, "-A FORWARD -d {host}/32 -i eth0 -p {protocol} -m {protocol} --dport {inside} -j ACCEPT");
    }
    nat + "-A POSTROUTING -o eth0 -j MASQUERADE\nCOMMIT\n" + &out + "-A FORWARD -j DROP\nCOMMIT\n"
}
