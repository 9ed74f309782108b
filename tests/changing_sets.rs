//! Sets of ipset that rules write to (`-j SET`): what is proved, what is told apart, what is refused and why, and what the
//! kernel holds in both after the same packets.

#[cfg(target_os = "linux")]
#[path = "changing_sets/kernel.rs"]
mod kernel;
mod support;

use ipt2nft::certify::certify;
use ipt2nft::diag::Source;
use ipt2nft::lower;
use ipt2nft::nft::print::{Style, print};
use ipt2nft::packet::Family;
use ipt2nft::prove::compare::Answer;
use ipt2nft::save::ipset::{self, Ipsets};
use ipt2nft::translate::{Options, Translation, translate};

const IPSETS: &str = "\
create banned hash:ip family inet timeout 600
add banned 192.0.2.7 timeout 100
create plain hash:ip family inet
create drop hash:ip family inet
create geo:cn hash:ip family inet
create lasting hash:ip family inet timeout 0
create mixed hash:ip family inet timeout 60
add mixed 192.0.2.7 timeout 0
create blocks hash:ip family inet netmask 24
add blocks 192.0.2.0
create odd hash:ip family inet bitmask 255.0.255.0
create hosts hash:net family inet
add hosts 192.0.2.7
create nets hash:net family inet
add nets 192.0.2.0/24
create services hash:ip,port family inet
add services 192.0.2.1,tcp:80
create types hash:ip,port family inet
add types 192.0.2.1,icmp:8/0
create pairs hash:ip,port,ip family inet
create office bitmap:ip range 192.0.2.0-192.0.2.255 netmask 28
add office 192.0.2.16
create ports bitmap:port range 0-1024
create tagged hash:ip,mark family inet markmask 0xff
create cards hash:ip,mac family inet
create seats bitmap:ip,mac range 192.0.2.0/24
create ways hash:net,iface family inet
create many hash:ip family inet
add many 192.0.2.0/29
create six hash:ip,port family inet6
create small hash:ip family inet maxelem 2 timeout 60
create forced hash:ip family inet forceadd
create counted hash:ip family inet counters
create all list:set
add all plain
add all hosts
create netmarks hash:net family inet skbinfo
add netmarks 10.0.0.0/8 skbmark 0x10/0xf0
add netmarks 10.1.0.0/16 skbmark 0x20/0xf0
add netmarks 10.1.2.0/24 nomatch
create pairmarks hash:ip,mark family inet skbinfo
add pairmarks 192.0.2.1,1 skbmark 2
add pairmarks 192.0.2.1,2 skbmark 1 skbprio 1:2
create portmarks hash:ip,port family inet skbinfo
add portmarks 192.0.2.1,tcp:80 skbmark 2
";

/// Something tracks connections, so that fragments are whole for both.
const TRACKS: &str = "*security\n:INPUT ACCEPT [0:0]\n-A INPUT -m conntrack --ctstate INVALID -j DROP\nCOMMIT\n";

fn sets(text: &str) -> Ipsets {
    let (ipsets, problems) = ipset::parse(text.as_bytes());
    assert_eq!(problems, []);
    ipsets
}

/// A dump of a table with these rules, one in a line or between semicolons.
fn dump(table: &str, rules: &str) -> Source {
    let rules: String = rules.split(';').map(|rule| format!("-A {}\n", rule.trim())).collect();
    Source::new(0, "dump", format!("*{table}\n{rules}COMMIT\n{TRACKS}").into_bytes()).unwrap()
}

fn translated(source: &Source, family: Family, ipsets: &Ipsets, approximate: bool) -> Translation {
    let target = "nft=1.1.7,kernel=6.18".parse().unwrap();
    let lower = lower::Options { target, approximate, ipsets: ipsets.clone(), ..lower::Options::default() };
    translate(std::slice::from_ref(source), &Options { family: Some(family), lower, ..Options::default() })
}

fn printed(source: &Source, family: Family, ipsets: &Ipsets, approximate: bool) -> String {
    let translation = translated(source, family, ipsets, approximate);
    let errors: Vec<&str> = translation.diagnostics.iter().filter(|d| d.is_error()).map(|d| &*d.message).collect();
    assert!(errors.is_empty(), "{}: {errors:?}", String::from_utf8_lossy(source.text()));
    String::from_utf8(print(&translation.ruleset, &Style::default()).unwrap()).unwrap()
}

fn answer(source: &Source, family: Family, ipsets: &Ipsets, text: &str) -> Answer {
    certify(std::slice::from_ref(source), Some(family), ipsets, text.as_bytes(), None).unwrap().report.answer()
}

