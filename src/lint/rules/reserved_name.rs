//! A chain whose name nft does not take.

use bstr::ByteSlice;

use crate::diag::{Severity, quote};
use crate::lint::ruleset::Ruleset;
use crate::lint::{Finding, Lint, Run};
use crate::nft::identifier;

pub static LINT: Lint = Lint {
    code: "IPT404",
    name: "reserved-name",
    severity: Severity::Note,
    summary: "nft does not take the name of a chain",
    page: include_str!("../../../docs/lints/IPT404.md"),
    run: Run::Each(run),
};

fn run(ruleset: &Ruleset<'_>, findings: &mut Vec<Finding>) {
    let own = ruleset.tables.iter().flat_map(|view| &view.chains).filter(|chain| chain.owner.is_none());
    for chain in own {
        let Some(line) = chain.line.filter(|_| chain.chain.hook.is_none()) else { continue };
        let Err(why) = identifier::check_name(chain.chain.name.as_bytes()) else { continue };
        let message = format!("nft takes no chain named {}: {why}", quote(chain.chain.name.as_bytes()));
        findings.push(
            Finding::new(&LINT, ruleset.place(line.name_span), message)
                .label("renamed by the translation")
                .help("give it another name, so that it is called the same on both sides"),
        );
    }
}
