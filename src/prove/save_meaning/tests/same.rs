//! Every documented use of an extension, compared with itself, with its own print, and with its absence.

use crate::diag::Source;
use crate::packet::Family;
use crate::prove::compare::{Answer, Options, compare};
use crate::prove::save_meaning::{SaveRules, parts};
use crate::save::ast::{Dump, TableKind};
use crate::save::ext::registry::{MATCHES, TARGETS};
use crate::save::ext::{Coverage, Extension};
use crate::save::{parse, print};

fn dump(text: &[u8], family: Family) -> Option<Dump> {
    let parsed = parse(&Source::new(0, "test", text.to_vec())?, Some(family));
    parsed.diagnostics.is_empty().then_some(parsed.dump)
}

/// A table with the rule, and the same table without; whatever happens to other packets is the opposite of
/// what the rule does.
fn around(row: &Coverage) -> Option<[Dump; 2]> {
    let policy = if row.example.ends_with("ACCEPT") { "DROP" } else { "ACCEPT" };
    for table in TableKind::ALL {
        for (chain, _) in table.builtins() {
            let text = |rule: &str| format!("*{}\n:{chain} {policy} [0:0]\n{rule}COMMIT\n", table.name());
            let rule = format!("-A {chain} {}\n", row.example);
            if let Some(with) = dump(text(&rule).as_bytes(), row.family) {
                return Some([with, dump(text("").as_bytes(), row.family)?]);
            }
        }
    }
    None
}

/// Uses that change nothing that counts.
const IDLE: &[&str] = &["RETURN", "TRACE"];

/// Enough for one rule, all dates of a calendar too; what differs in many bits at once may take more, and is then undecided.
const NODES: usize = 400_000;

fn answer(left: &Dump, right: &Dump, family: Family) -> Answer {
    let options = Options { families: vec![family], nodes: NODES, ..Options::default() };
    compare(&SaveRules(left), &SaveRules(right), &options).answer()
}

fn check(extension: &Extension, row: &Coverage, wrong: &mut Vec<String>) {
    let Some([with, without]) = around(row) else {
        wrong.push(format!("{}: {} stands nowhere", extension.name, row.example));
        return;
    };
    let printed = dump(&print::print(&with), row.family).unwrap_or_default();
    let idle = IDLE.contains(&extension.name);
    let others = [("itself", &with, true), ("its print", &printed, true), ("nothing", &without, idle)];
    for (what, other, equivalent) in others {
        let answer = answer(&with, other, row.family);
        if (answer == Answer::Equivalent) != equivalent {
            wrong.push(format!("{}: {} against {what}: {answer:?}", extension.name, row.example));
        }
    }
}

#[test]
fn documented_uses_mean_what_they_mean_and_something() {
    let mut wrong = Vec::new();
    for extension in MATCHES.iter().chain(TARGETS).filter(|extension| parts::knows(extension.name)) {
        for row in extension.coverage {
            check(extension, row, &mut wrong);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
