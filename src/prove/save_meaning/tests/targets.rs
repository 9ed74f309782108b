//! What targets do to which packets.

use super::*;
use crate::packet::TcpOptionPart;
use crate::prove::block::{NatAddress, Rejection, Verdict};

/// What becomes of a field of a packet that starts with these values.
#[track_caller]
fn changed(target: &str, start: &Packet, field: Field) -> u128 {
    run(Family::Ip, "mangle", &format!("-A PREROUTING -j {target}"), start).field(field)
}

const CT_MARK: Field = Field::Ct(CtKey::Mark);

#[test]
fn marks_are_written_bit_by_bit() {
    let start = packet().with(Field::Mark, 0x1234_5678);
    for (target, wanted) in [
        ("MARK --set-mark 0x1", 0x1),
        ("MARK --set-xmark 0x1/0xff", 0x1234_5601),
        ("MARK --set-xmark 0xf0/0x0f", 0x1234_5680),
        ("MARK --set-mark 0xf0/0x0f", 0x1234_56f0),
        ("MARK --and-mark 0xff00", 0x5600),
        ("MARK --or-mark 0x7", 0x1234_567f),
        ("MARK --xor-mark 0xff", 0x1234_5687),
    ] {
        assert_eq!(changed(target, &start, Field::Mark), wanted, "{target}");
    }
}

#[test]
fn connection_marks_need_a_connection() {
    let start = packet().state(NEW).with(Field::Mark, 0x1234_5678).with(CT_MARK, 0xaabb_ccdd);
    for (target, field, wanted) in [
        ("CONNMARK --set-mark 0x1", CT_MARK, 0x1),
        ("CONNMARK --set-xmark 0xf0/0x0f", CT_MARK, 0xaabb_cc20),
        ("CONNMARK --save-mark", CT_MARK, 0x1234_5678),
        ("CONNMARK --restore-mark", Field::Mark, 0xaabb_ccdd),
        ("CONNMARK --save-mark --nfmask 0xff --ctmask 0xff00", CT_MARK, 0xaabb_0078 ^ 0xdd),
        ("CONNMARK --save-mark --mask 0xff", CT_MARK, 0xaabb_cc78),
        ("CONNMARK --restore-mark --mask 0xff", Field::Mark, 0x1234_56dd),
        ("CONNMARK --restore-mark --mask 0xff", CT_MARK, 0xaabb_ccdd),
    ] {
        assert_eq!(changed(target, &start, field), wanted, "{target}");
    }
    let alone = packet().state(UNTRACKED).with(Field::Mark, 7).with(CT_MARK, 1);
    assert_eq!(changed("CONNMARK --restore-mark", &alone, Field::Mark), 7);
}

#[test]
fn kinds_of_rejection() {
    let verdict =
        |family, target: &str| run(family, "filter", &format!("-A INPUT -p tcp -j {target}"), &tcp(1, 2)).trace.verdict;
    for (family, target, wanted) in [
        (Family::Ip, "REJECT", Rejection::Icmp(3)),
        (Family::Ip6, "REJECT", Rejection::Icmp6(4)),
        (Family::Ip, "REJECT --reject-with icmp-admin-prohibited", Rejection::Icmp(13)),
        (Family::Ip6, "REJECT --reject-with icmp6-adm-prohibited", Rejection::Icmp6(1)),
        (Family::Ip, "REJECT --reject-with tcp-reset", Rejection::TcpReset),
        (Family::Ip6, "REJECT --reject-with tcp-reset", Rejection::TcpReset),
    ] {
        assert_eq!(verdict(family, target), Verdict::Reject(wanted), "{target}");
    }
    assert_eq!(verdict(Family::Ip, "QUEUE"), Verdict::Queue { from: 0, to: 0, bypass: false, fanout: false });
}

#[test]
fn translations() {
    let action = |rule: &str| match run(Family::Ip, "nat", rule, &tcp(1, 2)).trace.verdict {
        Verdict::Nat(action) => action,
        other => panic!("{rule}: {other}"),
    };
    let dnat = action("-A PREROUTING -p tcp -j DNAT --to-destination 10.0.0.1-10.0.0.3:80-90 --persistent");
    assert_eq!(dnat.address, Some(NatAddress::Range(0x0a00_0001, 0x0a00_0003)));
    assert_eq!((dnat.ports, dnat.persistent, dnat.random), (Some((80, 90)), true, false));
    let masquerade = action("-A POSTROUTING -p tcp -j MASQUERADE --to-ports 1024-2048 --random");
    assert_eq!((masquerade.address, masquerade.ports, masquerade.random), (None, Some((1024, 2048)), true));
    assert!(action("-A POSTROUTING -j SNAT --to-source 192.0.2.1 --random-fully").fully_random);
    assert_eq!(action("-A PREROUTING -p tcp -j REDIRECT --to-ports 8080").ports, Some((8080, 8080)));
    let shifted = "-A PREROUTING -p tcp -j DNAT --to-destination 10.0.0.1:2000-3000/1000";
    let verdict = run(Family::Ip, "nat", shifted, &tcp(1, 2)).trace.verdict;
    assert!(matches!(verdict, Verdict::Other(_)), "{verdict}");
}