/// Rules, and the statements that stand for them.
const EXACT: &[(Family, &str, &str, &[&str])] = &[
    (Family::Ip, "filter", "INPUT -j SET --add-set banned src", &["ip saddr != 0.0.0.0 add @banned { ip saddr }"]),
    (Family::Ip, "filter", "INPUT -j SET --add-set banned src --exist", &["update @banned { ip saddr }"]),
    (
        Family::Ip,
        "filter",
        "INPUT -j SET --add-set banned src --exist --timeout 60",
        &["timeout 10m\n", "update @banned { ip saddr timeout 1m }"],
    ),
    // For ever: the set declares no timeout of its own then, so the other rule has to say it.
    (
        Family::Ip,
        "filter",
        "INPUT -j SET --add-set banned src --timeout 0; INPUT -j SET --add-set banned dst",
        &["add @banned { ip saddr }\n", "add @banned { ip daddr timeout 10m }"],
    ),
    (Family::Ip, "filter", "INPUT -j SET --add-set lasting src --exist", &["add @lasting { ip saddr }"]),
    (
        Family::Ip,
        "filter",
        "INPUT -j SET --add-set lasting src --exist --timeout 9",
        &["update @lasting { ip saddr timeout 9s }"],
    ),
    (Family::Ip, "filter", "INPUT -j SET --add-set banned src --timeout 4294967", &["timeout 24d20h31m23s }"]),
    // A set without timeouts has none to say.
    (Family::Ip, "filter", "INPUT -j SET --add-set plain src --exist --timeout 9", &["add @plain { ip saddr }"]),
    (Family::Ip, "filter", "INPUT -j SET --del-set banned src", &["\t\tdelete @banned { ip saddr }"]),
    // Fewer directions than parts, and addresses of the other family: nothing happens.
    (Family::Ip, "filter", "INPUT -p tcp -j SET --add-set services src", &[]),
    (Family::Ip, "filter", "INPUT -p tcp -j SET --add-set six src,src", &[]),
    (
        Family::Ip,
        "filter",
        "INPUT -m set --match-set blocks src -j DROP; INPUT -j SET --add-set blocks src,dst",
        &["ip saddr & 255.255.255.0 @blocks drop", "ip saddr != 0.0.0.0/24 add @blocks { ip saddr & 255.255.255.0 }"],
    ),
    (
        Family::Ip,
        "filter",
        "INPUT -j SET --add-set odd src; INPUT -m set ! --match-set odd src -j DROP",
        &[
            "ip saddr & 255.0.255.0 != 0.0.0.0 add @odd { ip saddr & 255.0.255.0 }",
            "ip saddr & 255.0.255.0 != @odd drop",
        ],
    ),
    (Family::Ip, "filter", "FORWARD -j SET --add-set hosts dst", &["\t\tadd @hosts { ip daddr }"]),
    (
        Family::Ip,
        "filter",
        "INPUT -p tcp -j SET --add-set services src,dst; INPUT -m set --match-set services src,dst -j DROP",
        &[
            "meta l4proto tcp add @services { ip saddr . meta l4proto . th dport }",
            "meta l4proto { tcp, udp, sctp, udplite }",
        ],
    ),
    (
        Family::Ip,
        "filter",
        "INPUT -p icmp -j SET --add-set types src,src; INPUT -p icmp -m set ! --match-set types src,src -j DROP",
        &["add @types_icmp { ip saddr . icmp type . icmp code }"],
    ),
    (
        Family::Ip,
        "filter",
        "INPUT -p gre -m set --match-set services src,src -j DROP; INPUT -p udp -j SET --add-set services src,src",
        &[],
    ),
    (
        Family::Ip,
        "filter",
        "INPUT -p udp -j SET --add-set pairs src,dst,dst",
        &["{ ip saddr . meta l4proto . th dport . ip daddr }"],
    ),
    (
        Family::Ip,
        "filter",
        "FORWARD -j SET --add-set office src --del-set hosts dst; FORWARD -m set --match-set office src -j DROP",
        &["ip saddr 192.0.2.0/24 add @office { ip saddr & 255.255.255.240 }", "size 16\n", "elements = { 192.0.2.16 }"],
    ),
    (Family::Ip, "mangle", "PREROUTING -j SET --add-set tagged src,src", &["{ ip saddr . meta mark & 0x000000ff }"]),
    (Family::Ip, "filter", "INPUT -j SET --add-set cards src,src", &["ether saddr != 00:00:00:00:00:00"]),
    (Family::Ip, "filter", "INPUT -j SET --add-set many src", &["192.0.2.5, 192.0.2.6,"]),
    (
        Family::Ip6,
        "filter",
        "INPUT -p tcp -j SET --add-set six src,dst",
        &["add @six { ip6 saddr . meta l4proto . th dport }"],
    ),
    (
        Family::Ip,
        "filter",
        "INPUT -j SET --add-set small src; INPUT -m set --match-set small src -j DROP",
        &["size 2\n"],
    ),
    (
        Family::Ip,
        "filter",
        "INPUT -j SET --add-set plain src --del-set plain dst; INPUT -m set --match-set plain src -j DROP",
        &["add @plain { ip saddr }\n\t\tdelete @plain { ip daddr }"],
    ),
    (
        Family::Ip,
        "mangle",
        "FORWARD -j SET --map-set netmarks src --map-mark",
        &["ip saddr { 10.1.0.0/23, 10.1.3.0-10.1.255.255 } meta mark set meta mark & 0xffffff0f | 0x00000020"],
    ),
    // A name that nft does not take.
    (
        Family::Ip,
        "filter",
        "INPUT -j SET --add-set drop src; INPUT -m set --match-set drop src -j DROP",
        &["@drop_chain "],
    ),
    (
        Family::Ip,
        "filter",
        "INPUT -j SET --add-set geo:cn src; INPUT -m set --match-set geo:cn src -j DROP",
        &["@geo_cn "],
    ),
    (Family::Ip, "mangle", "FORWARD -j SET --map-set pairmarks src,src --map-mark --map-prio", &["return"]),
];

