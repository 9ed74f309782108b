//! An `allow` that allows nothing, or is not written as it should be.

use crate::diag::{Place, Severity, quote};
use crate::lint::{Finding, Lint, Run};

pub static LINT: Lint = Lint {
    code: "IPT002",
    name: "unused-allow",
    severity: Severity::Warning,
    summary: "an `allow` has no finding to allow, names no lint, or gives no reason",
    page: include_str!("../../../docs/lints/IPT002.md"),
    run: Run::Engine,
};

/// Nothing was found for it to allow.
pub fn unused(place: Place, code: &str) -> Finding {
    Finding::new(&LINT, place, format!("nothing to allow: {code} finds nothing here"))
        .label("not needed")
        .note("an allow that outlives its reason hides the next finding")
        .help("remove it")
}

/// The word names no lint.
pub fn unknown(place: Place, word: &str) -> Finding {
    Finding::new(&LINT, place, format!("{} is no lint", quote(word.as_bytes())))
        .help("`ipt2nft explain` lists all codes and names")
}

/// There is no reason.
pub fn no_reason(place: Place) -> Finding {
    Finding::new(&LINT, place, "an allow needs a reason")
        .note("whoever reads it next must be able to tell whether the reason still holds")
        .help("write it behind the code: `# ipt2nft: allow IPT205 the log is on a disk of its own`")
}
