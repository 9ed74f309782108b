//! How fast translating is, beside `iptables-restore-translate` in the same run.
//!
//! `cargo bench` prints a line per shape: rules, seconds of both (the best of three, each a process of its
//! own), and the ratio. `TRANSLATE=path` names another tool; without one only our own time is printed.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

fn main() {
    let tool = std::env::var("TRANSLATE").unwrap_or_else(|_| "iptables-restore-translate".to_owned());
    let folder = tempfile::tempdir().expect("a folder");
    println!("{:22} {:>9} {:>10} {:>10} {:>7}", "shape", "rules", "ours s", "theirs s", "ratio");
    for (name, dump) in [
        ("block 20,000", block(20_000)),
        ("block 100,000", block(100_000)),
        ("services 500 x 3", services(500, 3)),
        ("services 10,000 x 3", services(10_000, 3)),
    ] {
        let file = folder.path().join("dump.v4");
        std::fs::write(&file, &dump).expect("written");
        let rules = dump.lines().filter(|l| l.starts_with("-A")).count();
        let ours = best(env!("CARGO_BIN_EXE_ipt2nft"), &["--no-prove", "--quiet"], &file);
        // The other tool needs minutes for the largest shape.
        let theirs = if rules > 110_000 && !name.starts_with("block") { None } else { best(&tool, &["-f"], &file) };
        let ratio = ours.zip(theirs).map_or("-".to_owned(), |(a, b)| format!("{:.1}", b / a));
        let shown = |t: Option<f64>| t.map_or("-".to_owned(), |t| format!("{t:.3}"));
        println!("{name:22} {rules:>9} {:>10} {:>10} {ratio:>7}", shown(ours), shown(theirs));
    }
}

fn best(program: &str, args: &[&str], file: &Path) -> Option<f64> {
    (0..3).map(|_| once(program, args, file)).min_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal))?
}

fn once(program: &str, args: &[&str], file: &Path) -> Option<f64> {
    let start = Instant::now();
    let status =
        Command::new(program).args(args).arg(file).stdout(Stdio::null()).stderr(Stdio::null()).status().ok()?;
    status.success().then(|| start.elapsed().as_secs_f64())
}

/// Blocked sources, every fourth with a LOG rule before it.
fn block(count: u32) -> String {
    let mut out = String::from("*filter\n:INPUT ACCEPT [0:0]\n");
    for n in 0..count {
        let address = std::net::Ipv4Addr::from((1 << 24) + n.wrapping_mul(2_654_435_761) % (200 << 24));
        if n % 4 == 0 {
            let _ = writeln!(out, "-A INPUT -s {address}/32 -j LOG --log-prefix \"blocked: \"");
        }
        let _ = writeln!(out, "-A INPUT -s {address}/32 -j DROP");
    }
    out + "COMMIT\n"
}

/// A chain per service and per endpoint, as kube-proxy makes them.
fn services(count: u32, endpoints: u32) -> String {
    let mut out = String::from("*nat\n:PREROUTING ACCEPT [0:0]\n:SERVICES - [0:0]\n");
    for s in 0..count {
        let _ = writeln!(out, ":SVC-{s} - [0:0]");
        for e in 0..endpoints {
            let _ = writeln!(out, ":SEP-{s}-{e} - [0:0]");
        }
    }
    out.push_str("-A PREROUTING -j SERVICES\n");
    for s in 0..count {
        let address = std::net::Ipv4Addr::from((10 << 24 | 96 << 16) + 10 + s);
        let _ = writeln!(out, "-A SERVICES -d {address}/32 -p tcp -m tcp --dport 80 -j SVC-{s}");
        for e in 0..endpoints {
            let pod = std::net::Ipv4Addr::from((10 << 24 | 244 << 16) + 2 + (s * endpoints + e) % 60_000);
            let _ = writeln!(out, "-A SVC-{s} -m comment --comment \"svc{s} {e}\" -j SEP-{s}-{e}");
            let _ = writeln!(out, "-A SEP-{s}-{e} -s {pod}/32 -j RETURN");
            let _ = writeln!(out, "-A SEP-{s}-{e} -p tcp -m tcp -j DNAT --to-destination {pod}:80");
        }
    }
    out + "COMMIT\n"
}
