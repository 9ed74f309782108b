//! What is lowered, what is refused, and that nothing is lost in between.

use std::collections::BTreeSet;

use super::{Lowered, Options, lower, lower_skimmed};
use crate::diag::Source;
use crate::optimize;
use crate::packet::Family;
use crate::save::{parse, skim};

/// Rules of PREROUTING, or of a chain that they name.
fn lowered(table: &str, rules: &[impl AsRef<str>]) -> Lowered {
    let line =
        |rule: &str| if rule.starts_with("-A ") { format!("{rule}\n") } else { format!("-A PREROUTING {rule}\n") };
    let rules: String = rules.iter().map(|rule| line(rule.as_ref())).collect();
    let text = format!("*{table}\n:web - [0:0]\n-A PREROUTING -j web\n{rules}COMMIT\n");
    let parsed = parse(&Source::new(0, "test", text.into()).unwrap(), None);
    assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
    lower(parsed.dump, 0, &Options::default())
}

/// Rules that are kept as what they are like become the same as those kept whole.
#[test]
fn rules_of_forms_become_what_whole_rules_become() {
    let nat = |n: usize| {
        format!(
            "-A web -p tcp -m tcp --dport {} -j DNAT --to-destination 192.0.2.{}:{}\n-A web -s 10.0.{n}.0/24 -j RETURN\n\
             -A PREROUTING -d 198.51.100.{n} -m comment --comment \"host {n}\" -g web\n",
            n + 1,
            n + 1,
            n + 1000,
        )
    };
    let filter = |n: usize| {
        format!("-A INPUT ! -d 198.51.100.{n} -p tcp --dport {} -j web\n-A web -i eth{} ! -f -j DROP\n", n + 1, n % 10)
    };
    let table = |name: &str, rules: String| format!("*{name}\n:web - [0:0]\n{rules}COMMIT\n");
    let text = table("nat", (1..200).map(nat).collect()) + &table("filter", (1..200).map(filter).collect());
    let source = Source::new(0, "test", text.into()).unwrap();
    let by_form = lower_skimmed(skim(&source, None).0, &Options::default(), None);
    let whole = lower(parse(&source, None).dump, 0, &Options::default());
    assert_eq!(format!("{by_form:?}"), format!("{whole:?}"));
    assert!(whole.rules > 900 && whole.diagnostics.is_empty(), "{} rules, {:?}", whole.rules, whole.diagnostics);
}

/// Neighbours of long chains that are joined at once become what the passes make of them, and what they did is told: also
/// where pieces of the work meet, where later fragments skip rules, and where counters and comments are kept.
#[test]
fn rules_that_are_joined_at_once_become_what_passes_make_of_them() {
    let line = |n: usize, target: &str| match n % 11 {
        3 => format!("[{n}:9] -A INPUT -p tcp -m tcp --dport {} {target}\n", n + 1),
        5 => format!("[{n}:9] -A INPUT -p udp -m udp --sport 53 -s 10.0.0.1 -m set --match-set a src {target}\n"),
        7 => format!("[{n}:9] -A INPUT -s 10.1.{}.7 -m comment --comment \"host {n}\" {target}\n", n % 250),
        _ => format!("[{n}:9] -A INPUT -s 10.{}.{}.0/24 {target}\n", n / 250, n % 250),
    };
    let group = |n: usize| match n % 5 {
        0 | 1 => line(n, "-j LOG --log-prefix \"bad: \"") + &line(n, "-j DROP"),
        2 => line(n, "-j MARK --set-mark 7") + &line(n, "-j LOG") + &line(n, "-j RETURN"),
        3 => line(n, "-j LOG") + &line(n, "-j LOG --log-prefix other") + &line(n, "-j ACCEPT"),
        _ => line(n, "-j ACCEPT"),
    };
    let text: String = format!("*filter\n{}COMMIT\n", (1..900).map(group).collect::<String>());
    let source = Source::new(0, "test", text.into()).unwrap();
    let ipsets = crate::save::ipset::parse(b"create a hash:ip\nadd a 192.0.2.1\n").0;
    for counters in [false, true] {
        let options = Options { counters, ipsets: ipsets.clone(), ..Options::default() };
        let merge = optimize::Options::default();
        let made = |join| {
            let mut lowered = lower_skimmed(skim(&source, Some(Family::Ip)).0, &options, join);
            assert!(lowered.diagnostics.is_empty(), "{:?}", lowered.diagnostics);
            let rules = lowered.ruleset.tables[0].chains.iter().map(|chain| chain.rules.len()).sum::<usize>();
            let mut merged = Vec::new();
            optimize::run(&mut lowered.ruleset, &merge, Some(&mut merged));
            merged.sort_by_cached_key(|merged| format!("{merged:?}"));
            (rules, format!("{:?}", lowered.ruleset), merged)
        };
        let ((early, joined, told_early), (late, by_passes, told)) = (made(optimize::join(&merge)), made(None));
        assert!(early + 400 < late, "{early} of {late}");
        assert_eq!(joined, by_passes);
        let lines = |told: &[optimize::Merged]| told.iter().flat_map(|m| m.lines.clone()).collect::<BTreeSet<u32>>();
        assert_eq!(lines(&told_early), lines(&told));
    }
}

