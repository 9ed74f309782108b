//! Comparisons of dumps with dumps: what must be seen as equal, and what must not.

use super::*;
use crate::diag::Source;
use crate::prove::save_meaning::SaveRules;
use crate::save::ast::Dump;
use crate::save::parse;

fn dump(text: &str) -> Dump {
    parse(&Source::new(0, "test", text.into()).unwrap(), Some(Family::Ip)).dump
}

fn filter(rules: &str) -> Dump {
    let chains = ":INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n:web - [0:0]";
    dump(&format!("*filter\n{chains}\n{}\nCOMMIT\n", rules.trim()))
}

fn report(left: &str, right: &str) -> Report {
    compare(&SaveRules(&filter(left)), &SaveRules(&filter(right)), &Options::default())
}

#[track_caller]
fn check(left: &str, right: &str, answer: Answer) {
    let report = report(left, right);
    assert_eq!(report.answer(), answer, "{report:#?}");
}

#[test]
fn order_of_rules_that_cannot_both_match_is_free() {
    let (a, b) = ("-A INPUT -s 10.0.0.0/8 -j DROP", "-A INPUT -s 192.168.0.0/16 -j ACCEPT");
    check(&format!("{a}\n{b}"), &format!("{b}\n{a}"), Answer::Equivalent);
    let b = "-A INPUT -s 10.1.0.0/16 -j ACCEPT";
    check(&format!("{a}\n{b}"), &format!("{b}\n{a}"), Answer::Different);
}

#[test]
fn chains_may_be_inlined() {
    check(
        "-A INPUT -p tcp -j web\n-A web -p tcp --dport 80 -j ACCEPT\n-A INPUT -j DROP",
        "-A INPUT -p tcp --dport 80 -j ACCEPT\n-A INPUT -j DROP",
        Answer::Equivalent,
    );
    check(
        "-A INPUT -p tcp -g web\n-A web -p tcp --dport 80 -j ACCEPT\n-A INPUT -j DROP",
        "-A INPUT -p tcp --dport 80 -j ACCEPT\n-A INPUT -j DROP",
        Answer::Different,
    );
}

#[test]
fn log_lines_are_counted() {
    let drop = "-A INPUT -s 10.0.0.1 -j DROP";
    let log = "-A INPUT -s 10.0.0.1 -j LOG --log-prefix x";
    check(&format!("{log}\n{drop}"), drop, Answer::Different);
    check(&format!("{log}\n{log}\n{drop}"), &format!("{log}\n{drop}"), Answer::Different);
    check(&format!("{log}\n{drop}"), &format!("{drop}\n{log}"), Answer::Different);
    check(
        &format!("{log}\n{drop}"),
        "-A INPUT -s 10.0.0.1 -j web\n-A web -j LOG --log-prefix x\n-A web -j DROP",
        Answer::Equivalent,
    );
}

#[test]
fn a_difference_is_a_region_with_a_witness_and_its_rules() {
    let left = "-A FORWARD -i eth0 -s 10.0.0.0/8 -p tcp --dport 22 -j ACCEPT\n-A FORWARD -i eth0 -p tcp -j DROP";
    let right = "-A FORWARD -i eth0 -s 10.0.0.0/9 -p tcp --dport 22 -j ACCEPT\n-A FORWARD -i eth0 -p tcp -j DROP";
    let report = report(left, right);
    let different: Vec<_> = report.bases.iter().filter(|base| base.outcome.answer() == Answer::Different).collect();
    let [base] = different.as_slice() else { panic!("{report:#?}") };
    assert_eq!(base.key.hook, Hook::Forward);
    let [difference] = base.outcome.differences.as_slice() else { panic!("{:#?}", base.outcome) };
    assert_eq!(difference.direction, Direction::Closing);
    let wanted = "iifname \"eth0\" ip saddr 10.128.0.0/9 tcp dport 22";
    assert_eq!(difference.regions, [Region(wanted.to_owned())], "{difference:#?}");
    assert!(difference.witness.contains("ip saddr 10.128.0.1"), "{}", difference.witness);
    let [left, right] = &difference.happens;
    assert_eq!((left.verdict.as_str(), left.line), ("accept", Some(6)));
    assert_eq!((right.verdict.as_str(), right.line), ("drop", Some(7)));
}

