//! What the options of one iptables rule ask of a packet; see `from_save`.
//!
//! Invariant: an option whose value cannot be read is passed over with its value.

use super::aim::{Aim, Name, Values};
use super::case::Burst;
use crate::packet::TcpOptionPart;
use crate::packet::{CtKey, Exthdr, ExthdrPart, Family, FibFlags, FibResult, Field, Interval, IntervalSet, L4};
use crate::save::value::{number, port, protocol, read_address, read_net};

/// Reads one rule's words behind the chain's name.
pub struct RuleReader {
    pub aim: Aim,
    pub jump: Option<String>,
    family: Family,
    /// The match or target that options belong to.
    module: String,
    protocol: Option<u8>,
}

/// Words with a mask: `value[/mask]`.
fn masked(word: &str) -> Option<(u128, u128)> {
    let (value, mask) = word.split_once('/').unwrap_or((word, "0xffffffff"));
    Some((number(value.as_bytes()).ok()?.into(), number(mask.as_bytes()).ok()?.into()))
}

/// `a`, `a:b`, `a:`, `:b` of numbers.
fn span(word: &str, most: u128) -> Option<(u128, u128)> {
    let (lo, hi) = word.split_once(':').unwrap_or((word, word));
    let read = |part: &str, open: u128| {
        if part.is_empty() { Some(open) } else { number(part.as_bytes()).ok().map(u128::from) }
    };
    Some((read(lo, 0)?, read(hi, most)?))
}

impl RuleReader {
    /// Reads all of the rule.
    pub fn read(words: &[String], family: Family) -> Self {
        let mut reader = RuleReader { aim: Aim::default(), jump: None, family, module: String::new(), protocol: None };
        let mut words = words.iter().map(String::as_str).peekable();
        let mut negated = false;
        while let Some(word) = words.next() {
            if word == "!" {
                negated = true;
                continue;
            }
            if !word.starts_with('-') {
                continue;
            }
            if words.peek() == Some(&"!") {
                words.next();
                negated = true;
            }
            let value = words.peek().copied().unwrap_or_default();
            let second = || words.clone().nth(1).unwrap_or_default();
            if word == "--tcp-flags" {
                reader.tcp_flags(value, second(), negated);
            } else {
                reader.option(word, value, negated);
            }
            negated = false;
        }
        reader
    }

    fn v6(&self) -> bool {
        self.family == Family::Ip6
    }

    fn option(&mut self, word: &str, value: &str, negated: bool) {
        match word {
            "-m" | "--match" => self.module = value.to_owned(),
            "-j" | "--jump" | "-g" | "--goto" => {
                (self.module, self.jump) = (value.to_owned(), Some(value.to_owned()));
            }
            "-p" | "--protocol" => self.protocol(value, negated),
            "-i" | "--in-interface" => self.interface(Field::Iifname, value, negated),
            "-o" | "--out-interface" => self.interface(Field::Oifname, value, negated),
            "-s" | "--source" | "--src" | "--src-range" => self.addresses(false, value, negated),
            "-d" | "--destination" | "--dst" | "--dst-range" => self.addresses(true, value, negated),
            "-f" | "--fragment" | "--fragments" => self.numbers(Field::IpFragOff, Interval::new(1, 0x1fff), negated),
            "--set-mark" | "--set-xmark" | "--or-mark" | "--and-mark" | "--xor-mark" => self.also_mark(value),
            "--to-destination" | "--to-source" | "--to" | "--to-ports" | "--on-port" | "--on-ip" => self.nat(value),
            _ if self.ports(word, value, negated) || self.header(word, value, negated) => {}
            _ if self.meta(word, value, negated) => {}
            _ => self.counting(word, value),
        }
    }

    fn want(&mut self, field: Field, values: Values) {
        self.aim.wants.push((field, values));
    }

    fn numbers(&mut self, field: Field, interval: Interval, negated: bool) {
        self.set(field, IntervalSet::from(interval), negated);
    }

