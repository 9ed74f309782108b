//! `-j TCPOPTSTRIP`: overwrites TCP options with no-operations (iptables-extensions(8), *TCPOPTSTRIP*;
//! net/netfilter/xt_TCPOPTSTRIP.c; nft: net/netfilter/nft_exthdr.c, `nft_exthdr_tcp_strip_eval`).

use bstr::BString;

use crate::diag::quote;
use crate::ir::Statement;
use crate::nft::version::Feature;
use crate::packet::Family;
use crate::save::ast::{Part, TableKind};
use crate::save::ext::lowering::{Action, Cx, Refusal};
use crate::save::ext::{Coverage, Extension, Families, Grade, Lower, shared};
use crate::save::option::{Arg, OptionSpec, Value};
use crate::save::value;

pub static EXTENSION: Extension = Extension {
    name: "TCPOPTSTRIP",
    aliases: &[],
    families: Families::Both,
    options: &[OptionSpec::new("strip-options", Arg::Custom { words: 1, read, show })],
    check: |_, cx| {
        shared::in_tables(cx, &[TableKind::Mangle])?;
        shared::needs_protocol(cx, 6, "tcp")
    },
    lower: Lower::Target(lower),
    coverage: &[Coverage {
        option: "--strip-options",
        grade: Grade::Exact,
        example: "-p tcp -j TCPOPTSTRIP --strip-options timestamp,sack-permitted",
        family: Family::Ip,
        note: "needs nft 1.0.2 and Linux 5.18; of an option that stands in one header twice, nft strips the first only",
    }],
};

/// Names of options with their numbers.
const NAMES: [(&str, u64); 6] =
    [("wscale", 3), ("mss", 2), ("sack-permitted", 4), ("sack", 5), ("timestamp", 8), ("md5", 19)];

fn lower(part: &Part, cx: &mut Cx) -> Result<Action, Refusal> {
    let kinds: Vec<u64> = part.options.iter().flat_map(|o| kinds(&o.value)).collect();
    if !kinds.is_empty() && !cx.target.supports(Feature::ResetTcpOption) {
        return Err(shared::too_old(Feature::ResetTcpOption, cx).at("strip-options"));
    }
    let strip = |kind: &u64| Statement::ResetTcpOption { kind: *kind as u8 };
    Ok(Action::Statements(kinds.iter().map(strip).collect()))
}

fn kinds(value: &Value) -> Vec<u64> {
    match value {
        Value::Ranges(list) => list.iter().map(|(kind, _)| *kind).collect(),
        _ => Vec::new(),
    }
}

/// Comma-separated numbers and names, each once; sorted.
fn read(words: &[&[u8]], _: Family) -> Result<Value, String> {
    let mut kinds = Vec::new();
    for word in words.first().copied().unwrap_or_default().split(|&b| b == b',') {
        let named = NAMES.iter().find(|(name, _)| name.as_bytes() == word).map(|&(_, n)| n);
        let kind = match named.map_or_else(|| value::number(word), Ok) {
            Ok(n) if (2..=255).contains(&n) => n,
            _ => return Err(format!("{} is no TCP option that can be stripped: 2 to 255, or a name", quote(word))),
        };
        if kinds.contains(&(kind, kind)) {
            return Err(format!("option {kind} is given twice"));
        }
        kinds.push((kind, kind));
    }
    kinds.sort_unstable();
    Ok(Value::Ranges(kinds))
}

fn show(value: &Value, _: Family) -> Vec<BString> {
    let numbers: Vec<String> = kinds(value).iter().map(u64::to_string).collect();
    vec![numbers.join(",").into()]
}