#[test]
fn interfaces_that_are_missing_have_no_name() {
    check("-A INPUT ! -o eth0 -j DROP", "-A INPUT -j DROP", Answer::Different);
    check("-A OUTPUT ! -o eth0 -j DROP\n-A OUTPUT -o eth0 -j DROP", "-A OUTPUT -j DROP", Answer::Equivalent);
    check("-A FORWARD -i eth+ -j ACCEPT", "-A FORWARD -i eth0 -j ACCEPT", Answer::Different);
    check(
        "-A FORWARD -i eth+ -j ACCEPT\n-A FORWARD -i eth0 -j DROP",
        "-A FORWARD -i eth+ -j ACCEPT",
        Answer::Equivalent,
    );
}

#[test]
fn what_is_not_read_is_undecided() {
    let odd = "-A INPUT -j web\n-A web -j web";
    check(odd, odd, Answer::Undecided);
    check(&format!("{odd}\n-A FORWARD -j ACCEPT"), odd, Answer::Different);
}

#[test]
fn helpers_go_to_connections_that_are_opened() {
    let check = |left: &str, right: &str, answer| {
        let raw = |rules: &str| dump(&format!("*raw\n:web - [0:0]\n{rules}\nCOMMIT\n"));
        let (left, right) = (raw(left), raw(right));
        let report = compare(&SaveRules(&left), &SaveRules(&right), &Options::default());
        assert_eq!(report.answer(), answer, "{report:#?}");
    };
    let ftp = "-A PREROUTING -p tcp --dport 21 -j CT --helper ftp";
    let called = "-A PREROUTING -p tcp -j web\n-A web -p tcp --dport 21 -j CT --helper ftp";
    check(ftp, called, Answer::Equivalent);
    check(ftp, &ftp.replace("21", "22"), Answer::Different);
    check(ftp, &ftp.replace("--helper ftp", "--helper irc"), Answer::Different);
    check(ftp, &format!("-A PREROUTING -j ACCEPT\n{ftp}"), Answer::Different);
    check(ftp, &format!("-A PREROUTING -j CT\n{ftp}"), Answer::Different);
    check(ftp, &format!("{ftp}\n{}", ftp.replace("ftp", "irc")), Answer::Equivalent);
    // A template of zone 0 says nothing, unless it keeps packets from being taken out of tracking.
    check("-A PREROUTING -j CT", "", Answer::Different); // connections are tracked
    check(
        &format!("-A PREROUTING -s 10.0.0.1 -j CT\n{ftp}"),
        &format!("-A PREROUTING -s 10.0.0.1 -j ACCEPT\n{ftp}"),
        Answer::Equivalent,
    );
    let notrack = "-A PREROUTING -p tcp --dport 21 -j NOTRACK";
    check(&format!("{ftp}\n{notrack}"), ftp, Answer::Equivalent);
    check(&format!("{notrack}\n{ftp}"), ftp, Answer::Different);
}

/// What a template holds is nobody's connection: two ways to give one do not fill it alike.
#[test]
fn nothing_is_taken_for_known_of_templates() {
    let raw = |rules: &str| dump(&format!("*raw\n:PREROUTING ACCEPT [0:0]\n{rules}\nCOMMIT\n"));
    let check = |rules: &str, answer| {
        let rules = raw(&format!("-A PREROUTING -p tcp -j CT --zone 1\n-A PREROUTING {rules} -j DROP"));
        let report = compare(&SaveRules(&rules), &SaveRules(&rules), &Options::default());
        assert_eq!(report.answer(), answer, "{report:#?}");
    };
    check("-m conntrack ! --ctorigsrc 10.0.0.1", Answer::Undecided);
    check("-m connmark --mark 7", Answer::Undecided);
    check("-m helper ! --helper ftp", Answer::Equivalent);
    check("-p udp -m conntrack ! --ctorigsrc 10.0.0.1", Answer::Equivalent);
    check("-m conntrack --ctstate NEW", Answer::Equivalent);
    check("-m connbytes ! --connbytes 10: --connbytes-dir original --connbytes-mode packets", Answer::Equivalent);
    // Behind connection tracking there is none.
    let zone = "-A PREROUTING -j CT --zone 1";
    let behind = |rules: &str| dump(&format!("*raw\n{zone}\nCOMMIT\n*mangle\n{rules}\nCOMMIT\n"));
    let marked = behind("-A PREROUTING -m connmark --mark 7 -j DROP");
    assert_eq!(compare(&SaveRules(&marked), &SaveRules(&marked), &Options::default()).answer(), Answer::Equivalent);
}