    fn set(&mut self, field: Field, set: IntervalSet, negated: bool) {
        let set = if negated { set.complement(field.width()) } else { set };
        if !set.is_empty() {
            self.want(field, Values::Numbers(set));
        }
    }

    fn bits(&mut self, field: Field, value: u128, mask: u128, negated: bool) {
        self.want(field, Values::Bits { value, mask, negated });
    }

    fn protocol(&mut self, value: &str, negated: bool) {
        if let Ok(number) = protocol(value.as_bytes())
            && number != 0
        {
            self.protocol = (!negated).then_some(number);
            self.numbers(Field::L4proto, Interval::point(number.into()), negated);
        }
    }

    fn interface(&mut self, field: Field, value: &str, negated: bool) {
        let (text, wildcard) = value.strip_suffix('+').map_or((value, false), |text| (text, true));
        if !value.is_empty() && value != "+" {
            self.want(field, Values::Names { names: vec![Name { text: text.to_owned(), wildcard }], negated });
        }
    }

    fn addresses(&mut self, destination: bool, value: &str, negated: bool) {
        let field = match (self.v6(), destination) {
            (false, false) => Field::IpSaddr,
            (false, true) => Field::IpDaddr,
            (true, false) => Field::Ip6Saddr,
            (true, true) => Field::Ip6Daddr,
        };
        let mut all = Vec::new();
        for part in value.split(',') {
            if let Some(interval) = self.address_range(part) {
                all.push(interval);
            } else if let Ok(net) = read_net(part.as_bytes(), self.family) {
                match net.interval(self.family) {
                    Some(interval) => all.push(interval),
                    None => self.bits(field, net.address & net.mask, net.mask, negated),
                }
            }
        }
        if !all.is_empty() {
            self.set(field, all.into_iter().collect(), negated);
        }
    }

    fn address_range(&self, word: &str) -> Option<Interval> {
        let (lo, hi) = word.split_once('-')?;
        let read = |word: &str| read_address(word.as_bytes(), self.family).ok();
        Some(Interval::new(read(lo)?, read(hi)?))
    }

    fn port_span(&self, word: &str) -> Option<Interval> {
        let (lo, hi) = word.split_once(':').unwrap_or((word, word));
        let read = |part: &str, open| {
            if part.is_empty() { Some(open) } else { port(part.as_bytes(), self.protocol).ok().map(u128::from) }
        };
        Some(Interval::new(read(lo, 0)?, read(hi, 65535)?))
    }

    fn ports(&mut self, word: &str, value: &str, negated: bool) -> bool {
        let l4 = match self.protocol {
            Some(6) => L4::Tcp,
            Some(17) => L4::Udp,
            Some(33) => L4::Dccp,
            Some(132) => L4::Sctp,
            Some(136) => L4::Udplite,
            _ => L4::Th,
        };
        let fields: &[Field] = match word {
            "--sport" | "--source-port" | "--sports" | "--source-ports" => &[Field::Sport(l4)],
            "--dport" | "--destination-port" | "--dports" | "--destination-ports" => &[Field::Dport(l4)],
            "--port" | "--ports" => &[Field::Sport(l4), Field::Dport(l4)],
            _ => return false,
        };
        let set: IntervalSet = value.split(',').filter_map(|part| self.port_span(part)).collect();
        for field in fields {
            // Either port does: one may stand on an edge while the other matches.
            self.set(*field, set.clone(), negated);
        }
        true
    }

    fn tcp_flags(&mut self, mask: &str, value: &str, negated: bool) {
        let bits = |words: &str| {
            words.split(',').fold(0u128, |bits, word| {
                bits | match word {
                    "FIN" => 1,
                    "SYN" => 2,
                    "RST" => 4,
                    "PSH" => 8,
                    "ACK" => 16,
                    "URG" => 32,
                    "ALL" => 63,
                    _ => 0,
                }
            })
        };
        self.bits(Field::TcpFlags, bits(value), bits(mask), negated);
    }

