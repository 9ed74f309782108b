//! Ladders of `-m statistic` rungs and nft's random numbers: which are the same choice, and which are not.

use crate::diag::Source;
use crate::nft::read::{read, resolve};
use crate::packet::Family;
use crate::prove::compare::{Answer, Options, Report, What, compare};
use crate::prove::nft_meaning::NftRules;
use crate::prove::save_meaning::SaveRules;
use crate::save::parse;

/// Rules of a nat table, those of PREROUTING or of one of the chains.
const CHAINS: &str = ":PREROUTING ACCEPT [0:0]\n:svc - [0:0]\n:a - [0:0]\n:b - [0:0]\n:c - [0:0]";

/// The three endpoints of a service, each in a chain.
const ENDPOINTS: &str = "-A a -p tcp -j DNAT --to-destination 10.0.0.1:80
-A b -p tcp -j DNAT --to-destination 10.0.0.2:80
-A c -p tcp -j DNAT --to-destination 10.0.0.3:80";

/// A ladder with these probabilities, and what follows it.
fn ladder(rungs: &[(&str, &str)], rest: &str) -> String {
    let rung = |(chance, chain): &(&str, &str)| {
        format!("-A svc -m statistic --mode random --probability {chance} -j {chain}\n")
    };
    let rungs: String = rungs.iter().map(rung).collect();
    format!("-A PREROUTING -p tcp -d 10.96.0.1 --dport 80 -j svc\n{rungs}{rest}\n{ENDPOINTS}")
}

fn thirds() -> String {
    ladder(&[("0.33333333349", "a"), ("0.50000000000", "b")], "-A svc -j c")
}

/// An nft table that sends the service's packets on by this rule.
fn by_number(rule: &str) -> String {
    let chains: String = [("a", 1), ("b", 2), ("c", 3)]
        .map(|(c, n)| format!("chain {c} {{ meta l4proto tcp dnat to 10.0.0.{n}:80; }}\n"))
        .concat();
    format!(
        "table ip t {{\n{chains}chain p {{ type nat hook prerouting priority dstnat; policy accept;\n\
         ip daddr 10.96.0.1 tcp dport 80 {rule}\n}}\n}}\n"
    )
}

fn report(dump: &str, ruleset: &str) -> Report {
    let text = format!("*nat\n{CHAINS}\n{dump}\nCOMMIT\n");
    let parsed = parse(&Source::new(0, "test", text.clone().into()).unwrap(), Some(Family::Ip));
    assert!(parsed.diagnostics.is_empty(), "{text}\n{:?}", parsed.diagnostics);
    let read = read("test", ruleset.as_bytes()).unwrap_or_else(|errors| panic!("{errors:?}\n{ruleset}"));
    let resolved = resolve(read).unwrap_or_else(|errors| panic!("{errors:?}\n{ruleset}"));
    let rules = NftRules { tables: &resolved.tables, unknown: &resolved.unknown };
    compare(&SaveRules(&parsed.dump), &rules, &Options { families: vec![Family::Ip], ..Options::default() })
}

#[track_caller]
fn check(dump: &str, rule: &str, answer: Answer) {
    let report = report(dump, &by_number(rule));
    assert_eq!(report.answer(), answer, "{dump}\n{rule}\n{report:#?}");
}

#[track_caller]
fn same(dump: &str, rule: &str) {
    check(dump, rule, Answer::Equivalent);
}

#[track_caller]
fn differs(dump: &str, rule: &str) {
    check(dump, rule, Answer::Different);
}

#[test]
fn a_ladder_of_equal_shares_is_a_number_below() {
    same(&thirds(), "numgen random mod 3 vmap { 0 : goto a, 1 : goto b, 2 : goto c }");
    same(&thirds(), "numgen random mod 3 vmap { 0 : jump a, 1 : jump b, 2 : jump c }");
    same(&thirds(), "numgen random mod 3 vmap { 2 : goto a, 0 : goto b, 1 : goto c }");
    same(&thirds(), "numgen random mod 6 vmap { 0-1 : goto a, 2-3 : goto b, 4-5 : goto c }");
    same(&thirds(), "dnat to numgen random mod 3 map { 0 : 10.0.0.1 . 80, 1 : 10.0.0.2 . 80, 2 : 10.0.0.3 . 80 }");
    same(&thirds(), "numgen random mod 3 offset 7 vmap { 7 : goto a, 8 : goto b, 9 : goto c }");
    let other = ladder(&[("0.33333333349", "c"), ("0.50000000000", "a")], "-A svc -j b");
    same(&other, "numgen random mod 3 vmap { 0 : goto a, 1 : goto b, 2 : goto c }");
    let typed = ladder(&[("0.3333333333", "a"), ("0.5", "b")], "-A svc -j c");
    same(&typed, "numgen random mod 3 vmap { 0 : goto a, 1 : goto b, 2 : goto c }");
}

