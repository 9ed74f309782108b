//! What rulesets cost the kernel per packet, and how long they take to load: a dump under iptables, rule for rule,
//! merged, merged with what does nothing taken out, and as `nft -o` makes it of rule for rule. Linux and root only.
//!
//! `cargo bench --bench dataplane [-- FILTER]` runs the shapes, and the dumps of the folder that IPT2NFT_CORPUS
//! names, whose names hold FILTER. `OPTIMIZER` names the nft that optimizes (nft), `PACKETS` how many packets (200),
//! `ROUNDS` how often (15). Microseconds are processor time beyond what no rules cost, of each packet in its best round;
//! all rulesets of a line get the same packets in turn. On a busy machine `taskset -c 1` makes figures steadier: those of
//! two runs then agree within 0.05 us. Behind each column but the first of iptables stands the time as a multiple of iptables'. The
//! last lines are geometric means over all dumps, and those dumps where merging made packets slower than rule for
//! rule by more than the noise (0.5 us and a quarter).

#[cfg(target_os = "linux")]
mod shapes;
#[cfg(target_os = "linux")]
#[path = "../tests/support/mod.rs"]
mod support;

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
fn main() {
    linux::main();
}

#[cfg(target_os = "linux")]
mod linux {
    use std::path::{Path, PathBuf};
    use std::process::{Command, Stdio};

    use ipt2nft::kernel::{Cost, Effort, Kind, Measured, Ruleset, costs};
    use ipt2nft::packet::Family;

    use super::shapes;

    const COLUMNS: [&str; 5] = ["iptables", "rule for rule", "merged", "pruned", "nft -o"];

    pub fn main() {
        let filter = std::env::args().skip(1).find(|a| !a.starts_with('-')).unwrap_or_default();
        let optimizer = PathBuf::from(std::env::var_os("OPTIMIZER").unwrap_or_else(|| "nft".into()));
        let number = |name: &str, most: usize| std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(most);
        let effort = Effort { packets: number("PACKETS", 200), rounds: number("ROUNDS", 15), seed: 1 };
        println!(
            "{:20} {:>9} {:>16} {:>16} {:>16} {:>16}   seconds to load",
            "dump", COLUMNS[0], COLUMNS[1], COLUMNS[2], COLUMNS[3], COLUMNS[4]
        );
        let mut lines = Vec::new();
        for (name, text) in dumps().into_iter().filter(|(name, _)| name.contains(&filter)) {
            match line(&name, text, &optimizer, effort) {
                Ok(line) => {
                    line.print();
                    lines.push(line);
                }
                Err(why) => println!("{name:20} left out: {why}"),
            }
        }
        sum_up(&lines);
    }

    /// Shapes, and the corpus.
    fn dumps() -> Vec<(String, String)> {
        let sizes = [("kube", 10_000), ("block", 10_000), ("ports", 2_000), ("fail2ban", 20_000)];
        let mut all: Vec<(String, String)> = Vec::new();
        for (name, size) in sizes {
            let text = shapes::shape(name, size).expect("a shape");
            all.push((format!("{name} {size}"), text.clone()));
            if text.contains("-j LOG") {
                let without = text.lines().filter(|l| !l.contains("-j LOG")).map(|l| format!("{l}\n")).collect();
                all.push((format!("{name} {size}, no LOG"), without));
            }
        }
        let corpus = super::support::dumps::corpus().into_iter();
        all.extend(corpus.filter_map(|dump| Some((dump.name, String::from_utf8(dump.text).ok()?))));
        all
    }

    /// Times of one dump, in the order of `COLUMNS`; `None` where a ruleset cannot be had or loaded.
    struct Line {
        name: String,
        costs: [Option<Cost>; 5],
    }

