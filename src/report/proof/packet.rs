//! An example packet as `ipt2nft replay --witness` takes it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::Serialize;

use crate::packet::{Family, Hook};
use crate::prove::compare::Example;

/// Fields as `replay` names them; those that are not here have its usual values.
#[derive(Serialize)]
pub(super) struct Sent {
    way: &'static str,
    iif: String,
    oif: String,
    src: IpAddr,
    dst: IpAddr,
    protocol: u8,
    sport: u16,
    dport: u16,
    tcp_flags: u8,
    icmp_type: u8,
    icmp_code: u8,
    ttl: u8,
    tos: u8,
    mark: u32,
    fragment: u16,
    connection: &'static str,
    ct_mark: u32,
}

impl Sent {
    /// The packet as it has to be sent to be seen at `hook`.
    ///
    /// States that no single packet can have before rules run, such as untracked, are sent as new.
    pub fn new(example: &Example, family: Family, hook: Hook) -> Self {
        let address = |number: u128| match family {
            Family::Ip => IpAddr::from(Ipv4Addr::from(number as u32)),
            _ => IpAddr::from(Ipv6Addr::from(number)),
        };
        let way = match hook {
            Hook::Input => "in",
            Hook::Output => "out",
            Hook::Postrouting if example.iif.is_empty() => "out",
            Hook::Prerouting | Hook::Forward | Hook::Postrouting => "forward",
        };
        let icmp = matches!(example.protocol, 1 | 58);
        let [icmp_type, icmp_code] = if icmp { example.sport.to_be_bytes() } else { [8, 0] };
        Sent {
            way,
            iif: example.iif.clone(),
            oif: example.oif.clone(),
            src: address(example.source),
            dst: address(example.destination),
            protocol: example.protocol,
            sport: example.sport,
            dport: example.dport,
            tcp_flags: example.tcp_flags,
            icmp_type,
            icmp_code,
            ttl: example.ttl,
            tos: example.tos,
            mark: example.mark,
            fragment: example.fragment,
            connection: match example.ct_state {
                2 => "established",
                4 => "related",
                _ => "new",
            },
            ct_mark: example.ct_mark,
        }
    }
}