    /// Options about headers.
    fn header(&mut self, word: &str, value: &str, negated: bool) -> bool {
        let most = |field: Field| (1u128 << field.width()) - 1;
        match word {
            "--syn" => self.bits(Field::TcpFlags, 2, 0x17, negated),
            "--tcp-option" | "--mss" => self.tcp_option(word, value, negated),
            "--icmp-type" | "--icmpv6-type" => self.icmp(value, negated),
            "--ttl-eq" | "--ttl" | "--hl-eq" => self.span(Field::IpTtl, span(value, 255), negated),
            "--ttl-lt" | "--hl-lt" => {
                self.span(Field::IpTtl, span(value, 255).map(|(_, n)| (1, n.saturating_sub(1))), negated)
            }
            "--ttl-gt" | "--hl-gt" => self.span(Field::IpTtl, span(value, 255).map(|(_, n)| (n + 1, 255)), negated),
            "--dscp" => self.span(Field::IpDscp, span(value, 63), negated),
            "--dscp-class" => self.span(Field::IpDscp, dscp_class(value).map(|n| (n, n)), negated),
            "--tos" => {
                if let Some((value, mask)) = masked(value) {
                    self.bits(Field::IpDscp, value >> 2 & 63, mask >> 2 & 63, negated);
                }
            }
            "--length" => self.span(Field::Length, span(value, 1400), negated),
            "--espspi" => self.span(Field::EspSpi, span(value, most(Field::EspSpi)), negated),
            "--ahspi" => self.span(Field::AhSpi, span(value, most(Field::AhSpi)), negated),
            "--mac-source" => {
                let bytes = value.split(':').filter_map(|byte| u8::from_str_radix(byte, 16).ok());
                let mac = bytes.fold(0u128, |mac, byte| mac << 8 | u128::from(byte));
                self.numbers(Field::EtherSaddr, Interval::point(mac & 0xffff_ffff_ffff), negated);
            }
            "--frag" | "--fragid" => self.want(Field::Exthdr(Exthdr::Frag, ExthdrPart::Exists), Values::one(1)),
            "--header" => self.extension_headers(value),
            _ => return self.routing(word, value, negated),
        }
        true
    }

    /// Options about the routing header.
    fn routing(&mut self, word: &str, value: &str, negated: bool) -> bool {
        let field = |part| Field::Exthdr(Exthdr::Rt, part);
        match word {
            "--rt-type" => self.span(field(ExthdrPart::Type), span(value, 255), negated),
            "--rt-segsleft" => self.span(field(ExthdrPart::SegLeft), span(value, 255), negated),
            "--rt-len" => {
                let units = span(value, 255).map(|(bytes, _)| (bytes / 8).saturating_sub(1));
                self.span(field(ExthdrPart::Hdrlength), units.map(|n| (n, n)), negated);
            }
            "--rt-0-res" => self.span(field(ExthdrPart::SrhTag), Some((0, 0)), negated),
            "--rt-0-addrs" => {
                let addresses = value.split(',').filter_map(|a| read_address(a.as_bytes(), Family::Ip6).ok());
                for (address, at) in addresses.zip(1..) {
                    self.numbers(field(ExthdrPart::SrhSid(at)), Interval::point(address), negated);
                }
            }
            _ => return self.segments(word, value, negated),
        }
        true
    }

