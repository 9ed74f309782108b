//! The rows in the running kernel: packets aimed at each example, and just beside it, through legacy iptables and
//! through the translation. `IPT2NFT_PACKETS=400 cargo test --test rows` is a long run, in both families.

use ipt2nft::kernel::{Connection, Difference, Kind, Loader, Options, ReplayError, Report, Ruleset, lacking, replay};
use ipt2nft::nft::print::{Style, print};
use ipt2nft::nft::version::Target;
use ipt2nft::packet::Family;
use ipt2nft::save::ext::Grade;

use super::support::nft::{self, Nft};
use super::support::told;
use super::{IPSETS, Row, errors, extensions, is_taken, read, rows, support};

/// What came of one row.
enum Tried {
    Alike,
    /// Why it could not be.
    Not(String),
    Differs(String),
}

fn ruleset(text: String, kind: Kind) -> Ruleset {
    Ruleset { text, kind, ipset: None }
}

/// One row, with the nft that is there.
fn try_row(row: &Row, nft: &Nft, packets: usize) -> Tried {
    let target = Target { nft: nft.version, kernel: None };
    let translation = row.translate(target, false);
    if let Some(code) = errors(&translation).first() {
        return Tried::Not(format!("{code}: nft {} cannot", nft.version));
    }
    let text = String::from_utf8(print(&translation.ruleset, &Style::default()).unwrap()).unwrap();
    let old = Ruleset {
        ipset: row.text.contains("-set ").then(|| IPSETS.into()),
        ..ruleset(row.text.clone(), Kind::Save(row.family))
    };
    let options = Options { packets, bursting: 2, enough: 1, nft: nft.path().to_owned(), ..Options::default() };
    match replay(&old, &ruleset(text.clone(), Kind::Nft), &options, &mut |_| {}) {
        Ok(report) if report.is_equal() || is_told(row, &report) => Tried::Alike,
        Ok(report) => Tried::Differs(format!("{}{text}{report}", row.text)),
        Err(ReplayError::New(why)) if !is_taken(&why.to_string()) => Tried::Differs(format!("{text}{why}")),
        Err(why) => Tried::Not(why.to_string()),
    }
}

/// What `docs/semantics.md` tells of such rows: connections from before the rules, and types of link-local addresses.
fn is_told(row: &Row, report: &Report) -> bool {
    let older = |difference: &Difference| difference.case.packet.connection != Connection::New;
    row.name.starts_with("connlimit ") && report.differences.iter().all(older)
        || told::type_of_link_local(&row.text, report)
}

/// Tries all, and prints which could not be and why.
fn try_all(rows: &[Row], packets: usize) {
    let Some(nft) = nft::programs().pop() else { return };
    let empty = [("*filter\nCOMMIT\n", Kind::Save(Family::Ip)), ("", Kind::Nft)];
    let empty = empty.map(|(text, kind)| ruleset(text.into(), kind));
    let missing = lacking(empty.each_ref().map(|one| (one, Loader::Legacy)), nft.path());
    if !missing.is_empty() {
        return support::skip(&missing.join("; "));
    }
    let (mut alike, mut untried, mut wrong) = (0, Vec::new(), Vec::new());
    for row in rows {
        match try_row(row, &nft, packets) {
            Tried::Alike => alike += 1,
            Tried::Not(why) => untried.push(format!("{} ({}): {why}", row.name, row.family.name())),
            Tried::Differs(how) => wrong.push(format!("{} ({}):\n{how}", row.name, row.family.name())),
        }
    }
    println!("{alike} rows tried in the kernel, {} not:\n{}", untried.len(), untried.join("\n"));
    assert!(wrong.is_empty(), "{} rows differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// What is called exact.
fn exact(rows: Vec<Row>) -> Vec<Row> {
    rows.into_iter().filter(|row| row.coverage.grade == Grade::Exact).collect()
}

/// Each row in the family that its example was not written for, where it can be read there.
fn other_family() -> Vec<Row> {
    let each = extensions().flat_map(|extension| extension.coverage.iter().map(move |row| (extension, row)));
    each.filter_map(|(extension, row)| {
        let family = if row.family == Family::Ip6 { Family::Ip } else { Family::Ip6 };
        extension.families.include(family).then(|| read(extension, row, family))?
    })
    .collect()
}

/// What each row gets; a long run, which takes minutes, gives it more and tries the other family too.
const FEW: usize = 40;

#[test]
fn the_kernel_treats_exact_rows_alike() {
    let packets = support::packets(FEW);
    let mut all = exact(rows());
    if packets > FEW {
        all.extend(exact(other_family()));
    }
    try_all(&all, packets);
}