#[test]
fn negated_rungs_and_shares_of_several_numbers() {
    let half = "-A svc -m statistic --mode random ! --probability 0.5 -j b\n-A svc -j c";
    let uneven = ladder(&[("0.5", "a")], half);
    same(&uneven, "numgen random mod 4 vmap { 0-1 : goto a, 2 : goto b, 3 : goto c }");
    differs(&uneven, "numgen random mod 3 vmap { 0 : goto a, 1 : goto b, 2 : goto c }");
}

#[test]
fn shares_that_are_not_equal_differ() {
    let uneven = ladder(&[("0.5", "a"), ("0.5", "b")], "-A svc -j c");
    differs(&uneven, "numgen random mod 3 vmap { 0 : goto a, 1 : goto b, 2 : goto c }");
    let close = ladder(&[("0.3333", "a"), ("0.5", "b")], "-A svc -j c");
    differs(&close, "numgen random mod 3 vmap { 0 : goto a, 1 : goto b, 2 : goto c }");
    differs(&thirds(), "numgen random mod 4 vmap { 0-1 : goto a, 2 : goto b, 3 : goto c }");
    differs(&thirds(), "numgen inc mod 3 vmap { 0 : goto a, 1 : goto b, 2 : goto c }");
}

#[test]
fn missing_rungs_differ() {
    differs(&thirds(), "numgen random mod 3 vmap { 0 : goto a, 1 : goto b }");
    differs(&thirds(), "numgen random mod 2 vmap { 0 : goto a, 1 : goto b }");
    differs(&thirds(), "numgen random mod 3 vmap { 0 : goto a, 1 : goto b, 2 : goto b }");
    let open = ladder(&[("0.33333333349", "a"), ("0.50000000000", "b")], "");
    differs(&open, "numgen random mod 3 vmap { 0 : goto a, 1 : goto b, 2 : goto c }");
    same(&open, "numgen random mod 3 vmap { 0 : goto a, 1 : goto b }");
}

#[test]
fn a_rung_that_falls_through_meets_the_next() {
    let rule = "numgen random mod 3 vmap { 0 : goto a, 1 : goto b, 2 : goto c }";
    // The first rung's chain lets half of its packets come back: they meet the second.
    let back = ladder(&[("0.33333333349", "a"), ("0.50000000000", "b")], "-A svc -j c")
        .replace("-A a -p tcp", "-A a -p tcp -m statistic --mode random --probability 0.5");
    differs(&back, rule);
    same(&back, "numgen random mod 12 vmap { 0-1 : goto a, 2-6 : goto b, 7-11 : goto c }");
}

#[test]
fn each_time_a_chain_is_called_it_draws_anew() {
    // Marked by one in two, twice: both, one or none of the bits.
    let twice = "-A PREROUTING -j svc\n-A PREROUTING -j a\n\
                 -A svc -m statistic --mode random --probability 0.5 -j MARK --set-xmark 0x1/0x1\n\
                 -A a -m statistic --mode random --probability 0.5 -j MARK --set-xmark 0x2/0x2";
    let ruleset = |rules: &str| {
        format!("table ip t {{\nchain p {{ type nat hook prerouting priority dstnat; policy accept;\n{rules}\n}}\n}}\n")
    };
    let answer = |dump: &str, rules: &str| report(dump, &ruleset(rules)).answer();
    let both = "meta mark set meta mark & 0xfffffffc | numgen random mod 4";
    let kept =
        "numgen random mod 2 < 1 meta mark set meta mark | 1\nnumgen random mod 2 < 1 meta mark set meta mark | 2";
    let one = "numgen random mod 2 < 1 meta mark set meta mark | 3";
    assert_eq!(answer(twice, kept), Answer::Equivalent);
    // Each bit is set as often as before, but always with the other.
    assert_eq!(answer(twice, one), Answer::Different);
    assert_eq!(answer(twice, both), Answer::Different, "bits that were set stay set");
    let same_chain = "-A PREROUTING -j svc\n-A PREROUTING -j svc\n\
                      -A svc -m statistic --mode random --probability 0.5 -j DNAT --to-destination 10.0.0.1";
    assert_eq!(answer(same_chain, "numgen random mod 4 < 3 dnat to 10.0.0.1"), Answer::Equivalent);
    assert_eq!(answer(same_chain, "numgen random mod 2 < 1 dnat to 10.0.0.1"), Answer::Different);
}

