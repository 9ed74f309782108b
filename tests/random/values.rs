//! Values that collide and nest on purpose: few addresses, ports and marks, inside, beside and over each other.
//!
//! Invariant: a value fits the kind of argument it is drawn for; what an extension asks beyond that, it refuses.

use ipt2nft::kernel::Chance;
use ipt2nft::packet::Family;
use ipt2nft::save::option::{Arg, OptionSpec};

const NETS: &[&str] = &[
    "10.0.0.0/8",
    "10.1.0.0/16",
    "10.1.2.0/24",
    "10.1.2.3/32",
    "10.1.2.4/31",
    "10.1.2.128/25",
    "10.1.3.0/24",
    "192.168.0.0/16",
    "192.0.2.1/32",
    "203.0.113.9/32",
    "127.0.0.0/8",
    "224.0.0.0/4",
    "255.255.255.255/32",
    "0.0.0.0/1",
    "10.0.0.1/255.0.0.255",
];

const NETS6: &[&str] = &[
    "2001:db8::/32",
    "2001:db8:1::/48",
    "2001:db8:1:2::/64",
    "2001:db8:1:2::3/128",
    "2001:db8:1:2::4/127",
    "2001:db8:1:3::/64",
    "fd00::/8",
    "fe80::/10",
    "ff00::/8",
    "::1/128",
    "8000::/1",
    "2001:db8::1/ffff:ffff::ffff",
];

const PORTS: &[u64] = &[0, 1, 22, 53, 79, 80, 81, 443, 1023, 1024, 5060, 8080, 32768, 65534, 65535];

const INTERFACES: &[&str] = &["eth0", "eth1", "eth+", "eth0+", "lo", "ppp0", "ppp+", "tun-a.1", "br_lan"];

/// Text that means something to nft, to a shell or to a terminal.
const TEXTS: &[&str] = &[
    "plain",
    "two words: ",
    "$var",
    "a\"b",
    "back\\slash",
    "{ drop }",
    "x; drop",
    "# no comment",
    "it's",
    "drop",
    "\u{fc}ber",
    "*",
    "@set",
    "ends in blank ",
];

/// Arguments with a grammar of their own, by option: what examples alone would not show.
const CUSTOM: &[(&str, &[&str])] = &[
    ("limit", &["1/sec", "3/min", "10/hour", "1/day", "100/sec", "7/min"]),
    ("icmp-type", &["any", "8", "0", "3", "3/1", "3/3", "echo-request", "11/0", "255", "5"]),
    ("icmpv6-type", &["128", "129", "1", "1/4", "neighbour-solicitation", "133", "255/0"]),
    (
        "ctstate",
        &["NEW", "ESTABLISHED", "RELATED,ESTABLISHED", "INVALID", "UNTRACKED", "NEW,DNAT", "SNAT", "INVALID,NEW"],
    ),
    ("ctstatus", &["NONE", "ASSURED", "SEEN_REPLY,EXPECTED", "CONFIRMED", "NONE,ASSURED"]),
    ("state", &["NEW", "RELATED,ESTABLISHED", "INVALID", "UNTRACKED", "INVALID,NEW"]),
    ("tos", &["0x10/0x3f", "0x12", "0/0xff", "0x04/0x1c", "0xff/0xff", "0x1/0x3"]),
    ("src-type", &["LOCAL", "UNICAST", "BROADCAST,MULTICAST", "LOCAL,UNICAST"]),
    ("dst-type", &["LOCAL", "UNICAST", "BROADCAST,MULTICAST", "LOCAL,UNICAST"]),
    ("uid-owner", &["0", "1000", "1000-1999", "0-4294967294"]),
    ("gid-owner", &["0", "100", "100-199"]),
    ("connbytes", &["10", "10:", "5:20", ":20", "0:0"]),
    ("probability", &["0.25", "0.5", "1", "0.00001", "0"]),
    ("u32", &["6&0xFF=1", "0>>22&0x3C@0=5", "6&0xFF=1,6,17:20", "0&0xFFFF=0x64:0xFFFF", "4=1&&6&0xFF=6"]),
    ("realm", &["0x5", "0", "0x5/0xff", "0x0/0x1"]),
    ("label", &["0", "5", "127"]),
    ("chunk-types", &[]),
    ("dccp-types", &["REQUEST", "RESET,INVALID", "DATA,ACK,DATAACK"]),
    ("hashlimit-upto", &["5/min", "1/sec", "10/hour"]),
    ("hashlimit-above", &["5/min", "1/sec", "10/hour"]),
    ("hashlimit-mode", &["srcip", "dstip", "srcip,dstip", "srcip,dstport"]),
    ("connlimit-mask", &["32", "24", "8", "0"]),
    ("timestart", &["00:00", "08:00", "23:59:59"]),
    ("timestop", &["06:00", "17:30", "23:59:59"]),
    ("weekdays", &["Mon", "Mon,Tue,Wed,Thu,Fri", "Sun", "Sat,Sun"]),
    ("log-level", &["0", "4", "debug", "7"]),
    ("set-mss", &["536", "1400", "1460"]),
    ("set-tos", &["0x10/0x3f", "0x10/0xff", "0x1/0x3", "0/0xff", "0xff", "Maximize-Throughput"]),
    ("set-class", &["1:10", "0:1", "ffff:ffff", "0:0"]),
    ("zone", &["0", "5", "65535"]),
];