    /// Options about segment routing.
    fn segments(&mut self, word: &str, value: &str, negated: bool) -> bool {
        let Some(name) = word.strip_prefix("--srh-") else { return false };
        let field = |part| Field::Exthdr(Exthdr::Rt, part);
        self.want(field(ExthdrPart::Type), Values::one(4));
        let part = match name.trim_end_matches("-eq").trim_end_matches("-gt").trim_end_matches("-lt") {
            "hdr-len" => ExthdrPart::Hdrlength,
            "segs-left" => ExthdrPart::SegLeft,
            "last-entry" => ExthdrPart::SrhLastEntry,
            "tag" => ExthdrPart::SrhTag,
            // Either of the two may be the one that is asked for.
            "psid" | "nsid" | "lsid" => {
                let network = value.split('/').next().and_then(|a| read_address(a.as_bytes(), Family::Ip6).ok());
                let address = network.map(Interval::point);
                for at in [1, 2] {
                    address.into_iter().for_each(|a| self.numbers(field(ExthdrPart::SrhSid(at)), a, negated));
                }
                return true;
            }
            _ => return true,
        };
        let least = span(value, 255).map(|(n, _)| match name.rsplit('-').next() {
            Some("gt") => (n + 1, 255),
            Some("lt") => (0, n.saturating_sub(1)),
            _ => (n, n),
        });
        self.span(field(part), least.filter(|(lo, hi)| lo <= hi), negated);
        true
    }

    fn span(&mut self, field: Field, span: Option<(u128, u128)>, negated: bool) {
        if let Some((lo, hi)) = span {
            self.numbers(field, Interval::new(lo, hi), negated);
        }
    }

    fn tcp_option(&mut self, word: &str, value: &str, negated: bool) {
        let Some((lo, hi)) = span(value, 65535) else { return };
        if word == "--mss" {
            self.numbers(Field::TcpOption { kind: 2, part: TcpOptionPart::MaxsegSize }, Interval::new(lo, hi), negated);
        } else {
            let field = Field::TcpOption { kind: lo as u8, part: TcpOptionPart::Exists };
            self.want(field, Values::one((!negated).into()));
        }
    }

    fn icmp(&mut self, value: &str, negated: bool) {
        let (kind, code) =
            if self.v6() { (Field::Icmp6Type, Field::Icmp6Code) } else { (Field::IcmpType, Field::IcmpCode) };
        let (word, rest) = value.split_once('/').map_or((value, None), |(a, b)| (a, Some(b)));
        let read = number(word.as_bytes()).ok().map(|n| (u128::from(n), None)).or_else(|| icmp_name(word, self.v6()));
        let Some((number_, code_of_name)) = read else { return };
        self.numbers(kind, Interval::point(number_ & 255), negated);
        let given = rest.and_then(|c| number(c.as_bytes()).ok()).map(u128::from);
        if let Some(n) = given.or(code_of_name) {
            self.numbers(code, Interval::point(n & 255), false);
        }
    }

    fn extension_headers(&mut self, value: &str) {
        for name in value.split(',') {
            let header = match name {
                "hop" | "hop-by-hop" => Exthdr::Hbh,
                "dst" => Exthdr::Dst,
                "route" => Exthdr::Rt,
                "frag" => Exthdr::Frag,
                _ => continue,
            };
            self.want(Field::Exthdr(header, ExthdrPart::Exists), Values::one(1));
        }
    }

    /// Options about what the kernel knows of a packet.
    fn meta(&mut self, word: &str, value: &str, negated: bool) -> bool {
        let field = if self.module == "connmark" { Field::Ct(CtKey::Mark) } else { Field::Mark };
        match word {
            "--accept-local" => self.address_type(true, "LOCAL", false),
            "--mark" => {
                if let Some((value, mask)) = masked(value) {
                    self.bits(field, value, mask, negated);
                }
            }
            "--ctstate" | "--state" => self.states(value, negated),
            "--ctdir" => {
                self.want(Field::Ct(CtKey::Direction), Values::one(u128::from(value == "REPLY") ^ u128::from(negated)))
            }
            "--ctorigsrc" | "--ctreplsrc" => self.addresses(false, value, negated),
            "--ctorigdst" | "--ctrepldst" => self.addresses(true, value, negated),
            "--uid-owner" => self.span(Field::Skuid, span(&value.replace('-', ":"), 0xffff_ffff), negated),
            "--gid-owner" => self.span(Field::Skgid, span(&value.replace('-', ":"), 0xffff_ffff), negated),
            "--pkt-type" => {
                let kind = ["unicast", "broadcast", "multicast"].iter().position(|name| *name == value);
                self.span(Field::Pkttype, kind.map(|n| (n as u128, n as u128)), negated);
            }
            "--src-type" => self.address_type(true, value, negated),
            "--dst-type" => self.address_type(false, value, negated),
            _ => return false,
        }
        true
    }

