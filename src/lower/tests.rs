//! What is lowered, what is refused, and that nothing is lost in between.

use super::{Lowered, Options, lower};
use crate::diag::Source;
use crate::save::parse;

fn lowered(table: &str, rules: &[&str]) -> Lowered {
    let rules: String = rules.iter().map(|rule| format!("-A PREROUTING {rule}\n")).collect();
    let text = format!("*{table}\n{rules}COMMIT\n");
    let parsed = parse(&Source::new(0, "test", text.into()).unwrap(), None);
    assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
    lower(parsed.dump, 0, &Options::default())
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
