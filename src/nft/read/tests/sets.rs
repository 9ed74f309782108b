//! Declarations of sets, maps and objects.

use super::*;
use crate::nft::ast::{Data, DataKind, KeyType, Limit, ObjectBody, ObjectKind, SetFlags, TimeUnit, Verdict};
use crate::packet::{DataType, Family, L4};

#[test]
fn properties() {
    let found = set("set s { type ipv4_addr . inet_service; flags interval,timeout; timeout 1h; gc-interval 5m
        size 100; auto-merge; policy memory; comment \"hey\"; counter }");
    assert_eq!(found.key, [KeyType::Type(DataType::Ipv4Addr), KeyType::Type(DataType::InetService)]);
    assert_eq!(found.flags, SetFlags { interval: true, timeout: true, ..SetFlags::default() });
    assert_eq!((found.timeout, found.gc_interval, found.size), (Some(3600), Some(300), Some(100)));
    assert!(found.auto_merge);
    assert_eq!(found.comment.as_deref().map(Vec::as_slice), Some(&b"hey"[..]));
    assert_eq!(found.statements, [Statement::Counter { packets: 0, bytes: 0 }]);
    assert_eq!(found.data, None);
}

#[test]
fn elements() {
    let found = set("set s {
        type ipv4_addr # trailing
        flags interval, timeout
        elements = { 10.0.0.1, # one
            # two
            10.0.0.0/24 timeout 1h expires 59m59s996ms comment \"net\",
            10.1.0.1-10.1.0.9 counter packets 3 bytes 4 limit rate 5/second,
        }
    }");
    let limit = Limit { over: false, rate: 5, bytes: false, unit: TimeUnit::Second, burst: None };
    assert_eq!(
        found.elements,
        [
            element(number(0x0a00_0001)),
            Element {
                timeout: Some(3600),
                expires: Some(3599),
                comment: Some("net".into()),
                ..element(Expr::Prefix { address: 0x0a00_0000, len: 24 })
            },
            Element {
                counter: Some((3, 4)),
                statements: vec![Statement::Limit(limit)],
                ..element(range(0x0a01_0001, 0x0a01_0009))
            },
        ]
    );
}

#[test]
fn maps() {
    for (text, data) in [
        ("type ipv4_addr : verdict", DataKind::Verdict),
        ("type ipv4_addr : counter", DataKind::Object(ObjectKind::Counter)),
        ("type ipv4_addr : ct helper", DataKind::Object(ObjectKind::CtHelper)),
        ("type ipv4_addr : mark", DataKind::Value(vec![KeyType::Type(DataType::Mark)])),
        (
            "type ipv4_addr : interval ipv4_addr . inet_service",
            DataKind::Value(vec![KeyType::Type(DataType::Ipv4Addr), KeyType::Type(DataType::InetService)]),
        ),
        ("typeof ip saddr : meta mark", DataKind::Value(vec![KeyType::Typeof(Field::Mark)])),
        ("typeof ip saddr : verdict", DataKind::Verdict),
    ] {
        assert_eq!(set(&format!("map m {{ {text}; }}")).data, Some(data), "{text}");
    }
    let found = set("map m { typeof tcp dport : ip daddr . tcp dport; elements = { ssh : 10.0.0.1 . 22 } }");
    let data = Data::Value(Expr::Concat(vec![number(0x0a00_0001), number(22)]));
    assert_eq!(found.key, [KeyType::Typeof(Field::Dport(L4::Tcp))]);
    assert_eq!(found.elements, [Element { data: Some(data), ..element(number(22)) }]);
    let found = set("map m { type ifname : verdict; elements = { \"lo\" comment \"x\" : jump a, * : drop } }");
    let jump = Some(Data::Verdict(Verdict::Jump("a".into())));
    assert_eq!(
        found.elements,
        [
            Element { data: jump, comment: Some("x".into()), ..element(name("lo")) },
            Element { data: Some(Data::Verdict(Verdict::Drop)), ..Element::default() },
        ]
    );
}

#[test]
fn objects() {
    let limit = Limit { over: true, rate: 10 << 20, bytes: true, unit: TimeUnit::Second, burst: Some(2 << 20) };
    for (text, body) in [
        ("counter x { packets 5 bytes 6 }", ObjectBody::Counter { packets: 5, bytes: 6 }),
        ("counter x { }", ObjectBody::Counter { packets: 0, bytes: 0 }),
        ("quota x { over 1 kbytes used 5 bytes }", ObjectBody::Quota { over: true, bytes: 1024, used: 5 }),
        ("limit x { rate over 10 mbytes/second burst 2 mbytes }", ObjectBody::Limit(limit)),
        (
            "ct helper x {\n type \"ftp\" protocol tcp\n l3proto ip\n }",
            ObjectBody::CtHelper { helper: "ftp".into(), protocol: 6, l3proto: Some(Family::Ip) },
        ),
        (
            "ct timeout x {\n protocol tcp;\n l3proto ip\n policy = { established : 1m40s, close : 4 }\n }",
            ObjectBody::CtTimeout {
                protocol: 6,
                l3proto: Some(Family::Ip),
                policy: vec![("established".into(), 100), ("close".into(), 4)],
            },
        ),
        (
            "synproxy x {\n mss 1460\n wscale 7\n timestamp sack-perm\n }",
            ObjectBody::Synproxy { mss: 1460, wscale: 7, timestamp: true, sack_perm: true },
        ),
        ("secmark x { \"system_u:object_r:ssh\" }", ObjectBody::Secmark("system_u:object_r:ssh".into())),
    ] {
        let [table] = tables(&format!("table ip t {{ {text} }}")).try_into().unwrap();
        let [Entry::Object(object)] = table.entries.as_slice() else { panic!("{text}: {table:?}") };
        assert_eq!(object.body, body, "{text}");
    }
}
