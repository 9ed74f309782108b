//! What must hold of every dump: the legacy tool takes it, and each translation of it loads, is proved, and does the
//! same to packets.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use clap::ValueEnum;
use ipt2nft::certify::certify;
use ipt2nft::diag::Source;
use ipt2nft::kernel::{self, Kind, Ruleset};
use ipt2nft::nft::print::{Style, print};
use ipt2nft::optimize::Level;
use ipt2nft::packet::Family;
use ipt2nft::prove::compare::Answer;
use ipt2nft::report::proof::{self, Sides};
use ipt2nft::save::ipset::{self, Ipsets};
use ipt2nft::translate::{Options, Translation, translate};

use crate::dump::Dump;
use crate::support::nft::Nft;
use crate::support::told;

/// How a dump fails; the word is the kind, by which shrinking knows that it is still the same.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    pub kind: &'static str,
    pub what: String,
}

impl Failure {
    pub fn new(kind: &'static str, what: impl Into<String>) -> Self {
        Failure { kind, what: what.into() }
    }
}

/// What was checked of a dump.
#[derive(Clone, Copy, Default, Debug)]
pub struct Checked {
    /// Translations loaded and proved: one per level of merging.
    pub proved: usize,
    pub packets: usize,
    pub bursts: usize,
    /// The one known difference keeps the packets from being compared.
    pub known: bool,
    /// The prover says that it does not know an extension: no failure, no proof.
    pub unread: bool,
    /// The prover ran out of time: no failure, no proof.
    pub slow: bool,
}

/// How much is done.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    pub packets: usize,
    pub seed: u64,
}

/// The sets that rules name, for one family.
pub fn sets(family: Family) -> String {
    let (inet, a, b, net, hole) = match family {
        Family::Ip6 => ("inet6", "2001:db8:1:2::3", "2001:db8:9::1", "2001:db8:1::/48", "2001:db8:1:2::/64"),
        _ => ("inet", "10.1.2.3", "203.0.113.9", "10.1.0.0/16", "10.1.2.0/24"),
    };
    format!(
        "create blocked hash:ip family {inet} hashsize 1024 maxelem 65536\nadd blocked {a}\nadd blocked {b}\n\
         create allowed hash:ip,port family {inet} hashsize 1024 maxelem 65536\nadd allowed {a},tcp:80\nadd allowed {b},udp:53\n\
         create nets hash:net family {inet} hashsize 1024 maxelem 65536\nadd nets {net}\nadd nets {hole} nomatch\n\
         create banned hash:ip family {inet} hashsize 1024 maxelem 65536 timeout 300\n\
         create hosts hash:net family {inet} hashsize 1024 maxelem 1024\nadd hosts {a}\n\
         create marks hash:ip family {inet} hashsize 1024 maxelem 65536 skbinfo\nadd marks {a} skbmark 0x1/0xff skbprio 1:a\n\
         add marks {b} skbmark 0x2\n"
    )
}

/// The same, read.
pub fn parsed_sets(family: Family) -> Ipsets {
    ipset::parse(sets(family).as_bytes()).0
}

/// How dumps of a family are translated.
pub fn options(family: Family, merge: Level) -> Options {
    let mut options = Options { family: Some(family), ..Options::default() };
    options.merge.level = merge;
    options.lower.ipsets = parsed_sets(family);
    options
}

/// The lines of a dump that are refused, each with why; `None` stands for the dump as a whole.
pub fn refused(dump: &Dump) -> Vec<(Option<u32>, String)> {
    let source = Source::new(0, "random", dump.to_string().into_bytes()).expect("small");
    let translation = translate(std::slice::from_ref(&source), &options(dump.family, Level::None));
    let errors = translation.diagnostics.iter().filter(|d| d.is_error());
    errors.map(|d| (d.place.map(|place| source.line(place.span.start)), d.message.clone())).collect()
}

/// Whether the legacy tool loads the dump; its words when not.
pub fn legacy(dump: &Dump) -> Result<(), String> {
    let tool = if dump.family == Family::Ip6 { "ip6tables-legacy-restore" } else { "iptables-legacy-restore" };
    let script = format!("ipset restore <<'END'\n{}END\nexec {tool}", sets(dump.family));
    in_namespace(&["sh", "-c", &script], &dump.to_string())
}

/// Whether this nft loads the text; its words when not.
fn loads(nft: &Nft, text: &str) -> Result<(), String> {
    let outcome = nft.run("-f FILE", text.as_bytes());
    if outcome.ok { Ok(()) } else { Err(format!("nft {}: {}", nft.version, outcome.stderr)) }
}

fn in_namespace(command: &[&str], input: &str) -> Result<(), String> {
    let mut child = Command::new("unshare")
        .arg("-n")
        .args(command)
        .env("XTABLES_LOCKFILE", "/dev/null")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("unshare starts");
    let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("it ends");
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).trim().chars().take(2000).collect())
}

