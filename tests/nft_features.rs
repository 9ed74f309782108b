//! The table of features, tried on every nft at hand.

mod support;

use ipt2nft::nft::version::Feature;
use support::nft;

/// A minimal ruleset of a feature, and, where a version takes it and does something else, a word of
/// the bytecode that tells.
fn example(feature: Feature) -> (String, Option<&'static str>) {
    let ip = |rule: &str| format!("table ip t {{\n chain c {{\n {rule}\n }}\n}}\n");
    let entry = |words: &str| format!("table ip t {{\n {words}\n}}\n");
    let text = match feature {
        Feature::BitwiseOfTwoFields => ip("meta mark set ct mark & 0xff | meta mark & 0xff00"),
        Feature::CatchAllElement => ip("ip saddr vmap { 10.0.0.1 : accept, * : drop }"),
        Feature::CounterInMap => entry(
            "map m {\n type inet_service : verdict\n counter\n elements = { 22 counter packets 0 bytes 0 : drop }\n }",
        ),
        Feature::DccpOption => ip("dccp option 5 exists"),
        Feature::Destroy => "destroy table ip t\n".to_owned(),
        Feature::DnatPortInInet => {
            "table inet t {\n chain c {\n type nat hook prerouting priority -100;\n meta l4proto tcp \
             dnat to :80\n }\n}\n"
                .to_owned()
        }
        Feature::DscpArithmetic => ip("ip dscp set ip dscp | 0x3"),
        Feature::HostOrderRangeInConcat => return (ip("meta mark . tcp dport { 1-5 . 80 }"), Some("byteorder")),
        Feature::InetNat => {
            "table inet t {\n chain c {\n type nat hook postrouting priority 100;\n masquerade\n }\n}\n".to_owned()
        }
        Feature::InnerPayload => ip("@ih,0,32 0x1"),
        Feature::IntegerInConcat => ip("ip saddr . ip ttl { 10.0.0.1 . 5 }"),
        Feature::LastStatement => ip("last"),
        Feature::MarkFromOtherType => ip("meta mark set ip dscp"),
        Feature::MetaTime => ip("meta hour 5-9 meta day 1 meta time > 5"),
        Feature::NoneOfLabels => ip("ct label ! 5,6"),
        Feature::RangeInConcat => ip("ip saddr . tcp dport { 10.0.0.0/8 . 80-90 }"),
        Feature::RangeInConcatMap => ip("ip saddr . tcp dport vmap { 10.0.0.0/8 . 80-90 : drop }"),
        Feature::RangeInNatMapPort => {
            "table ip t {\n chain c {\n type nat hook prerouting priority -100;\n meta l4proto tcp \
             dnat ip addr . port to ip saddr map { 10.0.0.1 : 10.0.0.2 . 80-90 }\n }\n}\n"
                .to_owned()
        }
        Feature::RejectCodeNumber => ip("reject with icmp type 7"),
        Feature::ResetTcpOption => ip("reset tcp option timestamp"),
        Feature::SctpChunk => ip("sctp chunk data exists"),
        Feature::SocketCgroupv2 => ip("socket cgroupv2 level 1 \"a\""),
        Feature::SocketWildcard => ip("socket wildcard 1"),
        Feature::StatementsInSet => {
            entry("set s {\n type ipv4_addr\n counter\n elements = { 10.0.0.1 counter packets 1 bytes 2 }\n }")
        }
        Feature::Synproxy => entry("synproxy s {\n mss 1460\n wscale 7\n }\n chain c {\n synproxy name \"s\"\n }"),
        Feature::Typeof => entry("set s {\n typeof ip ttl\n elements = { 5 }\n }"),
        Feature::UdpliteCoverage => ip("udplite csumcov 8"),
        Feature::WildcardInSet => ip("iifname { \"eth0\", \"ppp*\" }"),
        Feature::WildcardInConcat => ip("iifname . tcp dport { \"ppp*\" . 80 }"),
    };
    (text, None)
}

/// Whether nft understood the text: the kernel's refusal (a module is missing, a path) says nothing of nft.
fn taken(outcome: &nft::Outcome) -> bool {
    let elsewhere = ["Could not process rule: Operation not supported", "cgroupv2 path", "cgroupsv2 path"];
    outcome.ok || elsewhere.iter().any(|words| outcome.stderr.contains(words))
}

#[test]
fn features_start_where_the_table_says() {
    let mut wrong = Vec::new();
    for program in nft::programs() {
        for feature in Feature::ALL {
            let (text, tells) = example(feature);
            let outcome = program.run("--debug=netlink -f FILE", text.as_bytes());
            let told = tells.is_none_or(|word| String::from_utf8_lossy(&outcome.stdout).contains(word));
            let (seen, said) = (taken(&outcome) && told, program.version >= feature.need().nft);
            if seen != said {
                wrong.push(format!("nft {}: {feature:?} works: {seen}\n{}", program.version, outcome.stderr));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Rules that set the DSCP to different values stay rules (docs/merging.md); the day that an nft takes these, a pass can
/// make maps of them.
#[test]
fn no_nft_takes_a_map_for_part_of_a_byte() {
    let map = "tcp dport map { 22 : cs1, 80 : cs2 }";
    for program in nft::programs() {
        for (family, field) in [("ip", "ip dscp"), ("ip6", "ip6 dscp")] {
            let text = |map: &str| format!("table {family} t {{\n chain c {{\n {field} set {map}\n }}\n}}\n");
            assert!(taken(&program.run("-f FILE", text("cs1").as_bytes())), "nft {}: {field}", program.version);
            assert!(!taken(&program.run("-f FILE", text(map).as_bytes())), "nft {}: {field} of a map", program.version);
        }
    }
}
