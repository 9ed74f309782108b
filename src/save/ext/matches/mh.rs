//! `-m mh`: the mobility header of IPv6 (iptables-extensions(8), *mh*; net/ipv6/netfilter/ip6t_mh.c).

use bstr::BString;

use crate::packet::{Exthdr, ExthdrPart, Family, Field};
use crate::save::ast::Part;
use crate::save::ext::lowering::{Cond, Cx, Refusal, in_range};
use crate::save::ext::{Coverage, Extension, Families, Lower, extension_header, shared};
use crate::save::option::{Arg, OptionSpec, Value};
use crate::save::value;

pub static EXTENSION: Extension = Extension {
    name: "mh",
    aliases: &[],
    families: Families::Ip6,
    options: &[OptionSpec::new("mh-type", Arg::Custom { words: 1, read, show }).not()],
    check: |_, cx| shared::needs_protocol(cx, 135, "mh"),
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--mh-type", "-p mh -m mh --mh-type binding-refresh-request:coti -j ACCEPT").v6(),
        Coverage::exact("! --mh-type", "-p mh -m mh ! --mh-type bu -j DROP").v6(),
    ],
};

/// Types by name (include/net/mip6.h, `IP6_MH_TYPE_*`); an abbreviation stands for the first it fits.
const TYPES: [(&str, u64); 18] = [
    ("binding-refresh-request", 0),
    ("brr", 0),
    ("home-test-init", 1),
    ("hoti", 1),
    ("careof-test-init", 2),
    ("coti", 2),
    ("home-test", 3),
    ("hot", 3),
    ("careof-test", 4),
    ("cot", 4),
    ("binding-update", 5),
    ("bu", 5),
    ("binding-acknowledgement", 6),
    ("ba", 6),
    ("binding-error", 7),
    ("be", 7),
    ("FMIPv6-FBU", 8),
    ("FBU", 8),
];

fn read(words: &[&[u8]], _: Family) -> Result<Value, String> {
    let word = words.first().copied().unwrap_or_default();
    let kind = |w: &[u8]| shared::beginning(w, &TYPES).or_else(|_| value::number(w));
    let (lo, hi) = value::range(word, b':', true, 255, kind)?;
    Ok(Value::Range(lo, hi))
}

fn show(kinds: &Value, _: Family) -> Vec<BString> {
    match kinds {
        Value::Range(lo, hi) if lo == hi => vec![lo.to_string().into()],
        Value::Range(lo, hi) => vec![format!("{lo}:{hi}").into()],
        _ => Vec::new(),
    }
}

fn lower(part: &Part, _: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    let field = Field::Exthdr(Exthdr::Mh, ExthdrPart::Type);
    let kind = part.get("mh-type").and_then(|opt| in_range(field, &opt.value, opt.negated));
    let test = kind.unwrap_or_else(|| extension_header::exists(Exthdr::Mh).into());
    Ok(vec![Cond::NotLaterFragment, test])
}
