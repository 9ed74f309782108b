//! A rule in a place, read here and by the legacy tools, and what the two are known to judge differently.

use std::fmt::Write as _;
use std::process::Command;

use ipt2nft::diag::Source;
use ipt2nft::packet::Family;
use ipt2nft::save::parse;

use crate::cases;

/// Lines that are judged differently: family, what stands in them, and why.
const KNOWN: &[(&str, &str, &str)] = &[
    ("", "--mss 65536", "the tool keeps the lower bits of such a number; refused here"),
    ("", "--wscale 256", "likewise"),
    ("", "--left-shift-mark 32 --right-shift-mark", "the tool looks at the last shift only"),
    ("", "-j SET !", "the tool takes no notice of `!`, which says that somebody meant something else"),
    ("", " ! --exist", "likewise"),
    ("", "src ! --timeout", "likewise"),
    ("", "--exist ! --timeout", "likewise"),
    ("", "! --add-set", "likewise"),
    ("", "! --map-", "likewise"),
    ("6", "-j SET", "the sets that the tool finds here hold IPv4 addresses"),
    ("6", "-j RATEEST", "the tool's IPv4 rules have taken the name"),
    ("6", "-j CT --helper", "the kernel has some helpers for IPv4 only"),
    ("6", "-p icmp -j MASQUERADE --to-ports", "ICMP of IPv4, which no IPv6 packet carries; refused here"),
    ("6", "-p icmp -j REDIRECT --to-ports", "likewise"),
];

/// Whether a line is judged differently, and it is known why.
pub fn is_known(line: &Line) -> bool {
    let family = if line.v6 { "6" } else { "4" };
    KNOWN.iter().any(|(of, part, _)| (of.is_empty() || *of == family) && line.rule.contains(part))
}

/// A rule, where it stands, and in which family.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Line {
    pub v6: bool,
    pub table: String,
    pub rule: String,
}

impl Line {
    pub fn dump(&self) -> String {
        let chain = self.rule.split(' ').nth(1).unwrap_or_default();
        let own = !chain.chars().all(|c| c.is_ascii_uppercase());
        let declared = if own { format!(":{chain} - [0:0]\n") } else { String::new() };
        format!("*{}\n{declared}{}\nCOMMIT\n", self.table, self.rule)
    }

    pub fn is_taken_here(&self) -> bool {
        let family = if self.v6 { Family::Ip6 } else { Family::Ip };
        let source = Source::new(0, "line", self.dump().into_bytes()).unwrap();
        !parse(&source, Some(family)).diagnostics.iter().any(|d| d.is_error())
    }

    pub fn with(&self, words: &[&str]) -> Line {
        Line { rule: words.join(" "), ..self.clone() }
    }
}

/// What the tools say of a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Judged {
    /// The kernel has it.
    pub loads: bool,
    /// The tool reads it, whatever the kernel says then.
    pub reads: bool,
}

/// What the tools say of each line.
pub fn judged(lines: &[&Line]) -> Vec<Judged> {
    let dir = tempfile::tempdir().unwrap();
    let mut script = String::from(cases::SETUP);
    for (n, line) in lines.iter().enumerate() {
        std::fs::write(dir.path().join(format!("{n}.in")), line.dump()).unwrap();
        let tool = if line.v6 { "ip6tables" } else { "iptables" };
        let restore = format!("{tool}-legacy-restore < {n}.in 2> {n}.err");
        writeln!(script, "if {restore}; then : > {n}.loads; elif {tool}-legacy-restore --test < {n}.in 2> {n}.err; then : > {n}.reads; fi").unwrap();
    }
    std::fs::write(dir.path().join("script"), script + ":\n").unwrap();
    let run = Command::new("unshare").args(["-n", "sh", "script"]).current_dir(dir.path()).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let there = |n: usize, what: &str| dir.path().join(format!("{n}.{what}")).exists();
    (0..lines.len())
        .map(|n| Judged { loads: there(n, "loads"), reads: there(n, "loads") || there(n, "reads") })
        .collect()
}