/// Checks a dump at every level of merging; packets are sent through the most merged translation.
pub fn check(dump: &Dump, nfts: &[Nft], effort: Effort) -> Result<Checked, Failure> {
    check_text(&dump.to_string(), dump.family, nfts, effort)
}

/// The same of a text.
pub fn check_text(dump: &str, family: Family, nfts: &[Nft], effort: Effort) -> Result<Checked, Failure> {
    let mut checked = Checked::default();
    let source = Source::new(0, "random", dump.as_bytes().to_vec()).expect("small");
    let mut last = None;
    for level in Level::value_variants() {
        let sources = std::slice::from_ref(&source);
        let translation = translate(sources, &options(family, *level));
        let text = text(&translation)?;
        for nft in nfts {
            loads(nft, &text).map_err(|said| Failure::new("load", format!("{said}\n{text}")))?;
        }
        match proved(sources, family, &text)? {
            Proof::Whole => checked.proved += 1,
            Proof::KnownDifference => checked.known = true,
            Proof::Unread => checked.unread = true,
            Proof::Slow => checked.slow = true,
        }
        last = Some(text);
    }
    // docs/semantics.md: connections that the rule saw no first packet of are counted differently.
    checked.known |= dump.contains("-m connlimit");
    let Some(text) = last.filter(|_| effort.packets > 0 && !checked.known) else { return Ok(checked) };
    let report = replayed(dump, family, &text, effort)?;
    (checked.packets, checked.bursts) = (report.packets, report.bursts);
    Ok(checked)
}

/// What is printed of a translation.
pub fn text(translation: &Translation) -> Result<String, Failure> {
    if let Some(error) = translation.diagnostics.iter().find(|d| d.is_error()) {
        return Err(Failure::new("refuse", error.message.clone()));
    }
    let printed = print(&translation.ruleset, &Style::default());
    let printed = printed.map_err(|error| Failure::new("print", error.to_string()))?;
    String::from_utf8(printed).map_err(|error| Failure::new("print", error.to_string()))
}

enum Proof {
    Whole,
    KnownDifference,
    Unread,
    Slow,
}

/// How long the proof of one family may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The whole output stands below what is told, so its rules need not be shown again.
const SIDES: Sides = Sides { old: "the dump", new: "the output", rule: &|_, _, _| None };

fn proved(sources: &[Source], family: Family, text: &str) -> Result<Proof, Failure> {
    let certificate = certify(sources, Some(family), &parsed_sets(family), text.as_bytes(), Some(PATIENCE));
    let certificate = certificate.map_err(|error| Failure::new("certify", format!("{error}\n{text}")))?;
    let told = || format!("{}\n{text}", proof::text(&certificate.report, SIDES));
    let doubts = certificate.report.bases.iter().flat_map(|base| &base.outcome.doubts).map(|doubt| &doubt.why);
    let doubts: Vec<&String> = doubts.chain(&certificate.report.stopped).collect();
    match certificate.report.answer() {
        Answer::Equivalent if certificate.known.is_some() => Ok(Proof::KnownDifference),
        Answer::Equivalent => Ok(Proof::Whole),
        Answer::Different => Err(Failure::new("different", told())),
        Answer::Undecided if doubts.iter().any(|why| is_told(why)) => Ok(Proof::Unread),
        Answer::Undecided if doubts.iter().any(|why| why.contains("took longer")) => Ok(Proof::Slow),
        Answer::Undecided => Err(Failure::new("undecided", told())),
    }
}

/// Whether it is an extension that nobody reads, or what `docs/semantics.md` tells of: routes looked up behind more changes
/// than are told apart, what templates hold.
fn is_told(why: &str) -> bool {
    why.starts_with("the extension ")
        || why.ends_with("in many ways")
        || why.contains("template for connection tracking")
}

/// Whether the running kernel lacks what a translation needs (a module that is not built).
pub fn is_lacking(dump: &Dump, nft: &Nft) -> bool {
    let source = Source::new(0, "random", dump.to_string().into_bytes()).expect("small");
    let translation = translate(std::slice::from_ref(&source), &options(dump.family, Level::None));
    let said = text(&translation).map_err(|failure| failure.what).and_then(|text| loads(nft, &text));
    said.is_err_and(|said| said.contains("Could not process rule: No such file") || said.contains("not supported"))
}

fn replayed(dump: &str, family: Family, text: &str, effort: Effort) -> Result<kernel::Report, Failure> {
    let ipset = dump.contains("-set ").then(|| sets(family));
    let old = Ruleset { text: dump.to_owned(), kind: Kind::Save(family), ipset };
    let new = Ruleset { text: text.to_owned(), kind: Kind::Nft, ipset: None };
    let options =
        kernel::Options { packets: effort.packets, bursting: 4, seed: effort.seed, ..kernel::Options::default() };
    let report = kernel::replay(&old, &new, &options, &mut |_| {});
    let report = report.map_err(|error| Failure::new("replay", format!("{error}\n{text}")))?;
    if report.is_equal() || told::type_of_link_local(dump, &report) {
        Ok(report)
    } else {
        Err(Failure::new("packets", format!("{report}\n{text}")))
    }
}
