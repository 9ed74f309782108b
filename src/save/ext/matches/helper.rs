//! `-m helper`: connections that a helper expected (iptables-extensions(8), *helper*; net/netfilter/xt_helper.c).
//!
//! The kernel compares as many letters as the helper's own name has, so `ftp-2121` also matches
//! the helper `ftp`. The negated form holds for packets without a connection, too.

use bstr::{BStr, ByteSlice};
use smallvec::SmallVec;

use crate::ir::{Name, Step, Test};
use crate::packet::{CtKey, Field};
use crate::save::ast::Part;
use crate::save::ext::lowering::{Cond, Cx, Refusal};
use crate::save::ext::{Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec};

pub static EXTENSION: Extension = Extension {
    name: "helper",
    aliases: &[],
    families: Families::Both,
    options: &[OptionSpec::new(
        "helper",
        Arg::Custom { words: 1, read: shared::read_cut::<29>, show: shared::show_text },
    )
    .not()],
    check: |part, _| shared::needs(part, "helper"),
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--helper", "-m helper --helper ftp -j ACCEPT"),
        Coverage::exact("! --helper", "-m helper ! --helper ftp -j DROP").note("holds without a connection, too"),
    ],
};

/// Longest name of a helper in nft (include/net/netfilter/nf_conntrack_helper.h).
const LONGEST: usize = 15;

fn lower(part: &Part, _: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    let Some((opt, name)) = part.get("helper").zip(part.text("helper")) else { return Ok(Vec::new()) };
    if name.is_empty() {
        let reason = "an empty name stands for any helper, which nft cannot say";
        return Err(Refusal::new("helper-any", reason, "name the helpers that are in use").at("helper"));
    }
    let names: SmallVec<[Name; 1]> = names(name).map(|n| Name { text: n.to_owned(), wildcard: false }).collect();
    if names.is_empty() {
        return Ok(if opt.negated { Vec::new() } else { vec![Cond::Never] });
    }
    let test = Test::Named { field: Field::Ct(CtKey::Helper), names, negated: false };
    Ok(vec![if opt.negated { Cond::Not(vec![Step::Test(test)]) } else { test.into() }])
}

/// Names of helpers that match: the name itself, and the one without the port behind it.
fn names(name: &BStr) -> impl Iterator<Item = &BStr> {
    let port = |digits: &[u8]| !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let bare = name.rsplit_once_str("-").filter(|(_, digits)| port(digits)).map(|(bare, _)| bare.as_bstr());
    [Some(name), bare].into_iter().flatten().filter(|n| !n.is_empty() && n.len() <= LONGEST)
}