#[test]
fn what_rules_write_is_proved() {
    let ipsets = sets(IPSETS);
    for (family, table, rules, words) in EXACT {
        let source = dump(table, rules);
        let text = printed(&source, *family, &ipsets, false);
        for word in *words {
            assert!(text.contains(word), "{rules}: {word:?} is not in\n{text}");
        }
        let answer = answer(&source, *family, &ipsets, &text);
        assert_eq!(answer, Answer::Equivalent, "{rules}\n{text}");
    }
}

/// Rules, what of the translation is changed to what, and whether that is the same: state that is asked, written or
/// begins in another way is not.
const CHANGED: &[(&str, &str, &str)] = &[
    ("INPUT -j SET --add-set banned src --exist", "update @banned", "add @banned"),
    ("INPUT -j SET --add-set banned src", "add @banned", "update @banned"),
    ("INPUT -j SET --add-set banned src", "add @banned", "delete @banned"),
    ("INPUT -j SET --add-set banned src", "ip saddr != 0.0.0.0 ", ""),
    ("INPUT -j SET --add-set banned src", "{ ip saddr }", "{ ip daddr }"),
    ("INPUT -j SET --add-set banned src", "{ ip saddr }", "{ ip saddr timeout 9m }"),
    ("INPUT -j SET --add-set banned src", "timeout 10m\n", "timeout 9m\n"),
    ("INPUT -j SET --add-set banned src", "size 65536", "size 65535"),
    ("INPUT -j SET --add-set blocks src", "{ ip saddr & 255.255.255.0 }", "{ ip saddr & 255.255.0.0 }"),
    ("INPUT -j SET --add-set blocks src", "{ ip saddr & 255.255.255.0 }", "{ ip saddr }"),
    ("INPUT -p tcp -j SET --add-set services src,dst", "th dport", "th sport"),
    ("INPUT -m set --match-set banned src -j DROP; INPUT -j SET --add-set banned src", "192.0.2.7", "192.0.2.8"),
    ("INPUT -m set --match-set banned src -j DROP; INPUT -j SET --add-set banned src", "1m40s", "1m41s"),
    (
        "INPUT -m set --match-set banned src -j DROP; INPUT -j SET --add-set banned src",
        "@banned drop",
        "!= @banned drop",
    ),
    (
        "INPUT -m set --match-set plain src -j DROP; INPUT -j SET --add-set plain src",
        "ip saddr @plain drop\n\t\tip saddr != 0.0.0.0 add @plain { ip saddr }\n",
        "ip saddr != 0.0.0.0 add @plain { ip saddr }\n\t\tip saddr @plain drop\n",
    ),
    (
        "INPUT -j SET --add-set plain src; INPUT -j SET --del-set plain dst",
        "ip saddr != 0.0.0.0 add @plain { ip saddr }\n\t\tdelete @plain { ip daddr }\n",
        "ip saddr != 0.0.0.0 add @plain { ip saddr } delete @plain { ip daddr }\n",
    ),
];

#[test]
fn what_is_written_in_another_way_is_not_the_same() {
    let ipsets = sets(IPSETS);
    for (rules, from, to) in CHANGED {
        let source = dump("filter", rules);
        let text = printed(&source, Family::Ip, &ipsets, false);
        assert!(text.contains(from), "{rules}: {from:?} is not in\n{text}");
        let changed = text.replace(from, to);
        assert_eq!(answer(&source, Family::Ip, &ipsets, &changed), Answer::Different, "{rules}\n{changed}");
    }
}

