//! Every row of the coverage table, tried: what is called exact translates, is not proved wrong, loads on each
//! nft at hand, and the kernel treats packets aimed at it as legacy iptables does; what is approximate is
//! refused until it is asked for; what is refused says why and what to do.

mod support;

use ipt2nft::diag::{Source, Trouble};
use ipt2nft::nft::print::{Style, print};
use ipt2nft::nft::version::Target;
use ipt2nft::packet::Family;
use ipt2nft::save::ext::{Coverage, Extension, Grade, registry};
use ipt2nft::save::ipset::{self, Ipsets};
use ipt2nft::translate::{Options, Translation, translate};
use ipt2nft::{lower, optimize};
use support::nft;

/// The sets that examples name.
const IPSETS: &str = "create blocked hash:ip counters\nadd blocked 192.0.2.7\ncreate nets hash:net\nadd nets 10.0.0.0/8\n\
    add nets 10.1.0.0/16 nomatch\ncreate allowed hash:ip,port\nadd allowed 192.0.2.8,tcp:22\n";

/// Newer than all features.
fn newest() -> Target {
    "nft=1.1.7,kernel=6.18".parse().unwrap()
}

/// A row with a dump of its example.
struct Row {
    name: String,
    coverage: &'static Coverage,
    source: [Source; 1],
    text: String,
}

impl Row {
    fn translate(&self, target: Target, approximate: bool) -> Translation {
        let (ipsets, problems): (Ipsets, _) = ipset::parse(IPSETS.as_bytes());
        assert!(problems.is_empty());
        let lower = lower::Options { target, approximate, ipsets, ..lower::Options::default() };
        let merge = optimize::Options { target, ..optimize::Options::default() };
        translate(&self.source, &Options { family: Some(self.coverage.family), lower, merge, ..Options::default() })
    }
}

/// The codes of the errors.
fn errors(translation: &Translation) -> Vec<&'static str> {
    translation.diagnostics.iter().filter(|d| d.is_error()).map(|d| d.code).collect()
}

fn rows() -> Vec<Row> {
    let standard = std::iter::once(registry::standard());
    let extensions = standard.chain(registry::MATCHES.iter().copied()).chain(registry::TARGETS.iter().copied());
    extensions.flat_map(|extension| extension.coverage.iter().map(|row| read(extension, row))).collect()
}

/// The example in the first chain that it can stand in.
fn read(extension: &Extension, coverage: &'static Coverage) -> Row {
    const TABLES: [&str; 5] = ["filter", "mangle", "nat", "raw", "security"];
    const CHAINS: [&str; 5] = ["INPUT", "PREROUTING", "FORWARD", "OUTPUT", "POSTROUTING"];
    let name = format!("{} {}", extension.name, coverage.option);
    for table in TABLES {
        for chain in CHAINS {
            let text = format!("*{table}\n-A {chain} {}\nCOMMIT\n", coverage.example);
            let source = Source::new(0, "example", text.clone().into_bytes()).unwrap();
            let parsed = ipt2nft::save::parse(&source, Some(coverage.family));
            if parsed.diagnostics.iter().all(|d| !d.is_error() || d.trouble != Trouble::Unreadable) {
                return Row { name, coverage, source: [source], text };
            }
        }
    }
    panic!("{name}: no chain takes the example {}", coverage.example);
}

#[test]
fn rows_are_what_they_say() {
    let mut wrong = Vec::new();
    for row in rows() {
        let plain = row.translate(newest(), false);
        let refused = plain.diagnostics.iter().find(|d| d.trouble == Trouble::Untranslatable);
        match (row.coverage.grade, refused) {
            (Grade::Exact, None) => {}
            (Grade::Exact, Some(why)) => wrong.push(format!("{}: not exact: {}", row.name, why.message)),
            (_, None) => wrong.push(format!("{}: translated, though it says otherwise", row.name)),
            (_, Some(refused)) if refused.help.is_empty() => wrong.push(format!("{}: no next step", row.name)),
            (Grade::Approximate, Some(_)) => {
                let errors = errors(&row.translate(newest(), true));
                wrong.extend((!errors.is_empty()).then(|| format!("{}: on request: {errors:?}", row.name)));
            }
            (Grade::Refused, Some(_)) => {}
        }
        if row.coverage.grade != Grade::Refused && row.coverage.note.is_empty() && row.coverage.grade != Grade::Exact {
            wrong.push(format!("{}: says not what differs", row.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What the kernel lacks says nothing of nft.
fn is_taken(why: &str) -> bool {
    ["Could not process rule: Operation not supported", "No such file or directory", "cgroup"]
        .iter()
        .any(|words| why.contains(words))
}

#[test]
fn exact_rows_load() {
    let (mut wrong, mut loaded, mut elsewhere) = (Vec::new(), 0, 0);
    for nft in nft::programs() {
        let target = Target { nft: nft.version, kernel: None };
        for row in rows().into_iter().filter(|row| row.coverage.grade == Grade::Exact) {
            let translation = row.translate(target, false);
            if !errors(&translation).is_empty() {
                elsewhere += 1;
                continue;
            }
            let text = print(&translation.ruleset, &Style::default()).unwrap();
            match nft.load_twice("", &text) {
                Ok(()) => loaded += 1,
                Err(why) if is_taken(&why) => elsewhere += 1,
                Err(why) => wrong.push(format!("{}: {why}{}", row.name, String::from_utf8_lossy(&text))),
            }
        }
    }
    println!("{loaded} times loaded; {elsewhere} times newer nft or more of the kernel is needed");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Minutes of packets, and some rows are decided by time: `cargo test --test rows -- --ignored`, on an idle machine.
#[cfg(target_os = "linux")]
#[test]
#[ignore = "takes minutes: cargo test --test rows -- --ignored"]
fn the_kernel_treats_exact_rows_alike() {
    use ipt2nft::kernel::{Kind, Loader, Options, Ruleset, lacking, replay};

    let system = "nft".as_ref();
    let ruleset = |text: String, kind| Ruleset { text, kind, ipset: None };
    let nothing = || ruleset(String::new(), Kind::Nft);
    let dump = ruleset("*filter\nCOMMIT\n".into(), Kind::Save(Family::Ip));
    let missing = lacking([(&dump, Loader::Legacy), (&nothing(), Loader::Legacy)], system);
    if !missing.is_empty() {
        return support::skip(&missing.join("; "));
    }
    let (mut wrong, mut tried, mut untried) = (Vec::new(), 0, Vec::new());
    for row in rows().into_iter().filter(|row| row.coverage.grade == Grade::Exact) {
        let translation = row.translate(Target::default(), false);
        if !errors(&translation).is_empty() {
            untried.push(format!("{}: needs a newer nft than Debian 12's", row.name));
            continue;
        }
        let text = String::from_utf8(print(&translation.ruleset, &Style::default()).unwrap()).unwrap();
        let old = Ruleset {
            ipset: row.text.contains("-set ").then(|| IPSETS.into()),
            ..ruleset(row.text.clone(), Kind::Save(row.coverage.family))
        };
        let options = Options { packets: 300, enough: 1, ..Options::default() };
        match replay(&old, &ruleset(text.clone(), Kind::Nft), &options, &mut |_| {}) {
            Ok(report) if report.is_equal() => tried += 1,
            Ok(report) => wrong.push(format!("{}:\n{}{text}{report}", row.name, row.text)),
            Err(why) => untried.push(format!("{}: {why}", row.name)),
        }
    }
    println!("{tried} rows tried in the kernel, {} not:\n{}", untried.len(), untried.join("\n"));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