/// Rules that give a helper stand in a chain of their own, or are told of: none is lost on the way between.
#[test]
fn helpers_stand_behind_tracking_or_are_told_of() {
    for (rule, told) in [
        ("-p tcp -m tcp --dport 21 -j CT --helper ftp", None),
        ("-p tcp -m string --algo bm --string abc -j CT --helper ftp", Some("string-search")),
        ("-p sctp -j CT --helper ftp", Some("ct-helper")),
        ("-p tcp -m limit --limit 5/sec -j CT --helper ftp", Some("ct-helper")),
    ] {
        let lowered = lowered("raw", &[rule]);
        let codes: Vec<_> = lowered.diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
        assert_eq!(codes.first().copied(), told, "{rule}: {codes:?}");
    }
}

/// iptables reads data of later fragments as the header that `tcpmss` asks for, unless something keeps them out.
#[test]
fn sizes_of_segments_are_asked_of_whole_packets() {
    let size = "-p tcp -m tcpmss --mss 80 -j DROP";
    let syn = "-p tcp -m tcp --tcp-flags SYN,RST SYN -m tcpmss ! --mss 80 -j DROP";
    for (rules, refused) in [
        (&[size][..], 1),
        (&["-p tcp -m tcpmss ! --mss 80 -j DROP"], 1),
        (&[syn], 0),
        (&["-p tcp -m multiport --dports 80 -m tcpmss --mss 80 -j DROP"], 0),
        (&["-m conntrack --ctstate INVALID -j DROP", size], 0),
    ] {
        assert_eq!(lowered("mangle", rules).diagnostics.len(), refused, "{rules:?}");
    }
}

/// A rule that stands alone, that takes a helper chain, that splits the rest of its chain off, that adds a set,
/// that cannot be said, and that later fragments skip.
const KINDS: [&str; 6] = [
    "-s 192.0.2.1 -j DROP",
    "-m u32 ! --u32 0>>22&0x3C@4=0x0:0xFFFF&&8>>24=1 -j LOG",
    "-m u32 ! --u32 0>>22&0x3C@4=0x0:0xFFFF&&8>>24=1 -j RETURN",
    "-m hashlimit --hashlimit-upto 5/sec --hashlimit-mode srcip --hashlimit-name NAME -j ACCEPT",
    "-m physdev --physdev-in eth0 -j DROP",
    "-p udp -m udp --dport 53 -j ACCEPT",
];

#[test]
fn of_long_runs_no_rule_is_lost_nor_moved() {
    let rule = |at: usize| {
        let kind = KINDS[(at + at / 7) % KINDS.len()].replace("NAME", &format!("n{}", at % 5));
        format!("-A {} {kind}", ["PREROUTING", "web"][at / 3 % 2])
    };
    let rules: Vec<String> = (0..2000).map(rule).collect();
    let whole = lowered("mangle", &rules);
    let table = &whole.ruleset.tables[0];
    let lines: Vec<Vec<u32>> = table
        .chains
        .iter()
        .map(|chain| chain.rules.iter().flat_map(|rule| rule.origin.lines().to_vec()).collect())
        .collect();
    assert!(lines.iter().all(|lines| lines.is_sorted()));
    let all: BTreeSet<u32> = lines.concat().into_iter().collect();
    assert!(all.into_iter().eq(3..2004));
    let refused = rules.iter().filter(|rule| rule.contains("physdev")).count();
    assert_eq!(whole.diagnostics.iter().filter(|told| told.code == "physdev").count(), refused);
    assert_eq!(table.sets.len(), 5);
    let helpers = table.chains.iter().filter(|chain| chain.helper).count();
    let splits = rules.iter().filter(|rule| rule.contains("RETURN")).count();
    assert!(helpers >= splits, "{helpers} {splits}");
}