fn mangle(rules: &[&str]) -> Dump {
    dump(&format!("*mangle\n:PREROUTING ACCEPT [0:0]\n{}\nCOMMIT\n", rules.join("\n")))
}

#[track_caller]
fn check_mangle(left: &[&str], right: &[&str], answer: Answer) {
    let report = compare(&SaveRules(&mangle(left)), &SaveRules(&mangle(right)), &Options::default());
    assert_eq!(report.answer(), answer, "{left:?} {right:?} {report:#?}");
}

/// Routes read the mark: which answer a rule gets hangs on what rules before it have made of it.
#[test]
fn lookups_see_what_earlier_rules_have_changed() {
    let check = check_mangle;
    let one = "-A PREROUTING -i eth0 -j MARK --set-xmark 0x1/0x3";
    let two = "-A PREROUTING -i eth0 -j MARK --set-xmark 0x2/0x3";
    let none = "-A PREROUTING -j MARK --set-xmark 0x0/0x3";
    let drop = "-A PREROUTING -m rpfilter --validmark --invert -j DROP";
    check(&[one, drop], &[one, drop], Answer::Equivalent);
    check(&[one, two, drop], &[two, drop], Answer::Equivalent);
    check(&[one, drop, none], &[one, drop, none], Answer::Equivalent);
    // The mark ends the same, but the route was asked with another.
    check(&[one, drop, none], &[two, drop, none], Answer::Undecided);
    check(&[one, drop, none], &[drop, one, none], Answer::Undecided);
    check(&[one, drop], &[two, drop], Answer::Different);
    check(&[one, drop], &[one], Answer::Different);
    // A class that is set to what it was is none that was changed, and one that is flipped twice neither.
    let xor = "-A PREROUTING -j TOS --xor-tos 0x10";
    let [and, or] = [
        "-A PREROUTING -m tos --tos 0x10/0x10 -j TOS --and-tos 0xef",
        "-A PREROUTING -m tos ! --tos 0x10/0x10 -j TOS --or-tos 0x10",
    ];
    check(&[xor, drop], &[xor, drop], Answer::Equivalent);
    check(&[xor, xor, drop], &[drop], Answer::Equivalent);
    check(&[xor, drop, xor], &[drop], Answer::Undecided);
    check(&[and, drop], &["-A PREROUTING -j TOS --and-tos 0xef", drop], Answer::Equivalent);
    check(&[or, drop], &["-A PREROUTING -j TOS --or-tos 0x10", drop], Answer::Equivalent);
    check(&[or, drop], &[and, drop], Answer::Different);
    let restore = "-A PREROUTING -j CONNMARK --restore-mark --nfmask 0 --ctmask 0xff";
    check(&[restore, drop], &[restore, drop], Answer::Equivalent);
    check(&[restore, restore, drop], &[drop, restore, restore], Answer::Equivalent);
    check(&[restore, drop], &[drop, restore], Answer::Undecided);
    let save = "-A PREROUTING -j CONNMARK --save-mark";
    check(&[save, drop], &[drop, save], Answer::Different);
    check(&[save, drop], &[save, drop], Answer::Equivalent);
}