#[test]
fn log_lines() {
    let lines = |target: &str| run(Family::Ip, "filter", &format!("-A INPUT -j {target}"), &packet()).effects();
    assert_eq!(lines("LOG --log-prefix x --log-level info --log-uid"), ["log prefix \"x\" level 6 skuid"]);
    assert_eq!(lines("LOG"), ["log level 4"]);
    assert_eq!(
        lines("NFLOG --nflog-group 5 --nflog-prefix x --nflog-size 64"),
        ["log prefix \"x\" group 5 snaplen 64"]
    );
    assert_eq!(lines("NFLOG --nflog-range 64"), ["log group 0"]);
}

#[test]
fn an_mss_is_lowered_or_added() {
    let rule = "-A FORWARD -p tcp --syn -j TCPMSS --set-mss 1400";
    let syn = tcp(1, 2).with(Field::TcpFlags, 2);
    let effects = |packet: &Packet| run(Family::Ip, "mangle", rule, packet).effects();
    let option = Field::TcpOption { kind: 2, part: TcpOptionPart::Exists };
    assert_eq!(effects(&syn.clone().with(option, 1)), ["tcp option maxseg size set 1400"]);
    assert_eq!(effects(&syn), ["tcp option maxseg size 1400 added"]);
    assert!(effects(&tcp(1, 2)).is_empty());
}

#[test]
fn only_what_nothing_tracks_yet_is_told_how() {
    let raw = |rule: &str, state| run(Family::Ip, "raw", &format!("-A PREROUTING {rule}"), &packet().state(state));
    let state = |rule: &str, before| raw(rule, before).field(Field::Ct(CtKey::State));
    assert_eq!(state("-j CT --notrack", INVALID), UNTRACKED);
    assert_eq!(state("-j NOTRACK", INVALID), UNTRACKED);
    assert_eq!(state("-j CT --notrack", ESTABLISHED), ESTABLISHED);
    assert_eq!(state("-j CT", INVALID), NEW);
    assert!(raw("-j CT --zone 0", INVALID).effects().is_empty());
    assert_eq!(raw("-j CT --zone 6 --zone-orig 5", INVALID).effects(), ["ct original zone set 5"]);
    assert_eq!(raw("-j CT --zone-reply 6 --zone-orig 5", INVALID).effects(), ["ct zone set 5"]);
    assert!(raw("-j CT --zone-reply 0", INVALID).effects().is_empty());
    assert_eq!(raw("-j CT --zone 5\n-A PREROUTING -j CT --zone 6", INVALID).effects(), ["ct zone set 5"]);
    // What comes of the helper is read in `save_meaning::helpers`.
    let told = run(Family::Ip, "raw", "-A PREROUTING -p tcp -j CT --zone 5 --helper ftp", &tcp(1, 21)).effects();
    assert_eq!(told, ["ct zone set 5"]);
    for state in [NEW, UNTRACKED] {
        assert!(raw("-j CT --zone 5", state).effects().is_empty());
    }
}

#[test]
fn hops_and_classes() {
    let start = packet().with(Field::IpTtl, 64).with(Field::IpDscp, 5).with(Field::IpEcn, 2);
    for (target, field, wanted) in [
        ("TTL --ttl-set 7", Field::IpTtl, 7),
        ("TTL --ttl-dec 1", Field::IpTtl, 63),
        ("TTL --ttl-dec 65", Field::IpTtl, 0),
        ("TTL --ttl-inc 200", Field::IpTtl, 255),
        ("TTL --ttl-inc 10", Field::IpTtl, 74),
        ("DSCP --set-dscp 0x2e", Field::IpDscp, 0x2e),
        ("DSCP --set-dscp 0x2e", Field::IpEcn, 2),
        ("DSCP --set-dscp-class AF21", Field::IpDscp, 0x12),
        ("TOS --set-tos 0x10", Field::IpDscp, 4),
        ("TOS --set-tos 0x10", Field::IpEcn, 0),
        ("TOS --set-tos 0x01/0x03", Field::IpDscp, 5),
        ("TOS --set-tos 0x01/0x03", Field::IpEcn, 1),
        ("TOS --and-tos 0xf0", Field::IpDscp, 4),
        ("TOS --or-tos 0x80", Field::IpDscp, 0x25),
        ("TOS --xor-tos 0xff", Field::IpEcn, 1),
    ] {
        assert_eq!(changed(target, &start, field), wanted, "{target}");
    }
    let class = "-A POSTROUTING -j CLASSIFY --set-class 1:10";
    assert_eq!(run(Family::Ip, "mangle", class, &packet()).field(Field::Priority), 0x1_0010);
}

