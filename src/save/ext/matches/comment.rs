//! `-m comment`: text that explains a rule (iptables-extensions(8), *comment*). Tests nothing.

use crate::save::ast::Part;
use crate::save::ext::lowering::{Cond, Cx, Refusal};
use crate::save::ext::{Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec};

pub static EXTENSION: Extension = Extension {
    name: "comment",
    aliases: &[],
    families: Families::Both,
    options: &[OptionSpec::new("comment", Arg::Text { max: 255 })],
    check: |part, _| shared::needs(part, "comment"),
    lower: Lower::Match(lower),
    coverage: &[Coverage::exact("--comment", "-m comment --comment \"ssh from the office\" -j ACCEPT")
        .note("text that nft cannot hold in a comment becomes a # line")],
};

fn lower(part: &Part, cx: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    cx.comments.extend(part.text("comment").map(ToOwned::to_owned));
    Ok(Vec::new())
}
