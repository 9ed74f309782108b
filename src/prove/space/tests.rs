//! Tests become the diagrams they should.

use super::*;
use crate::packet::{Hook, L4, PayloadBase};

fn space(family: Family) -> Space {
    let names = [("eth0", false), ("eth", true), ("ethx", true), ("lo", false)];
    let names = Names::new(names.into_iter().map(|(text, wildcard)| (text.as_bytes().to_vec(), wildcard)));
    Space::new(family, names, false, Budget::default())
}

#[test]
fn overlapping_header_fields_share_their_bits() {
    let mut s = space(Family::Ip);
    let echo = s.within(Field::IcmpType, &IntervalSet::point(8)).unwrap();
    let raw = Field::Payload { base: PayloadBase::Transport, offset: 0, len: 8 };
    assert_eq!(s.within(raw, &IntervalSet::point(8)).unwrap(), echo);
    let sport = s.within(Field::Sport(L4::Th), &IntervalSet::range(0x0800, 0x08ff)).unwrap();
    assert_eq!(sport, echo);
    let tos = Field::Payload { base: PayloadBase::Network, offset: 8, len: 8 };
    let (dscp, ecn) = (s.masked(tos, 0xfc, 0x10 << 2).unwrap(), s.masked(tos, 3, 1).unwrap());
    assert_eq!(s.within(Field::IpDscp, &IntervalSet::point(0x10)).unwrap(), dscp);
    assert_eq!(s.within(Field::IpEcn, &IntervalSet::point(1)).unwrap(), ecn);
    let l4 = s.within(Field::L4proto, &IntervalSet::point(6)).unwrap();
    assert_eq!(s.within(Field::IpProtocol, &IntervalSet::point(6)).unwrap(), l4);
}

#[test]
fn fields_of_the_other_family_are_missing() {
    assert_eq!(space(Family::Ip).present(Field::Ip6Saddr).unwrap(), Dd::FALSE);
    assert_eq!(space(Family::Ip6).present(Field::IpSaddr).unwrap(), Dd::FALSE);
    assert_eq!(space(Family::Ip6).within(Field::Nfproto, &IntervalSet::point(10)).unwrap(), Dd::TRUE);
}

#[test]
fn names_fall_into_classes() {
    let mut s = space(Family::Ip);
    let wild = s.name(Field::Iifname, b"eth", true).unwrap();
    let exact = s.name(Field::Iifname, b"eth0", false).unwrap();
    let longer = s.name(Field::Iifname, b"ethx", true).unwrap();
    assert_eq!(s.dd.and(wild, exact).unwrap(), exact);
    assert_eq!(s.dd.and(wild, longer).unwrap(), longer);
    assert_ne!(s.dd.or(exact, longer).unwrap(), wild, "eth1 is in neither");
    let any = s.name(Field::Iifname, b"", true).unwrap();
    let missing = s.name(Field::Iifname, b"", false).unwrap();
    assert_eq!(s.dd.and(any, missing).unwrap(), missing, "`-i +` matches a missing interface");
}

#[test]
fn hooks_decide_which_interfaces_exist() {
    let mut s = space(Family::Ip);
    let input = s.possible(Hook::Input).unwrap();
    let missing = s.name(Field::Oifname, b"", false).unwrap();
    assert_eq!(s.dd.and(input, missing).unwrap(), input);
    let first = s.first_fragment().unwrap();
    assert_eq!(s.dd.and(input, first).unwrap(), input, "no fragments in INPUT");
    let forward = s.possible(Hook::Forward).unwrap();
    assert_ne!(s.dd.and(forward, first).unwrap(), forward);
}

#[test]
fn states_exclude_each_other() {
    let mut s = space(Family::Ip);
    let state = Field::Ct(CtKey::State);
    let (new, est) = (s.any_bit(state, 8).unwrap(), s.any_bit(state, 2).unwrap());
    assert_eq!(s.dd.and(new, est).unwrap(), Dd::FALSE);
    let possible = s.possible(Hook::Input).unwrap();
    let both = s.within(state, &IntervalSet::point(10)).unwrap();
    assert_eq!(both, Dd::FALSE, "no packet is new and established");
    let all = s.any_bit(state, 1 | 2 | 4 | 8 | 64).unwrap();
    assert_eq!(s.dd.and(all, possible).unwrap(), possible);
}

#[test]
fn long_lists_are_cheap() {
    let mut s = space(Family::Ip);
    let list: IntervalSet = (0..100_000u128).map(|i| crate::packet::Interval::point(i * 40_503 % (1 << 32))).collect();
    s.within(Field::IpSaddr, &list).unwrap();
    // One node per bit of each address at most; no intermediate unions.
    assert!(s.dd.len() < 100_000 * 32, "{}", s.dd.len());
}