/// So many bits are told by the functions that they become, whatever the rules that make them so.
#[test]
fn lookups_see_whole_marks_that_were_copied() {
    let check = check_mangle;
    let one = "-A PREROUTING -i eth0 -j MARK --set-xmark 0x1/0x3";
    let none = "-A PREROUTING -j MARK --set-xmark 0x0/0x3";
    let drop = "-A PREROUTING -m rpfilter --validmark --invert -j DROP";
    let whole = "-A PREROUTING -j CONNMARK --restore-mark";
    let [tcp, others] = ["-p tcp", "! -p tcp"].map(|protocol| whole.replace("-j", &format!("{protocol} -j")));
    check(&[whole, drop], &[whole, drop], Answer::Equivalent);
    check(&[&tcp, &others, drop], &[whole, drop], Answer::Equivalent);
    check(&[&tcp, drop], &[&tcp, whole, drop], Answer::Different);
    check(&[&tcp, drop, whole], &[whole, drop], Answer::Undecided);
    check(&[whole, drop], &[whole], Answer::Different);
    check(&[whole, one, drop], &[whole, one, drop], Answer::Equivalent);
    check(&[one, whole, drop], &[whole, drop], Answer::Different); // where there is no connection
    let new = one.replace("-j", "-m conntrack --ctstate NEW -j");
    check(&[&new, whole, drop], &[whole, drop], Answer::Equivalent);
    check(&[whole, drop, none], &[drop, whole, none], Answer::Undecided);
    let chance = "-A PREROUTING -m statistic --mode random --probability 0.5 -j CONNMARK --restore-mark";
    check(&[chance, drop], &[chance, drop], Answer::Equivalent);
    // Whether the mark was copied hangs together with the log line on either side, the other way round.
    let (go, half) = ("-A PREROUTING -m statistic --mode random --probability 0.5 -g one", ":one - [0:0]");
    let [copy, log, asked] = ["-j CONNMARK --restore-mark", "-j LOG", "-m rpfilter --validmark --invert -j DROP"]
        .map(|rule| ["PREROUTING", "one"].map(|chain| format!("-A {chain} {rule}")));
    let both = [half, go, &copy[1], &log[1], &asked[1], &asked[0]];
    check(&both, &both, Answer::Equivalent);
    check(&both, &[half, go, &copy[1], &asked[1], &log[0], &asked[0]], Answer::Undecided);
}

/// Sets of one part are asked for what no rule changes; others may be asked for the mark.
#[test]
fn sets_do_not_see_marks() {
    let check = check_mangle;
    let whole = "-A PREROUTING -j CONNMARK --restore-mark";
    let [set, pair] = ["src", "src,src"].map(|key| format!("-A PREROUTING -m set --match-set a {key} -j DROP"));
    check(&[whole, &set], &[whole, &set], Answer::Equivalent);
    check(&[whole, &set], &[&set, whole], Answer::Equivalent);
    check(&[whole, &pair], &[whole, &pair], Answer::Equivalent);
    check(&[whole, &pair], &[&pair, whole], Answer::Undecided);
    let add = "-A PREROUTING -j SET --add-set a src";
    check(&[whole, add], &[add, whole], Answer::Equivalent);
    check(&[whole, add, &set], &[whole, &set, add], Answer::Different);
}

/// A rule that is nothing but a lookup is asked behind what the rule before it has changed, like any other.
#[test]
fn lookups_by_themselves_see_changes() {
    let (mark, pass) = ("MARK --set-xmark 0x2/0x2", "-A PREROUTING -m rpfilter --validmark -j ACCEPT");
    let [change, drop] =
        [mark, "DROP"].map(|target| format!("-A PREROUTING -m rpfilter --validmark --invert -j {target}"));
    check_mangle(&[&change, pass, &drop], &[&change, pass, &drop], Answer::Equivalent);
    check_mangle(&[&change, pass, &drop], &[pass, &drop], Answer::Undecided);
    check_mangle(&[&change, &drop], &[&drop], Answer::Undecided);
    let class = change.replace(mark, "TOS --set-tos 0x10/0x10");
    check_mangle(&[&class, &drop], &[&drop], Answer::Undecided);
    let [copy, ban] = ["CONNMARK --restore-mark", "DROP"]
        .map(|target| format!("-A PREROUTING -m set --match-set a src,src -j {target}"));
    let tracks = "-A PREROUTING -m conntrack --ctstate INVALID -j ACCEPT";
    check_mangle(&[tracks, &copy, &ban], &[tracks, &ban], Answer::Undecided);
}

/// Marks of 32 conditions each, on either side: which bits differ is more than a diagram holds, and is told all the same.
#[test]
fn marks_that_nobody_knows_differ() {
    let hashed =
        |seed: u32| format!("-A PREROUTING -p tcp -j HMARK --hmark-tuple src,dst --hmark-mod 10 --hmark-rnd {seed}");
    check_mangle(&[&hashed(1)], &[&hashed(1)], Answer::Equivalent);
    check_mangle(&[&hashed(1)], &[&hashed(2)], Answer::Different);
}
