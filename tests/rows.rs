//! Every row of the coverage table, tried: what is called exact translates, is not proved wrong, loads on each
//! nft at hand, and the kernel treats packets aimed at it as legacy iptables does; what is approximate is
//! refused until it is asked for; what is refused says why and what to do.

#[cfg(target_os = "linux")]
#[path = "rows/kernel.rs"]
mod kernel;
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
    add nets 10.1.0.0/16 nomatch\ncreate allowed hash:ip,port\nadd allowed 192.0.2.8,tcp:22\n\
    create banned hash:ip timeout 600\n\
    create marks hash:ip skbinfo\nadd marks 192.0.2.10 skbmark 0x1/0xff skbprio 1:a\nadd marks 192.0.2.11 skbmark 0x2\n";

/// Newer than all features.
fn newest() -> Target {
    "nft=1.1.7,kernel=6.18".parse().unwrap()
}

/// A row with a dump of its example in one family.
struct Row {
    name: String,
    coverage: &'static Coverage,
    family: Family,
    source: [Source; 1],
    text: String,
}

impl Row {
    fn translate(&self, target: Target, approximate: bool) -> Translation {
        let (ipsets, problems): (Ipsets, _) = ipset::parse(IPSETS.as_bytes());
        assert!(problems.is_empty());
        let lower = lower::Options { target, approximate, ipsets, ..lower::Options::default() };
        let merge = optimize::Options { target, ..optimize::Options::default() };
        translate(&self.source, &Options { family: Some(self.family), lower, merge, ..Options::default() })
    }
}

/// The codes of the errors.
fn errors(translation: &Translation) -> Vec<&'static str> {
    translation.diagnostics.iter().filter(|d| d.is_error()).map(|d| d.code).collect()
}

fn extensions() -> impl Iterator<Item = &'static Extension> {
    std::iter::once(registry::standard())
        .chain(registry::MATCHES.iter().copied())
        .chain(registry::TARGETS.iter().copied())
}

/// Each row in the family of its example.
fn rows() -> Vec<Row> {
    let each = extensions().flat_map(|extension| extension.coverage.iter().map(move |row| (extension, row)));
    each.map(|(extension, row)| {
        read(extension, row, row.family).unwrap_or_else(|| panic!("no chain takes the example {}", row.example))
    })
    .collect()
}

/// The example in the first chain that it can stand in.
fn read(extension: &Extension, coverage: &'static Coverage, family: Family) -> Option<Row> {
    const TABLES: [&str; 5] = ["filter", "mangle", "nat", "raw", "security"];
    const CHAINS: [&str; 5] = ["INPUT", "PREROUTING", "FORWARD", "OUTPUT", "POSTROUTING"];
    let name = format!("{} {}", extension.name, coverage.option);
    let places = TABLES.iter().flat_map(|table| CHAINS.map(|chain| (table, chain)));
    places.into_iter().find_map(|(table, chain)| {
        // What a rule has written to a set shows in who is found there.
        let asks = if coverage.example.contains(" banned ") {
            format!("-A {chain} -m set --match-set banned src -j DROP\n")
        } else {
            String::new()
        };
        let text = format!("*{table}\n-A {chain} {}\n{asks}COMMIT\n", coverage.example);
        let source = Source::new(0, "example", text.clone().into_bytes())?;
        let parsed = ipt2nft::save::parse(&source, Some(family));
        let reads = parsed.diagnostics.iter().all(|d| !d.is_error() || d.trouble != Trouble::Unreadable);
        reads.then(|| Row { name: name.clone(), coverage, family, source: [source], text })
    })
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