#[test]
fn ladders_in_series_are_independent() {
    let series = "-A PREROUTING -m statistic --mode random --probability 0.5 -j MARK --set-xmark 0x1/0x1\n\
                  -A PREROUTING -m statistic --mode random --probability 0.5 -j DNAT --to-destination 10.0.0.1";
    let ruleset = |rules: &str| {
        format!("table ip t {{\nchain p {{ type nat hook prerouting priority dstnat; policy accept;\n{rules}\n}}\n}}\n")
    };
    let answer = |rules: &str| report(series, &ruleset(rules)).answer();
    let mark = "meta mark set meta mark | 1";
    assert_eq!(
        answer(&format!("numgen random mod 2 == 1 {mark}\nnumgen random mod 2 == 0 dnat to 10.0.0.1")),
        Answer::Equivalent
    );
    // The same share of each, but never, or always, both.
    assert_eq!(answer(&format!("numgen random mod 2 == 1 {mark} dnat to 10.0.0.1")), Answer::Different);
    let chains = |rule: &str| {
        let base = "type nat hook prerouting priority dstnat; policy accept;";
        format!(
            "table ip t {{\nchain m {{ {mark}; }}\nchain d {{ dnat to 10.0.0.1; }}\nchain md {{ {mark} dnat to 10.0.0.1; }}\n\
             chain p {{ {base}\n{rule}\n}}\n}}\n"
        )
    };
    let four = chains("numgen random mod 4 vmap { 0 : goto m, 1 : goto d, 2 : goto md }");
    assert_eq!(report(series, &four).answer(), Answer::Equivalent);
    let three = chains("numgen random mod 2 vmap { 0 : goto m, 1 : goto d }");
    assert_eq!(report(series, &three).answer(), Answer::Different);
}

#[test]
fn whole_marks_may_be_set_by_chance() {
    let marked = "-A PREROUTING -m statistic --mode random --probability 0.5 -j MARK --set-xmark 0x7/0xffffffff";
    let ruleset = |rules: &str| {
        format!("table ip t {{\nchain p {{ type nat hook prerouting priority dstnat; policy accept;\n{rules}\n}}\n}}\n")
    };
    let answer = |rules: &str| report(marked, &ruleset(rules)).answer();
    assert_eq!(answer("numgen random mod 4 2-3 meta mark set 7"), Answer::Equivalent);
    assert_ne!(answer("numgen random mod 4 2-3 meta mark set 6"), Answer::Equivalent);
    assert_ne!(answer("numgen random mod 4 1-3 meta mark set 7"), Answer::Equivalent);
}

#[test]
fn state_asked_by_chance_is_asked_as_often() {
    let limited = "-A PREROUTING -m statistic --mode random --probability 0.5 -m limit --limit 1/s -j DNAT --to-destination 10.0.0.1";
    let ruleset = |rules: &str| {
        format!("table ip t {{\nchain p {{ type nat hook prerouting priority dstnat; policy accept;\n{rules}\n}}\n}}\n")
    };
    let answer = |rules: &str| report(limited, &ruleset(rules)).answer();
    assert_eq!(answer("numgen random mod 4 2-3 limit rate 1/second dnat to 10.0.0.1"), Answer::Equivalent);
    assert_eq!(answer("limit rate 1/second numgen random mod 4 2-3 dnat to 10.0.0.1"), Answer::Different);
    assert_eq!(answer("numgen random mod 4 1-3 limit rate 1/second dnat to 10.0.0.1"), Answer::Different);
}

#[test]
fn an_effect_that_one_side_never_has_is_no_other_difference() {
    let dump = "-A PREROUTING -m statistic --mode random ! --probability 0.25 -j DNAT --to-destination 10.0.0.1\n\
                -A PREROUTING -j LOG";
    let found = |share: u32| -> Vec<bool> {
        let rule = format!("numgen random mod 4 < {share} dnat to 10.0.0.1");
        let text = "type nat hook prerouting priority dstnat; policy accept;";
        let report = report(dump, &format!("table ip t {{\nchain p {{ {text}\n{rule}\n}}\n}}\n"));
        let differences = report.bases.iter().flat_map(|base| &base.outcome.differences);
        differences.map(|difference| matches!(difference.what, What::Effect(_))).collect()
    };
    assert_eq!(found(3), [true], "the line in the log");
    assert!(found(2).contains(&false) && found(2).contains(&true), "{:?}", found(2));
}
