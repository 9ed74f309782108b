//! What a replay needs of the machine.
//!
//! Invariant: asking changes nothing; a namespace is made on a thread that ends at once.

use std::path::{Path, PathBuf};
use std::{env, thread};

use super::{Kind, Loader, Ruleset, netns};
use crate::packet::Family;

/// What is missing, each with what to do about it; empty when a replay can start.
pub fn lacking(rulesets: [(&Ruleset, Loader); 2], nft: &Path) -> Vec<String> {
    let mut out = Vec::new();
    if !nix::unistd::geteuid().is_root() {
        out.push("not root: packets can only be sent through rules with root's rights; run with sudo".to_owned());
    } else if let Ok(Err(e)) = thread::spawn(netns::enter).join() {
        out.push(format!(
            "cannot make a network namespace ({e}): in a container, give it CAP_SYS_ADMIN and CAP_NET_ADMIN"
        ));
    }
    if !Path::new("/dev/net/tun").exists() {
        out.push("/dev/net/tun is missing: load the tun module (modprobe tun)".to_owned());
    }
    if find(&nft.to_string_lossy()).is_none() {
        out.push(format!("{} is not there: install nftables, or name it with --nft", nft.display()));
    }
    for (ruleset, loader) in rulesets {
        if let Kind::Save(family) = ruleset.kind {
            let name = restore_name(family, loader);
            if find(name).is_none() {
                out.push(format!("{name} is not there: install iptables, or choose another with --old-loader"));
            }
        }
        if ruleset.ipset.is_some() && find("ipset").is_none() {
            out.push("ipset is not there: install it".to_owned());
        }
    }
    out.dedup();
    out
}

/// The program that loads a dump.
pub const fn restore_name(family: Family, loader: Loader) -> &'static str {
    match (family, loader) {
        (Family::Ip6, Loader::Legacy) => "ip6tables-legacy-restore",
        (Family::Ip6, Loader::Nft) => "ip6tables-nft-restore",
        (_, Loader::Legacy) => "iptables-legacy-restore",
        (_, Loader::Nft) => "iptables-nft-restore",
    }
}

fn find(name: &str) -> Option<PathBuf> {
    if name.contains('/') {
        return Some(PathBuf::from(name)).filter(|path| path.exists());
    }
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|dir| dir.join(name)).find(|candidate| candidate.exists())
}
