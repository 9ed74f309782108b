//! `-j SNPT`: another source prefix of IPv6 addresses without state (iptables-extensions(8), *SNPT*).

use crate::packet::{Field, Hook};
use crate::save::ext::prefix_translation::{self, row};
use crate::save::ext::{Extension, Families, Lower};

pub static EXTENSION: Extension = Extension {
    name: "SNPT",
    aliases: &[],
    families: Families::Ip6,
    options: prefix_translation::OPTIONS,
    check: |part, cx| prefix_translation::check(part, cx, &[Hook::Input, Hook::Postrouting]),
    lower: Lower::Target(|part, cx| prefix_translation::lower(part, Field::Ip6Saddr, "snat", cx)),
    coverage: &[row("--src-pfx", EXAMPLE), row("--dst-pfx", EXAMPLE)],
};

const EXAMPLE: &str = "-j SNPT --src-pfx fd00::/64 --dst-pfx 2001:db8::/64";
