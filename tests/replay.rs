//! Replays in the running kernel: equal rulesets show no difference, planted errors are found.
//!
//! Needs root, nft and iptables-legacy-restore; says so and passes where they are missing.
#![cfg(target_os = "linux")]

use ipt2nft::kernel::{Aim, Kind, Loader, Name, Options, Report, Ruleset, Values, lacking, replay};
use ipt2nft::packet::{Family, Field, Hook, IntervalSet, L4};

fn dump(text: &str) -> Ruleset {
    Ruleset { text: text.to_owned(), kind: Kind::Save(Family::Ip), ipset: None }
}

fn nft(text: &str) -> Ruleset {
    Ruleset { text: text.to_owned(), kind: Kind::Nft, ipset: None }
}

fn can_replay() -> bool {
    let any = nft("");
    let missing = lacking([(&dump(""), Loader::Legacy), (&any, Loader::Legacy)], "nft".as_ref());
    if !missing.is_empty() {
        println!("skipped: {}", missing.join("; "));
    }
    missing.is_empty()
}

fn compare(old: &Ruleset, new: &Ruleset, packets: usize) -> Report {
    let options = Options { packets, aims: aims(), ..Options::default() };
    replay(old, new, &options, &mut |_| {}).unwrap()
}

fn aim(hook: Hook, wants: &[(Field, Values)]) -> Aim {
    Aim { label: format!("{hook:?}"), hook: Some(hook), wants: wants.to_vec(), burst: None }
}

fn numbers(list: &[u128]) -> Values {
    Values::Numbers(list.iter().map(|n| IntervalSet::point(*n)).fold(IntervalSet::empty(), |a, b| a.union(&b)))
}

fn net(address: [u8; 4], len: u32) -> Values {
    let lo = u128::from(u32::from_be_bytes(address));
    Values::range(lo, lo + (1 << (32 - len)) - 1)
}

fn wildcard(text: &str) -> Values {
    Values::Names { names: vec![Name { text: text.into(), wildcard: true }], negated: false }
}

/// The tests of `OLD`, rule by rule.
fn aims() -> Vec<Aim> {
    vec![
        aim(Hook::Input, &[(Field::IpSaddr, net([10, 1, 0, 0], 16)), (Field::Dport(L4::Tcp), numbers(&[22]))]),
        aim(Hook::Input, &[(Field::Iifname, wildcard("ppp")), (Field::Dport(L4::Udp), Values::range(1000, 2000))]),
    ]
}

const OLD: &str = "*filter
:INPUT DROP [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -s 10.1.0.0/16 -p tcp -m tcp --dport 22 -j ACCEPT
-A INPUT -i ppp+ -p udp -m udp --dport 1000:2000 -j LOG --log-prefix \"ppp: \" --log-level 6
-A INPUT -i ppp+ -p udp -m udp --dport 1000:2000 -j ACCEPT
COMMIT
";

const NEW: &str = "table ip filter {
    chain INPUT {
        type filter hook input priority 0; policy drop;
        ip saddr 10.1.0.0/16 tcp dport 22 accept
        iifname \"ppp*\" udp dport 1000-2000 log prefix \"ppp: \" level info accept
    }
}
";

#[test]
fn equal_rulesets_are_equal() {
    if can_replay() {
        let report = compare(&dump(OLD), &nft(NEW), 2000);
        println!("{report}");
        assert!(report.is_equal(), "{report}");
    }
}

#[test]
fn a_wrong_port_is_found() {
    if can_replay() {
        let report = compare(&dump(OLD), &nft(&NEW.replace("22", "23")), 2000);
        println!("{report}");
        assert!(!report.is_equal(), "{report}");
    }
}