/// The words behind an option; `example` where nothing better is known.
pub fn words(chance: &mut Chance, spec: &OptionSpec, example: &[String], family: Family) -> Vec<String> {
    let text = match &spec.arg {
        Arg::Flag | Arg::Optional { .. } => return Vec::new(),
        Arg::Number { min, max } => number(chance, example, *min, *max).to_string(),
        Arg::Range { max, separator, open } => range(chance, *max, char::from(*separator), *open),
        Arg::Ranges { max, most } => list(chance, (*most).min(4), |chance| range(chance, *max, ':', false)),
        Arg::Masked { bits } => masked(chance, *bits),
        Arg::Ports | Arg::PortRange => range(chance, 65535, ':', true),
        Arg::PortList => list(chance, 5, |chance| range(chance, 65535, ':', false)),
        Arg::Nets | Arg::Net => net(chance, family),
        Arg::AddressRange => addresses(chance, family),
        Arg::Mac => pick(chance, &["02:aa:00:00:00:02", "02:aa:00:00:00:03", "00:11:22:33:44:55"]),
        Arg::Interface => pick(chance, INTERFACES),
        Arg::Protocol => pick(chance, &["tcp", "udp", "all", "0x6"]),
        Arg::Word(all) => one_of(chance, all),
        Arg::Words(all) => list(chance, 3, |chance| one_of(chance, all)),
        Arg::Text { .. } if is_free(spec.name) => pick(chance, TEXTS),
        Arg::Text { .. } => return example.to_vec(),
        Arg::Custom { .. } if is_free(spec.name) => pick(chance, TEXTS),
        Arg::Custom { .. } => return custom(chance, spec.name, example, family),
    };
    vec![text]
}

/// Whether the text is for people, so that any will do.
fn is_free(option: &str) -> bool {
    matches!(option, "comment" | "log-prefix" | "nflog-prefix")
}

fn pick(chance: &mut Chance, all: &[&str]) -> String {
    chance.one_of(all).unwrap_or_default().to_owned()
}

