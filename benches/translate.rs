//! How fast translating is and how much room it takes, beside `iptables-restore-translate` in the same run.
//!
//! `cargo bench --bench translate [-- FILTER]` prints a line per shape, merge level, and with or without the proof:
//! seconds (the best of nine with the proof left out, each a process of its own), how many times as long the other tool
//! takes, and the largest amount of memory in use as a multiple of the input. `TRANSLATE=path` names the other tool;
//! without one only our own figures are printed. Lines whose shape and level hold FILTER are run.

mod shapes;
mod timing;

use timing::{Run, best};

const SHAPES: [(&str, u32); 4] = [("kube", 10_000), ("block", 100_000), ("ports", 20_000), ("fail2ban", 20_000)];
const LEVELS: [&str; 3] = ["none", "safe", "full"];

fn main() {
    let filter = std::env::args().skip(1).find(|a| !a.starts_with('-')).unwrap_or_default();
    let tool = std::env::var("TRANSLATE").unwrap_or_else(|_| "iptables-restore-translate".to_owned());
    let folder = tempfile::tempdir().expect("a folder");
    println!(
        "{:16} {:5} {:6} {:>9} {:>9} {:>6} {:>8}",
        "shape", "merge", "proof", "seconds", "theirs", "ratio", "memory"
    );
    for (name, size) in SHAPES {
        let dump = shapes::shape(name, size).expect("a shape");
        let file = folder.path().join("dump.v4");
        std::fs::write(&file, &dump).expect("written");
        let title = format!("{name} {size}");
        let chosen: Vec<&str> = LEVELS.into_iter().filter(|l| format!("{title} {l}").contains(&filter)).collect();
        let theirs = if chosen.is_empty() { None } else { best(5, &tool, &["-f"], &file).map(|run| run.seconds) };
        for level in chosen {
            for (proof, times, options) in [("no", 9, &["--no-prove"][..]), ("yes", 1, &[])] {
                let args = [&["--quiet", "--merge", level][..], options].concat();
                let ours = best(times, env!("CARGO_BIN_EXE_ipt2nft"), &args, &file);
                line(&title, level, proof, ours, theirs, dump.len());
            }
        }
    }
}

fn line(shape: &str, level: &str, proof: &str, ours: Option<Run>, theirs: Option<f64>, bytes: usize) {
    let number = |n: Option<f64>, digits| n.map_or("-".to_owned(), |n| format!("{n:.digits$}"));
    let seconds = ours.map(|run| run.seconds);
    let ratio = seconds.zip(theirs).map(|(ours, theirs)| theirs / ours);
    let memory = ours.map(|run| run.bytes as f64 / bytes as f64);
    println!(
        "{shape:16} {level:5} {proof:6} {:>9} {:>9} {:>6} {:>8}",
        number(seconds, 3),
        number(theirs, 3),
        number(ratio, 1),
        number(memory, 1)
    );
}
