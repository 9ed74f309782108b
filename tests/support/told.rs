//! Differences between the kernel's two ways that `docs/semantics.md` tells, recognised by their packets.

use std::net::IpAddr;

use ipt2nft::kernel::{Difference, Report};

/// All differences are about the type of a link-local address, which the dump's rules ask for.
pub fn type_of_link_local(dump: &str, report: &Report) -> bool {
    dump.contains("-m addrtype") && report.differences.iter().all(has_link_local)
}

fn has_link_local(difference: &Difference) -> bool {
    let packet = &difference.case.packet;
    [packet.src, packet.dst].iter().any(|address| match address {
        IpAddr::V4(_) => false,
        IpAddr::V6(address) => address.is_unicast_link_local(),
    })
}