#[test]
fn a_table_of_another_name_stands_for_the_same() {
    let ipsets = sets(IPSETS);
    let source = dump("filter", "INPUT -m set --match-set banned src -j DROP; INPUT -j SET --add-set banned src");
    let text = printed(&source, Family::Ip, &ipsets, false).replace(" ip filter", " ip mine_filter");
    assert_eq!(answer(&source, Family::Ip, &ipsets, &text), Answer::Equivalent);
}

/// Rules in a table, and the code of the refusal.
const REFUSED: &[(&str, &str, &str)] = &[
    ("filter", "INPUT -j SET --add-set nosuch src", "ipset-missing"),
    ("filter", "INPUT -j SET --add-set nets src", "ipset-nets"),
    ("filter", "INPUT -j SET --add-set ways src,src", "ipset-iface"),
    ("filter", "INPUT -j SET --add-set seats src,src", "ipset-mac"),
    ("filter", "INPUT -j SET --add-set all src", "ipset-list"),
    ("filter", "INPUT -j SET --add-set services src,dst", "ipset-protocols"),
    ("filter", "INPUT ! -p tcp -j SET --add-set services src,dst", "ipset-protocols"),
    ("filter", "INPUT -j SET --add-set mixed src --exist", "ipset-lasting"),
    (
        "filter",
        "INPUT -j SET --add-set banned src --exist; INPUT -j SET --add-set banned dst --timeout 0",
        "ipset-lasting",
    ),
    ("filter", "INPUT -p tcp -j SET --add-set types src,dst", "ipset-differs"),
    ("filter", "INPUT -j SET --add-set forced src", "ipset-differs"),
    ("filter", "INPUT -j SET --add-set counted src", "ipset-differs"),
    ("filter", "INPUT -p tcp -j SET --add-set ports dst", "ipset-differs"),
    ("mangle", "OUTPUT -j SET --map-set netmarks src --map-mark --map-queue", "ipset-queue"),
    ("mangle", "OUTPUT -j SET --map-set portmarks src,dst --map-mark", "ipset-map"),
    ("mangle", "OUTPUT -j SET --map-set banned src --map-mark", "ipset-map"),
    ("mangle", "OUTPUT -j SET --map-set all src --map-mark", "ipset-map"),
    ("mangle", "OUTPUT -j SET --map-set plain src --map-mark; OUTPUT -j SET --add-set plain src", "ipset-map"),
];

#[test]
fn what_nft_cannot_hold_is_refused() {
    let ipsets = sets(IPSETS);
    for (table, rules, code) in REFUSED {
        let source = dump(table, rules);
        let translation = translated(&source, Family::Ip, &ipsets, false);
        let codes: Vec<&str> = translation.diagnostics.iter().filter(|d| d.is_error()).map(|d| d.code).collect();
        assert!(!codes.is_empty() && codes.iter().all(|found| found == code), "{rules}: {codes:?}");
        if *code == "ipset-differs" {
            let text = printed(&source, Family::Ip, &ipsets, true);
            assert!(text.contains("# approximate: "), "{rules}\n{text}");
        }
    }
}

#[test]
fn rules_of_several_tables_do_not_share_a_set() {
    let ipsets = sets(IPSETS);
    let both = |first: &str, second: &str| {
        let text = format!("*mangle\n-A {first}\nCOMMIT\n*filter\n-A {second}\nCOMMIT\n");
        let source = Source::new(0, "dump", text.into_bytes()).unwrap();
        let translation = translated(&source, Family::Ip, &ipsets, true);
        translation.diagnostics.iter().filter(|d| d.is_error()).map(|d| d.code).collect::<Vec<_>>()
    };
    let add = "INPUT -j SET --add-set plain src";
    let tables = ["ipset-tables"; 2];
    assert_eq!(both(add, "INPUT -m set --match-set plain src -j DROP"), tables);
    assert_eq!(both(add, add), tables);
    assert_eq!(both(add, "INPUT -m set --match-set all src -j DROP"), tables);
    // Asking alone shares nothing that changes.
    let ask = "INPUT -m set --match-set plain src -j ACCEPT";
    assert_eq!(both(ask, ask), Vec::<&str>::new());
}

/// A list with a set that rules write to asks it beside the others.
#[test]
fn lists_ask_sets_that_rules_write_to() {
    let source = dump("filter", "INPUT -j SET --add-set plain src; INPUT -m set --match-set all src -j DROP");
    let text = printed(&source, Family::Ip, &sets(IPSETS), false);
    for word in ["ip saddr @plain ", "ip saddr @all_chain "] {
        assert!(text.contains(word), "{text}");
    }
}