    fn states(&mut self, value: &str, negated: bool) {
        let bits = value.split(',').map(|state| match state {
            "INVALID" => 1,
            "ESTABLISHED" => 2,
            "RELATED" => 4,
            "NEW" => 8,
            _ => 0,
        });
        let bits: Vec<u128> = bits.filter(|bit| *bit != 0).collect();
        let set: IntervalSet =
            [1, 2, 4, 8].into_iter().filter(|bit| bits.contains(bit) != negated).map(Interval::point).collect();
        if !set.is_empty() {
            self.want(Field::Ct(CtKey::State), Values::Numbers(set));
        }
    }

    fn address_type(&mut self, source: bool, value: &str, negated: bool) {
        let flags = FibFlags { saddr: source, daddr: !source, ..FibFlags::default() };
        let kinds = value.split(',').filter_map(|name| match name {
            "UNICAST" => Some(1),
            "LOCAL" => Some(2),
            "BROADCAST" => Some(3),
            "MULTICAST" => Some(5),
            _ => None,
        });
        let set: IntervalSet = kinds.map(Interval::point).collect();
        let set = if negated {
            [1, 2, 3, 5].into_iter().map(Interval::point).filter(|i| !set.contains(i.lo)).collect()
        } else {
            set
        };
        self.want(Field::Fib { flags, result: FibResult::Type }, Values::Numbers(set));
    }

    fn also_mark(&mut self, value: &str) {
        if let Some((value, mask)) = masked(value) {
            self.aim.also.extend([
                (Field::Mark, Interval::point(value & 0xffff_ffff)),
                (Field::Mark, Interval::point(mask & 0xffff_ffff)),
            ]);
        }
    }

    /// `[address[-address]][:port[-port]]`, IPv6 in brackets; or ports alone.
    fn nat(&mut self, value: &str) {
        let (addresses, ports) = match value.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((addresses, ports)) => (addresses, ports.trim_start_matches(':')),
            None if self.v6() && value.contains(':') => (value, ""),
            None if !value.contains('.') => ("", value.trim_start_matches(':')),
            None => value.split_once(':').unwrap_or((value, "")),
        };
        let field = if self.v6() { Field::Ip6Daddr } else { Field::IpDaddr };
        let net = || read_net(addresses.as_bytes(), self.family).ok().and_then(|net| net.interval(self.family));
        if let Some(interval) = self.address_range(addresses).or_else(net) {
            self.aim.also.push((field, interval));
        }
        let ports = ports.split('/').next().unwrap_or_default();
        let (lo, hi) = ports.split_once('-').unwrap_or((ports, ports));
        if let (Ok(lo), Ok(hi)) = (lo.parse::<u16>(), hi.parse::<u16>()) {
            self.aim.picks.push((lo, hi));
            self.aim.also.push((Field::Dport(L4::Th), Interval::new(lo.into(), hi.into())));
        }
    }

    /// Options that make a rule count packets or measure time.
    fn counting(&mut self, word: &str, value: &str) {
        let amount = value.parse::<u32>().unwrap_or(0);
        let burst = |count: u32| Burst { count: count.clamp(1, 120), vary_port: false, again_after: 0 };
        let now = self.aim.burst;
        self.aim.burst = match word {
            "--limit" | "--hashlimit" | "--hashlimit-upto" | "--hashlimit-above" => {
                Some(Burst { again_after: refill_time(value), ..now.unwrap_or(burst(10)) })
            }
            "--limit-burst" | "--hashlimit-burst" => {
                Some(Burst { count: amount.saturating_add(5).min(120), ..now.unwrap_or(burst(1)) })
            }
            "--quota" => Some(burst(value.parse::<u64>().map_or(10, |bytes| (bytes / 48 + 4).min(120) as u32))),
            "--every" => Some(burst(amount.saturating_mul(3).saturating_add(2))),
            "--probability" => Some(burst(120)),
            "--add-set" | "--del-set" => Some(now.unwrap_or(burst(3))),
            "--hitcount" => Some(burst(amount.saturating_add(4))),
            "--connlimit-above" | "--connlimit-upto" => {
                Some(Burst { vary_port: true, ..burst(amount.saturating_add(4)) })
            }
            _ => now,
        };
    }
}

