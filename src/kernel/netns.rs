//! A private network namespace for the calling thread.
//!
//! The namespace belongs to the thread: it is gone when the thread is, with its interfaces, rules,
//! connections and settings, however the thread ends (unshare(2), network_namespaces(7)). Nothing
//! has to be cleaned up, so nothing can be left behind.
//!
//! Invariant: no setting is written that reaches beyond the namespace. `/proc/sys/net` shows each
//! thread the settings of its own namespace; global ones are not there at all, or read-only.

use std::{fs, io};

use nix::sched::{CloneFlags, unshare};

/// What the namespace must do for packets to pass as sent: forward, ask no questions about sources,
/// answer without limits of rate, and send nothing on its own.
const SETTINGS: &[(&str, &str)] = &[
    ("net/ipv4/ip_forward", "1"),
    ("net/ipv6/conf/all/forwarding", "1"),
    ("net/ipv4/conf/all/rp_filter", "0"),
    ("net/ipv4/conf/default/rp_filter", "0"),
    ("net/ipv4/conf/all/accept_local", "1"),
    ("net/ipv4/conf/default/accept_local", "1"),
    ("net/ipv4/conf/all/route_localnet", "1"),
    ("net/ipv4/conf/default/route_localnet", "1"),
    ("net/ipv4/conf/all/send_redirects", "0"),
    ("net/ipv4/conf/default/send_redirects", "0"),
    ("net/ipv4/conf/all/accept_redirects", "0"),
    ("net/ipv4/conf/default/accept_redirects", "0"),
    ("net/ipv4/icmp_echo_ignore_all", "0"),
    ("net/ipv4/icmp_echo_ignore_broadcasts", "1"),
    ("net/ipv4/icmp_ratelimit", "0"),
    ("net/ipv6/icmp/ratelimit", "0"),
    ("net/ipv4/icmp_msgs_per_sec", "1000000"),
    ("net/ipv4/icmp_msgs_burst", "1000000"),
    ("net/ipv6/conf/all/accept_dad", "0"),
    ("net/ipv6/conf/default/accept_dad", "0"),
    ("net/ipv6/conf/default/accept_ra", "0"),
    ("net/ipv6/conf/default/router_solicitations", "0"),
    ("net/ipv6/conf/default/addr_gen_mode", "1"),
    ("net/ipv6/conf/default/mldv2_unsolicited_report_interval", "1000000"),
    ("net/ipv6/conf/all/disable_ipv6", "0"),
    ("net/ipv6/conf/default/disable_ipv6", "0"),
    ("net/ipv6/auto_flowlabels", "0"),
    ("net/ipv4/igmp_link_local_mcast_reports", "0"),
    ("net/ipv4/ip_nonlocal_bind", "1"),
    ("net/ipv6/ip_nonlocal_bind", "1"),
    ("net/netfilter/nf_conntrack_tcp_loose", "1"),
    ("net/netfilter/nf_conntrack_checksum", "1"),
];

/// Moves the calling thread into a new network namespace and sets it up. Programs that the thread starts are in it too.
///
/// # Errors
/// What unshare(2) says; `EPERM` without `CAP_SYS_ADMIN`.
pub fn enter() -> io::Result<()> {
    unshare(CloneFlags::CLONE_NEWNET)?;
    for (name, value) in SETTINGS {
        // Kernels differ in which of these they have; none is needed for a comparison to be fair,
        // since both sides get the same.
        let _ = fs::write(format!("/proc/sys/{name}"), value);
    }
    Ok(())
}
