//! Words for people, in the reasons of merges.

use crate::packet::{CtKey, Field};

/// What a field is called in a sentence.
pub fn field(field: Field) -> &'static str {
    match field {
        Field::Iifname => "input interface",
        Field::Oifname => "output interface",
        Field::IpSaddr | Field::Ip6Saddr => "source address",
        Field::IpDaddr | Field::Ip6Daddr => "destination address",
        Field::Sport(_) => "source port",
        Field::Dport(_) => "destination port",
        Field::L4proto => "protocol",
        Field::Mark => "mark",
        Field::Ct(CtKey::Mark) => "connection mark",
        Field::Ct(CtKey::State) => "connection state",
        Field::IcmpType | Field::Icmp6Type => "ICMP type",
        Field::EtherSaddr => "MAC address",
        Field::IpDscp | Field::Ip6Dscp => "DSCP",
        Field::Pkttype => "packet type",
        Field::Skuid => "user",
        Field::Skgid => "group",
        _ => "value of one field",
    }
}

/// Several fields in a sentence.
pub fn fields(fields: &[Field]) -> String {
    let words: Vec<&str> = fields.iter().map(|&f| field(f)).collect();
    match words.as_slice() {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}
