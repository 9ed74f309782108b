//! `-m srh`: the segment routing header of IPv6 (iptables-extensions(8), *srh*; net/ipv6/netfilter/ip6t_srh.c).

use crate::ir::Test;
use crate::packet::{Exthdr, ExthdrPart, Field, IntervalSet};
use crate::save::ast::{Opt, Part};
use crate::save::ext::lowering::{Cond, Cx, Refusal, net, within};
use crate::save::ext::{Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec, Value};

const BYTE: Arg = Arg::Number { min: 0, max: 255 };

pub static EXTENSION: Extension = Extension {
    name: "srh",
    aliases: &[],
    families: Families::Ip6,
    options: &[
        OptionSpec::new("srh-next-hdr", BYTE).not(),
        OptionSpec::new("srh-hdr-len-eq", BYTE).not(),
        OptionSpec::new("srh-hdr-len-gt", BYTE).not(),
        OptionSpec::new("srh-hdr-len-lt", BYTE).not(),
        OptionSpec::new("srh-segs-left-eq", BYTE).not(),
        OptionSpec::new("srh-segs-left-gt", BYTE).not(),
        OptionSpec::new("srh-segs-left-lt", BYTE).not(),
        OptionSpec::new("srh-last-entry-eq", BYTE).not(),
        OptionSpec::new("srh-last-entry-gt", BYTE).not(),
        OptionSpec::new("srh-last-entry-lt", BYTE).not(),
        OptionSpec::new("srh-tag", Arg::Number { min: 0, max: 0xffff }).not(),
        OptionSpec::new("srh-psid", Arg::Net).not(),
        OptionSpec::new("srh-nsid", Arg::Net).not(),
        OptionSpec::new("srh-lsid", Arg::Net).not(),
    ],
    check: shared::no_check,
    lower: Lower::Match(lower),
    coverage: &[
        row("--srh-next-hdr", "-m srh --srh-next-hdr 17 -j ACCEPT"),
        row("! --srh-next-hdr", "-m srh ! --srh-next-hdr 17 -j ACCEPT"),
        row("--srh-hdr-len-eq", "-m srh --srh-hdr-len-eq 4 -j ACCEPT"),
        row("! --srh-hdr-len-eq", "-m srh ! --srh-hdr-len-eq 4 -j ACCEPT"),
        row("--srh-hdr-len-gt", "-m srh --srh-hdr-len-gt 4 -j ACCEPT"),
        row("! --srh-hdr-len-gt", "-m srh ! --srh-hdr-len-gt 4 -j ACCEPT"),
        row("--srh-hdr-len-lt", "-m srh --srh-hdr-len-lt 4 -j ACCEPT"),
        row("! --srh-hdr-len-lt", "-m srh ! --srh-hdr-len-lt 4 -j ACCEPT"),
        row("--srh-segs-left-eq", "-m srh --srh-segs-left-eq 1 -j ACCEPT"),
        row("! --srh-segs-left-eq", "-m srh ! --srh-segs-left-eq 1 -j ACCEPT"),
        row("--srh-segs-left-gt", "-m srh --srh-segs-left-gt 1 -j ACCEPT"),
        row("! --srh-segs-left-gt", "-m srh ! --srh-segs-left-gt 1 -j ACCEPT"),
        row("--srh-segs-left-lt", "-m srh --srh-segs-left-lt 1 -j ACCEPT"),
        row("! --srh-segs-left-lt", "-m srh ! --srh-segs-left-lt 1 -j ACCEPT"),
        row("--srh-last-entry-eq", "-m srh --srh-last-entry-eq 1 -j ACCEPT"),
        row("! --srh-last-entry-eq", "-m srh ! --srh-last-entry-eq 1 -j ACCEPT"),
        row("--srh-last-entry-gt", "-m srh --srh-last-entry-gt 1 -j ACCEPT"),
        row("! --srh-last-entry-gt", "-m srh ! --srh-last-entry-gt 1 -j ACCEPT"),
        row("--srh-last-entry-lt", "-m srh --srh-last-entry-lt 1 -j ACCEPT"),
        row("! --srh-last-entry-lt", "-m srh ! --srh-last-entry-lt 1 -j ACCEPT"),
        row("--srh-tag", "-m srh --srh-tag 5 -j ACCEPT"),
        row("! --srh-tag", "-m srh ! --srh-tag 5 -j ACCEPT"),
        Coverage::refused("--srh-psid", "-m srh --srh-psid 2001:db8::/64 -j ACCEPT", MOVING).v6(),
        Coverage::refused("! --srh-psid", "-m srh ! --srh-psid 2001:db8::/64 -j ACCEPT", MOVING).v6(),
        Coverage::refused("--srh-nsid", "-m srh --srh-nsid 2001:db8::/64 -j ACCEPT", MOVING).v6(),
        Coverage::refused("! --srh-nsid", "-m srh ! --srh-nsid 2001:db8::/64 -j ACCEPT", MOVING).v6(),
        row("--srh-lsid", "-m srh --srh-lsid 2001:db8::/64 -j ACCEPT"),
        row("! --srh-lsid", "-m srh ! --srh-lsid 2001:db8::/64 -j ACCEPT"),
    ],
};

const fn row(option: &'static str, example: &'static str) -> Coverage {
    Coverage::approximate(option, example, MALFORMED).v6()
}

const MALFORMED: &str = "headers with more segments left than they have segments match in nft";
const MOVING: &str = "nft reads the first two segments of the header, and this one's place depends on another field";

fn lower(part: &Part, cx: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    if let Some(option) = ["srh-psid", "srh-nsid"].into_iter().find(|o| part.has(o)) {
        return Err(Refusal::new("srh-segment", MOVING, "match the destination address instead").at(option));
    }
    if !cx.approximate {
        let reason =
            "iptables leaves out headers that have more segments left than segments, and nft cannot compare the two";
        return Err(Refusal::new("srh", reason, "give --approximate if such packets do not matter"));
    }
    cx.differs(MALFORMED);
    let kind = Test::is(Field::Exthdr(Exthdr::Rt, ExthdrPart::Type), 4);
    let tests = part.options.iter().filter_map(|opt| cond(opt, cx));
    Ok(std::iter::once(Cond::from(kind)).chain(tests).collect())
}

fn cond(opt: &Opt, cx: &Cx) -> Option<Cond> {
    let name = opt.spec.name.trim_start_matches("srh-");
    let field = match name.trim_end_matches("-eq").trim_end_matches("-gt").trim_end_matches("-lt") {
        "next-hdr" => Field::Exthdr(Exthdr::Rt, ExthdrPart::Nexthdr),
        "hdr-len" => Field::Exthdr(Exthdr::Rt, ExthdrPart::Hdrlength),
        "segs-left" => Field::Exthdr(Exthdr::Rt, ExthdrPart::SegLeft),
        "last-entry" => Field::Exthdr(Exthdr::Srh, ExthdrPart::SrhLastEntry),
        "tag" => Field::Exthdr(Exthdr::Srh, ExthdrPart::SrhTag),
        _ => {
            let Value::Nets(nets) = &opt.value else { return None };
            let field = Field::Exthdr(Exthdr::Srh, ExthdrPart::SrhSid(1));
            return net(field, nets.first()?, opt.negated, cx.family).cond();
        }
    };
    match (field, &opt.value) {
        (Field::Exthdr(Exthdr::Srh, ExthdrPart::SrhTag), Value::Number(n)) => {
            within(field, IntervalSet::point((*n).into()), opt.negated).cond()
        }
        _ => shared::hops(field, opt),
    }
}