/// Milliseconds in which a rate gives two packets and a half, if that is soon; 0 otherwise. More would fill the
/// usual burst of five to the brim, whatever the rate.
fn refill_time(rate: &str) -> u32 {
    let Some((count, unit)) = rate.split_once('/') else { return 0 };
    match count.parse::<u32>().ok().and_then(|count| 2500u32.checked_div(count)) {
        Some(time) if unit.starts_with('s') && time <= 850 => time,
        _ => 0,
    }
}

/// DSCP of a class by name (RFC 2474, 2597, 3246).
fn dscp_class(name: &str) -> Option<u128> {
    let lower = name.to_ascii_lowercase();
    let digits: Vec<u128> = lower.chars().filter_map(|c| c.to_digit(10)).map(u128::from).collect();
    match (lower.get(..2)?, digits.as_slice()) {
        ("be", _) => Some(0),
        ("ef", _) => Some(46),
        ("cs", [class]) => Some(class << 3),
        ("af", [class, precedence]) => Some(class << 3 | precedence << 1),
        _ => None,
    }
}

/// The commoner names of ICMP types: type, and code where the name is a code's.
fn icmp_name(name: &str, v6: bool) -> Option<(u128, Option<u128>)> {
    let four: &[(&str, u128, Option<u128>)] = &[
        ("echo-reply", 0, None),
        ("pong", 0, None),
        ("destination-unreachable", 3, None),
        ("network-unreachable", 3, Some(0)),
        ("host-unreachable", 3, Some(1)),
        ("protocol-unreachable", 3, Some(2)),
        ("port-unreachable", 3, Some(3)),
        ("fragmentation-needed", 3, Some(4)),
        ("source-quench", 4, None),
        ("redirect", 5, None),
        ("echo-request", 8, None),
        ("ping", 8, None),
        ("router-advertisement", 9, None),
        ("router-solicitation", 10, None),
        ("time-exceeded", 11, None),
        ("ttl-exceeded", 11, None),
        ("parameter-problem", 12, None),
        ("timestamp-request", 13, None),
        ("timestamp-reply", 14, None),
        ("address-mask-request", 17, None),
        ("address-mask-reply", 18, None),
    ];
    let six: &[(&str, u128, Option<u128>)] = &[
        ("destination-unreachable", 1, None),
        ("no-route", 1, Some(0)),
        ("port-unreachable", 1, Some(4)),
        ("packet-too-big", 2, None),
        ("time-exceeded", 3, None),
        ("ttl-exceeded", 3, None),
        ("parameter-problem", 4, None),
        ("echo-request", 128, None),
        ("ping", 128, None),
        ("echo-reply", 129, None),
        ("pong", 129, None),
        ("router-solicitation", 133, None),
        ("router-advertisement", 134, None),
        ("neighbour-solicitation", 135, None),
        ("neighbor-solicitation", 135, None),
        ("neighbour-advertisement", 136, None),
        ("neighbor-advertisement", 136, None),
        ("redirect", 137, None),
    ];
    let table = if v6 { six } else { four };
    table.iter().find(|(known, ..)| *known == name).map(|(_, kind, code)| (*kind, *code))
}
