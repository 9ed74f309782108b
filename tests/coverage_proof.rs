//! Every use that the coverage table calls exact is translated, and proved equivalent, wherever it may stand first.

use bstr::ByteSlice;

use ipt2nft::certify::certify;
use ipt2nft::diag::Source;
use ipt2nft::lower;
use ipt2nft::nft::print::{Style, print};
use ipt2nft::packet::Family;
use ipt2nft::prove::compare::Answer;
use ipt2nft::report::proof::{Sides, text};
use ipt2nft::save::ast::TableKind;
use ipt2nft::save::ext::registry::{MATCHES, TARGETS};
use ipt2nft::save::ext::{Coverage, Grade};
use ipt2nft::save::parse;
use ipt2nft::translate::{Options, translate};

/// Sets that examples name.
const IPSETS: &str = include_str!("coverage_proof/sets.ipset");

/// Something tracks connections, so that fragments are whole for both.
const TRACKS: &str = "*security\n:INPUT ACCEPT [0:0]\n-A INPUT -m conntrack --ctstate INVALID -j DROP\nCOMMIT\n";

/// A dump with the rule in the first chain that takes it.
fn dump(row: &Coverage) -> Option<Source> {
    for table in TableKind::ALL {
        for (chain, _) in table.builtins() {
            let text = format!("*{}\n:{chain} ACCEPT [0:0]\n-A {chain} {}\nCOMMIT\n", table.name(), row.example);
            let text = if table == TableKind::Security { text } else { text + TRACKS };
            let source = Source::new(0, "example", text.into_bytes())?;
            if parse(&source, Some(row.family)).diagnostics.is_empty() {
                return Some(source);
            }
        }
    }
    None
}

/// What is wrong with a row.
fn check(row: &Coverage) -> Result<(), String> {
    let Some(source) = dump(row) else { return Err("stands nowhere".to_owned()) };
    proved(&source, row.family)
}

/// What keeps the translation of a dump from being printed and proved.
fn proved(source: &Source, family: Family) -> Result<(), String> {
    let (ipsets, problems) = ipt2nft::save::ipset::parse(IPSETS.as_bytes());
    assert!(problems.is_empty(), "{problems:?}");
    let target = "nft=1.1.7".parse().unwrap();
    let lower = lower::Options { target, ipsets: ipsets.clone(), ..lower::Options::default() };
    let options = Options { family: Some(family), lower, ..Options::default() };
    let translation = translate(std::slice::from_ref(source), &options);
    if let Some(error) = translation.diagnostics.iter().find(|d| d.is_error()) {
        return Err(format!("refused: {}", error.message));
    }
    let printed = print(&translation.ruleset, &Style::default()).map_err(|why| why.to_string())?;
    let proof =
        certify(std::slice::from_ref(source), Some(family), &ipsets, &printed, None).map_err(|e| e.to_string())?;
    match proof.report.answer() {
        Answer::Equivalent => Ok(()),
        answer => {
            let why = text(&proof.report, Sides { old: "the dump", new: "the output", rule: &|_, _, _| None });
            Err(format!("{answer:?}\n{}\n{}\n{why}", source.text().to_str_lossy(), printed.to_str_lossy()))
        }
    }
}

/// A match of a set of each kind, in the chain that has what it asks for.
const SETS: &[(Family, &str, &str)] = &[
    (Family::Ip, "INPUT", "--match-set ips src"),
    (Family::Ip, "INPUT", "! --match-set ips src"),
    (Family::Ip, "INPUT", "--match-set ips dst"),
    (Family::Ip, "INPUT", "--match-set nets src"),
    (Family::Ip, "INPUT", "! --match-set nets src"),
    (Family::Ip, "INPUT", "--match-set nets src --return-nomatch"),
    (Family::Ip, "INPUT", "--match-set services src,dst"),
    (Family::Ip, "INPUT", "! --match-set services dst,dst"),
    (Family::Ip, "INPUT", "--match-set pairs src,dst"),
    (Family::Ip, "INPUT", "! --match-set pairs src,dst"),
    (Family::Ip, "FORWARD", "--match-set ways src,src"),
    (Family::Ip, "FORWARD", "--match-set ways dst,dst"),
    (Family::Ip, "INPUT", "--match-set ports dst"),
    (Family::Ip, "INPUT", "! --match-set ports src"),
    (Family::Ip, "INPUT", "--match-set cards src"),
    (Family::Ip, "INPUT", "! --match-set cards src"),
    (Family::Ip, "INPUT", "--match-set marked src,src"),
    (Family::Ip, "INPUT", "--match-set short src"),
    (Family::Ip, "INPUT", "--match-set all src,dst"),
    (Family::Ip, "INPUT", "--match-set empty src"),
    (Family::Ip, "INPUT", "! --match-set empty dst"),
    (Family::Ip, "INPUT", "--match-set emptynets src,dst"),
    (Family::Ip, "INPUT", "--match-set bans src"),
    (Family::Ip, "INPUT", "! --match-set bans src"),
    (Family::Ip, "INPUT", "--match-set jail src,dst"),
    (Family::Ip, "INPUT", "! --match-set jail src,dst"),
    (Family::Ip, "INPUT", "--match-set spans dst"),
    (Family::Ip, "INPUT", "--match-set six src"),
    (Family::Ip6, "INPUT", "--match-set six src"),
    (Family::Ip6, "INPUT", "! --match-set six dst"),
];

#[test]
fn sets_of_every_kind_are_proved() {
    let mut wrong = Vec::new();
    for (family, chain, options) in SETS {
        let text = format!("*filter\n:{chain} ACCEPT [0:0]\n-A {chain} -m set {options} -j DROP\nCOMMIT\n{TRACKS}");
        let source = Source::new(0, "sets", text.into_bytes()).unwrap();
        if let Err(why) = proved(&source, *family) {
            wrong.push(format!("{options}: {why}"));
        }
    }
    assert!(wrong.is_empty(), "{} are not:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn exact_uses_are_proved() {
    let (mut proved, mut wrong) = (0, Vec::new());
    for extension in MATCHES.iter().chain(TARGETS) {
        for row in extension.coverage.iter().filter(|row| row.grade == Grade::Exact) {
            match check(row) {
                Ok(()) => proved += 1,
                Err(why) => wrong.push(format!("{}: {}: {why}", extension.name, row.example)),
            }
        }
    }
    println!("{proved} exact uses are proved");
    assert!(wrong.is_empty(), "{} are not:\n{}", wrong.len(), wrong.join("\n"));
}
