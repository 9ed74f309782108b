//! The marking ruleset: nft chains before and behind all others that show each packet at each hook.
//!
//! It stands in both namespaces, so that both are looked at by the same eyes. It uses nothing that would
//! switch connection tracking on, since tracking brings reassembly and changes what rules see.

use std::fmt::Write;

/// The group that the probe logs to.
pub const GROUP: u16 = 60001;
/// The group that `LOG` and `log` lines are led to; see `logs`.
pub const KERNEL_LOG_GROUP: u16 = 60002;
/// Prefix of the record that carries a hash of the packet's priority instead of its mark.
pub const PRIORITY: &str = "priority";

/// The probe for one family. `marks`: packet number and the mark it comes in with.
pub fn ruleset(v6: bool, marks: &[(u32, u32)]) -> String {
    let (family, number) = if v6 { ("ip6", "ip6 flowlabel") } else { ("ip", "ip id") };
    let mut text = format!("table {family} ipt2nft_probe {{\n");
    if !marks.is_empty() {
        text.push_str("chain first {\ntype filter hook prerouting priority -2000000000; policy accept;\n");
        let elements: Vec<String> = marks.iter().map(|(id, mark)| format!("{id} : {mark:#x}")).collect();
        let _ = writeln!(text, "meta mark set {number} map {{ {} }}\n}}", elements.join(", "));
    }
    for hook in ["prerouting", "input", "forward", "output", "postrouting"] {
        let _ = writeln!(
            text,
            "chain last_{hook} {{\ntype filter hook {hook} priority 2000000000; policy accept;\nlog group {GROUP}\n}}"
        );
    }
    // Behind the last record of the mark, the mark can be used to carry the priority.
    let _ = writeln!(
        text,
        "chain priorities {{\ntype filter hook postrouting priority 2000000001; policy accept;\n\
         meta priority != 0 meta mark set jhash meta priority mod 4294967295 seed 0x1 \
         log prefix \"{PRIORITY}\" group {GROUP}\n}}\n}}"
    );
    text
}