#[test]
fn congestion_bits() {
    let flags = |target: &str, start: &Packet| {
        run(Family::Ip, "mangle", &format!("-A PREROUTING -p tcp -j {target}"), start).field(Field::TcpFlags)
    };
    let start = tcp(1, 2).with(Field::TcpFlags, 0xc2);
    assert_eq!(flags("ECN --ecn-tcp-remove", &start), 0x02);
    assert_eq!(flags("ECN --ecn-tcp-remove", &udp(1, 2).with(Field::TcpFlags, 0xc2)), 0xc2);
}

#[test]
fn what_takes_packets_away() {
    let verdict = |table, rule: &str, packet: &Packet| run(Family::Ip, table, rule, packet).trace.verdict;
    let queue = |rule: &str| verdict("filter", &format!("-A INPUT -j NFQUEUE {rule}"), &packet()).to_string();
    assert_eq!(queue(""), "queue to 0-0");
    assert_eq!(queue("--queue-num 3 --queue-bypass"), "queue to 3-3 bypass");
    assert_eq!(queue("--queue-balance 1:4 --queue-cpu-fanout"), "queue to 1-4 fanout");
    let proxied = |flags| tcp(1, 2).with(Field::TcpFlags, flags);
    let proxy = "-A INPUT -p tcp -j SYNPROXY --mss 1460 --wscale 7\n-A INPUT -j DROP";
    for flags in [0x02, 0x10, 0xc2] {
        assert!(matches!(verdict("filter", proxy, &proxied(flags)), Verdict::Synproxy { .. }), "{flags:#x}");
    }
    for flags in [0x12, 0x11, 0x04] {
        assert_eq!(verdict("filter", proxy, &proxied(flags)), Verdict::Drop, "{flags:#x}");
    }
}

#[test]
fn a_proxy_without_socket_drops() {
    let rule = "-A PREROUTING -p tcp -j TPROXY --on-port 3128 --tproxy-mark 0x1/0xf";
    let start = tcp(1, 80).with(Field::Mark, 0xff);
    assert_eq!(run(Family::Ip, "mangle", rule, &start).trace.verdict, Verdict::Drop);
    let mut done = run(Family::Ip, "mangle", rule, &start.that("tproxy to :3128 finds a socket"));
    assert_eq!(done.trace.verdict, Verdict::Accept);
    assert_eq!((done.field(Field::Mark), done.effects()), (0xf1, vec!["tproxy to :3128".to_owned()]));
}

#[test]
fn whole_networks_are_translated_by_hook() {
    let nat = |rules: &str| match run(Family::Ip, "nat", rules, &packet()).trace.verdict {
        Verdict::Nat(action) => action.to_string(),
        other => other.to_string(),
    };
    assert_eq!(nat("-A PREROUTING -j NETMAP --to 10.0.0.0/24"), "dnat to network 10.0.0.0/24");
    assert_eq!(nat("-A POSTROUTING -j NETMAP --to 10.0.0.0/24"), "snat to network 10.0.0.0/24");
    let own = ":own - [0:0]\n-A POSTROUTING -j own\n-A own -j NETMAP --to 10.0.0.0/24";
    assert_eq!(nat(own), "snat to network 10.0.0.0/24");
    assert!(nat(&format!("{own}\n-A OUTPUT -j own")).starts_with("unknown"));
}

#[test]
fn sets_are_written_in_order() {
    let done = run(Family::Ip, "filter", "-A INPUT -j SET --add-set a src --timeout 5 --del-set b src,dst", &packet());
    assert_eq!(done.effects(), ["add @a { src } --timeout 5", "delete @b { src,dst }"]);
    assert_eq!(done.trace.consulted.len(), 2);
}
