//! How long linting takes for 10,000 rules of every shape: `cargo bench --bench lint [-- FILTER]`.
//!
//! A line per shape: rules, seconds (the best of three, each a process of its own), the most memory in use, and
//! findings by severity; `LATE` stands behind what takes longer than two seconds. Shapes whose name holds FILTER are run.

use std::process::Command;

mod shapes;
mod timing;

/// Seconds that nothing of this size should take.
const MOST: f64 = 2.0;
/// Rules of each shape.
const RULES: u32 = 10_000;
/// Shapes, and how many rules each has per unit of size.
const SHAPES: [(&str, u32); 15] = [
    ("kube", 11),
    ("block", 1),
    ("ports", 1),
    ("fail2ban", 1),
    ("mixed", 1),
    ("mixed6", 1),
    ("stateful", 1),
    ("nested", 1),
    ("multiport", 1),
    ("zones", 1),
    ("tenants", 1),
    ("returns", 1),
    ("anything", 1),
    ("marks", 1),
    ("forwards", 1),
];

fn main() {
    let filter = std::env::args().skip(1).find(|a| !a.starts_with('-')).unwrap_or_default();
    let folder = tempfile::tempdir().expect("a folder");
    println!("{:12} {:>8} {:>9} {:>8}  findings", "shape", "rules", "seconds", "MiB");
    for (name, per_unit) in SHAPES.into_iter().filter(|(name, _)| name.contains(&filter)) {
        let dump = shapes::shape(name, RULES / per_unit).expect("a shape");
        let file = folder.path().join(if name.ends_with('6') { "rules.v6" } else { "rules.v4" });
        std::fs::write(&file, &dump).expect("written");
        let rules = dump.lines().filter(|line| line.starts_with("-A")).count();
        let program = env!("CARGO_BIN_EXE_ipt2nft");
        let run = timing::best(3, program, &["lint"], &file).expect("dumps that can be linted");
        let said = Command::new(program).args(["lint", "--format", "json"]).arg(&file).output().expect("started");
        let (mib, mark) = (run.bytes >> 20, if run.seconds > MOST { "  LATE" } else { "" });
        println!("{name:12} {rules:>8} {:>9.3} {mib:>8}  {}{mark}", run.seconds, findings(&said.stdout));
    }
}

/// How many findings of each severity.
fn findings(json: &[u8]) -> String {
    let report: serde_json::Value = serde_json::from_slice(json).expect("json");
    let all = report["findings"].as_array().expect("findings");
    let of = |severity: &str| all.iter().filter(|finding| finding["severity"] == severity).count();
    format!("{} errors, {} warnings, {} notes", of("error"), of("warning"), of("note"))
}