    fn line(name: &str, text: String, optimizer: &Path, effort: Effort) -> Result<Line, String> {
        let family = if name.ends_with(".v6") { Family::Ip6 } else { Family::Ip };
        let dump = Ruleset { text, kind: Kind::Save(family), ipset: None };
        let nft = |text: String| Ruleset { text, kind: Kind::Nft, ipset: None };
        let plain = nft(translated(&dump, family, &["--merge", "none"])?);
        let merged = nft(translated(&dump, family, &[])?);
        let pruned = nft(translated(&dump, family, &["--prune"])?);
        let optimized = optimized(&plain, optimizer).map(nft);
        let usual = Path::new("nft");
        let rulesets = [Some(&dump), Some(&plain), Some(&merged), Some(&pruned), optimized.as_ref()];
        let mut measured = vec![Measured { ruleset: None, nft: usual }];
        measured.extend(rulesets.iter().flatten().map(|&ruleset| Measured { ruleset: Some(ruleset), nft: usual }));
        if let (Some(last), Some(_)) = (measured.last_mut(), &optimized) {
            last.nft = optimizer;
        }
        let mut costs = costs(&dump, &measured, effort).into_iter();
        let nothing = costs.next().ok_or("nothing was measured")?.map_err(|why| why.to_string())?;
        let net = |cost: Cost| Cost { packet: cost.packet - nothing.packet, ..cost };
        let first = costs.next().ok_or("nothing was measured")?.map_err(|why| why.to_string())?;
        let mut rest = || costs.next().and_then(Result::ok).map(net);
        Ok(Line { name: name.to_owned(), costs: [Some(net(first)), rest(), rest(), rest(), rest()] })
    }

    fn translated(dump: &Ruleset, family: Family, options: &[&str]) -> Result<String, String> {
        let family = if family == Family::Ip6 { "-6" } else { "-4" };
        let mut command = Command::new(env!("CARGO_BIN_EXE_ipt2nft"));
        command.args(["--quiet", "--no-prove", family]).args(options);
        through(command, &dump.text).ok_or_else(|| "cannot be translated".to_owned())
    }

    /// What `nft -o` makes of a ruleset, listed from a namespace of its own, unless that takes too long.
    fn optimized(plain: &Ruleset, optimizer: &Path) -> Option<String> {
        let mut command = Command::new("timeout");
        command
            .args(["120", "unshare", "-n", "sh", "-c", "\"$0\" -o -f - > /dev/null && \"$0\" list ruleset"])
            .arg(optimizer);
        through(command, &plain.text)
    }

    fn through(mut command: Command, input: &str) -> Option<String> {
        let folder = tempfile::tempdir().ok()?;
        let file = folder.path().join("input");
        std::fs::write(&file, input).ok()?;
        command.stdin(std::fs::File::open(&file).ok()?).stderr(Stdio::null());
        let output = command.output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    impl Line {
        fn packet(&self, column: usize) -> Option<f64> {
            self.costs.get(column).copied().flatten().map(|cost| cost.packet)
        }

        /// As a multiple of what iptables takes; what takes less than a tenth of a microsecond counts as that.
        fn ratio(&self, column: usize) -> Option<f64> {
            Some(self.packet(column)?.max(0.1) / self.packet(0)?.max(0.1))
        }

        fn print(&self) {
            let cell = |column| match (self.packet(column), self.ratio(column)) {
                (Some(packet), Some(ratio)) => format!("{packet:8.2} {ratio:6.2}x"),
                _ => "-".to_owned(),
            };
            let load = self.costs.map(|cost| cost.map_or("-".to_owned(), |cost| format!("{:.2}", cost.load)));
            let first = self.packet(0).unwrap_or_default();
            println!(
                "{:20} {first:9.2} {:>16} {:>16} {:>16} {:>16}   {}",
                self.name,
                cell(1),
                cell(2),
                cell(3),
                cell(4),
                load.join(" ")
            );
        }

        fn is_slower_merged(&self) -> bool {
            let (Some(plain), Some(merged)) = (self.packet(1), self.packet(2)) else { return false };
            merged > plain + 0.5 && merged > plain * 1.25
        }
    }

    fn sum_up(lines: &[Line]) {
        for (column, name) in COLUMNS.iter().enumerate().skip(1) {
            let ratios: Vec<f64> = lines.iter().filter_map(|line| line.ratio(column)).collect();
            if ratios.is_empty() {
                continue;
            }
            let mean = (ratios.iter().map(|ratio| ratio.ln()).sum::<f64>() / ratios.len() as f64).exp();
            println!("{name}: {mean:.2} times what iptables takes, over {} dumps", ratios.len());
        }
        for line in lines.iter().filter(|line| line.is_slower_merged()) {
            println!("{}: merged is slower than rule for rule", line.name);
        }
    }
}
