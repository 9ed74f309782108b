//! Which limit is which: swapped rules are equal where no packet comes to both, and different where one does.

use crate::diag::Source;
use crate::packet::Family;
use crate::prove::compare::{Answer, Options, Report, compare};
use crate::prove::save_meaning::SaveRules;
use crate::save::parse;

fn report(left: &[&str], right: &[&str], family: Family) -> Report {
    let [left, right] = [left, right].map(|rules| {
        let text =
            format!("*filter\n:FORWARD ACCEPT [0:0]\n:one - [0:0]\n:two - [0:0]\n{}\nCOMMIT\n", rules.join("\n"));
        parse(&Source::new(0, "test", text.into()).unwrap(), Some(family)).dump
    });
    compare(&SaveRules(&left), &SaveRules(&right), &Options { families: vec![family], ..Options::default() })
}

/// Checks limits, limits per address, and counts, in both families: STATE and FAST are two of them, of other rates.
#[track_caller]
fn check(left: &[&str], right: &[&str], answer: Answer) {
    const PER_ADDRESS: &str = "-m hashlimit --hashlimit-mode srcip --hashlimit-name NAME --hashlimit-upto";
    let kinds = [
        ["-m limit --limit 1/sec".to_owned(), "-m limit --limit 9/sec".to_owned()],
        ["1/sec", "9/sec"].map(|rate| format!("{PER_ADDRESS} {rate}")),
        ["2", "9"].map(|every| format!("-m statistic --mode nth --packet 0 --every {every}")),
    ];
    for ([state, fast], family) in kinds.iter().flat_map(|kind| [Family::Ip, Family::Ip6].map(|family| (kind, family)))
    {
        let filled = |rules: &[&str], side: &str| -> Vec<String> {
            let named = rules.iter().zip(0..).map(|(rule, at)| (rule, format!("{side}{at}")));
            named
                .map(|(rule, name)| rule.replace("STATE", state).replace("FAST", fast).replace("NAME", &name))
                .collect()
        };
        let (left, right) = (filled(left, "a"), filled(right, "b"));
        let [left, right]: [Vec<&str>; 2] = [&left, &right].map(|rules| rules.iter().map(String::as_str).collect());
        let report = report(&left, &right, family);
        assert_eq!(report.answer(), answer, "{left:?} {right:?} {report:#?}");
    }
}

const WEB: &str = "-A FORWARD -p tcp -m tcp --dport 80 STATE -j ACCEPT";
const OTHER: &str = "-A FORWARD -p tcp -m tcp --dport 81 STATE -j ACCEPT";
const HIGH: &str = "-A FORWARD -p tcp -m tcp --dport 80:90 STATE -j DROP";

#[test]
fn limits_of_other_packets_may_be_swapped() {
    check(&[WEB, OTHER], &[OTHER, WEB], Answer::Equivalent);
    let udp = "-A FORWARD -p udp STATE -j DROP";
    check(&[WEB, udp, OTHER], &[udp, OTHER, WEB], Answer::Equivalent);
    // Where they stand makes no difference either.
    let [web, other] = [WEB, OTHER].map(|rule| rule.replace("FORWARD", "one"));
    check(&["-A FORWARD -j one", &web, &other], &["-A FORWARD -p tcp -j one", &other, &web], Answer::Equivalent);
    let [to_one, to_two] = ["-A FORWARD -i eth0 -j one", "-A FORWARD -i eth1 -j two"];
    let [one, two] = ["-A one STATE -j DROP", "-A two STATE -j DROP"];
    let swapped = ["-A FORWARD -i eth1 -j one", "-A FORWARD -i eth0 -j two", two, one];
    check(&[to_one, to_two, one, two], &swapped, Answer::Equivalent);
    check(
        &[to_one, to_two, one, two],
        &["-A FORWARD -i eth1 STATE -j DROP", "-A FORWARD -i eth0 STATE -j DROP"],
        Answer::Equivalent,
    );
}

/// What hangs on the answers tells them apart where the same packets ask.
#[test]
fn limits_of_log_lines_may_be_swapped() {
    let [one, two] = ["one", "two"].map(|prefix| format!("-A FORWARD STATE -j LOG --log-prefix {prefix}"));
    check(&[&one, &two], &[&two, &one], Answer::Equivalent);
    check(&[&one, &two], &[&one, &one], Answer::Different);
    let drop = "-A FORWARD STATE -j DROP";
    check(&[&one, drop], &[drop, &one], Answer::Different);
}

#[test]
fn limits_of_the_same_packets_may_not() {
    check(&[WEB, HIGH], &[HIGH, WEB], Answer::Different);
    check(&[WEB, OTHER, HIGH], &[HIGH, WEB, OTHER], Answer::Different);
    check(&[WEB, OTHER], &[WEB, WEB], Answer::Different);
    check(&[WEB, OTHER], &[WEB], Answer::Different);
}

#[test]
fn rates_stay_with_their_packets() {
    let [fast_web, fast_other] = [WEB, OTHER].map(|rule| rule.replace("STATE", "FAST"));
    check(&[&fast_web, OTHER], &[OTHER, &fast_web], Answer::Equivalent);
    check(&[&fast_web, OTHER], &[WEB, &fast_other], Answer::Different);
}