fn one_of(chance: &mut Chance, all: &[(&'static str, u64)]) -> String {
    chance.one_of(all).map_or_else(String::new, |(name, _)| name.to_owned())
}

fn list(chance: &mut Chance, most: usize, mut one: impl FnMut(&mut Chance) -> String) -> String {
    let count = 1 + chance.below(most.max(1));
    (0..count).map(|_| one(chance)).collect::<Vec<_>>().join(",")
}

fn number(chance: &mut Chance, example: &[String], min: u64, max: u64) -> u64 {
    let shown = example.first().and_then(|word| word.parse().ok()).unwrap_or(min);
    let all = [shown, shown, shown.saturating_add(1), min, min + 1, max, 2, 8, 64];
    chance.one_of(&all).unwrap_or(min).clamp(min, max)
}

/// One value, or two with the smaller one in front.
fn range(chance: &mut Chance, max: u64, separator: char, open: bool) -> String {
    let mut value = || chance.one_of(PORTS).unwrap_or_default().min(max);
    let (a, b) = (value(), value());
    let (low, high) = (a.min(b), a.max(b));
    match chance.below(8) {
        0..4 => a.to_string(),
        4 if open => format!("{low}{separator}"),
        5 if open => format!("{separator}{high}"),
        _ => format!("{low}{separator}{high}"),
    }
}

/// A value, or a value under a mask, mostly with no bit outside it.
fn masked(chance: &mut Chance, bits: u32) -> String {
    let most = if bits >= 64 { u64::MAX } else { (1 << bits) - 1 };
    let all = [0, 1, 2, 3, 0x10, 0xf0, 0xff, 0xff00, 0x8000_0000, most];
    let mask = chance.one_of(&all).unwrap_or(most) & most;
    let value = chance.one_of(&all).unwrap_or(0) & most;
    match chance.below(4) {
        0 => format!("{value:#x}"),
        1 => format!("{value:#x}/{mask:#x}"),
        _ => format!("{:#x}/{mask:#x}", value & mask),
    }
}

/// An address with or without a prefix or a mask.
pub fn net(chance: &mut Chance, family: Family) -> String {
    pick(chance, if family == Family::Ip6 { NETS6 } else { NETS })
}

fn address(chance: &mut Chance, family: Family) -> String {
    net(chance, family).split('/').next().unwrap_or_default().to_owned()
}

fn addresses(chance: &mut Chance, family: Family) -> String {
    let last = chance.one_of(&["3", "4", "7f", "ff"]).unwrap_or("3");
    let last4 = u8::from_str_radix(last, 16).unwrap_or(3);
    match (chance.below(3), family) {
        (0, _) => address(chance, family),
        (_, Family::Ip6) => format!("2001:db8:1:2::2-2001:db8:1:2::{last}"),
        _ => format!("10.1.2.2-10.1.2.{last4}"),
    }
}

fn custom(chance: &mut Chance, option: &str, example: &[String], family: Family) -> Vec<String> {
    let text = match option {
        "to-destination" | "to-source" => return vec![translated(chance, example, family)],
        "match-set" | "add-set" | "del-set" => return set(chance, option, example),
        "on-ip" | "gateway" => address(chance, family),
        "tcp-flags" => return vec![flags(chance), flags(chance)],
        "to-ports" => chance.one_of(&["4000", "4000-4010", "1-65535"]).unwrap_or("4000").to_owned(),
        _ => match CUSTOM.iter().find(|(name, _)| *name == option) {
            Some((_, all)) if !all.is_empty() => pick(chance, all),
            _ => return example.to_vec(),
        },
    };
    vec![text]
}

/// Mostly the set that others write to and ask for as well.
fn set(chance: &mut Chance, option: &str, example: &[String]) -> Vec<String> {
    const ADDRESSES: &[&str] = &["banned src", "banned src", "banned dst", "blocked src", "blocked dst", "hosts src"];
    if option == "match-set" && chance.below(2) == 0 {
        return example.to_vec();
    }
    pick(chance, ADDRESSES).split(' ').map(str::to_owned).collect()
}

fn flags(chance: &mut Chance) -> String {
    pick(chance, &["SYN", "SYN,ACK", "FIN,SYN,RST,ACK", "ALL", "NONE", "RST", "PSH,URG", "SYN,FIN"])
}

/// Where NAT leads to: with ports only where the example has some, since a protocol must be there for them.
fn translated(chance: &mut Chance, example: &[String], family: Family) -> String {
    let ported = example.first().is_some_and(|word| word.contains("]:") || family == Family::Ip && word.contains(':'));
    let (one, two) =
        if family == Family::Ip6 { ("2001:db8:9::1", "2001:db8:9::4") } else { ("198.51.100.1", "198.51.100.4") };
    let bracketed = |text: &str| if family == Family::Ip6 { format!("[{text}]") } else { text.to_owned() };
    match (chance.below(4), ported) {
        (0, true) => format!("{}:4000-4010", bracketed(one)),
        (1, true) => ":4000".to_owned(),
        (_, true) => format!("{}:4000", bracketed(one)),
        (0, false) => format!("{one}-{two}"),
        _ => one.to_owned(),
    }
}
