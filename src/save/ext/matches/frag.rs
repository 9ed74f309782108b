//! `-m frag`: the fragment header of IPv6 (iptables-extensions(8), *frag*; net/ipv6/netfilter/ip6t_frag.c).
//!
//! `--fraglen` is kept by the tool and never read by the kernel.

use crate::ir::Test;
use crate::packet::{Exthdr, ExthdrPart, Field, IntervalSet};
use crate::save::ast::{Opt, Part};
use crate::save::ext::lowering::{Cond, Cx, Refusal, in_range};
use crate::save::ext::{Coverage, Extension, Families, Lower, extension_header, shared};
use crate::save::option::{Arg, OptionSpec};

pub static EXTENSION: Extension = Extension {
    name: "frag",
    aliases: &[],
    families: Families::Ip6,
    options: &[
        OptionSpec::new("fragid", Arg::Range { max: u32::MAX as u64, separator: b':', open: true }).not(),
        OptionSpec::new("fraglen", Arg::Number { min: 0, max: u32::MAX as u64 }).not(),
        OptionSpec::new("fragres", Arg::Flag),
        OptionSpec::new("fragfirst", Arg::Flag),
        OptionSpec::new("fragmore", Arg::Flag),
        OptionSpec::new("fraglast", Arg::Flag),
    ],
    check: |part, _| shared::one_of(part, &["fragmore", "fraglast"], false),
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--fragid", "-m frag --fragid 5:9 -j DROP").v6(),
        Coverage::exact("! --fragid", "-m frag ! --fragid 5 -j DROP").v6(),
        Coverage::exact("--fraglen", "-m frag --fraglen 8 -j DROP").v6().note(LENGTH),
        Coverage::exact("! --fraglen", "-m frag ! --fraglen 8 -j DROP").v6().note(LENGTH),
        Coverage::exact("--fragres", "-m frag --fragres -j DROP").v6(),
        Coverage::exact("--fragfirst", "-m frag --fragfirst -j DROP").v6(),
        Coverage::exact("--fragmore", "-m frag --fragmore -j DROP").v6(),
        Coverage::exact("--fraglast", "-m frag --fraglast -j DROP").v6(),
    ],
};

const LENGTH: &str = "the kernel does not look at it";

fn lower(part: &Part, _: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    let out: Vec<Cond> = part.options.iter().flat_map(conds).collect();
    Ok(if out.is_empty() { vec![extension_header::exists(Exthdr::Frag).into()] } else { out })
}

fn conds(opt: &Opt) -> Vec<Cond> {
    let is =
        |part, value| Cond::from(Test::within(Field::Exthdr(Exthdr::Frag, part), IntervalSet::point(value), false));
    match opt.spec.name {
        "fragid" => {
            in_range(Field::Exthdr(Exthdr::Frag, ExthdrPart::FragId), &opt.value, opt.negated).into_iter().collect()
        }
        "fragres" => vec![is(ExthdrPart::FragReserved, 0), is(ExthdrPart::FragReserved2, 0)],
        "fragfirst" => vec![is(ExthdrPart::FragOff, 0)],
        "fragmore" => vec![is(ExthdrPart::FragMore, 1)],
        "fraglast" => vec![is(ExthdrPart::FragMore, 0)],
        _ => Vec::new(),
    }
}
