//! `-m srh`: the segment routing header of IPv6 (iptables-extensions(8), *srh*; net/ipv6/netfilter/ip6t_srh.c).

use crate::ir::{Component, Row, Step, Test};
use crate::nft::version::Feature;
use crate::packet::{Exthdr, ExthdrPart, Field, Interval, IntervalSet};
use crate::save::ast::{Opt, Part};
use crate::save::ext::lowering::{Cond, Cx, Fact, Refusal, net, within};
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
        row("--srh-tag", "-m srh --srh-tag 5 -j ACCEPT").note(SWAPPED),
        row("! --srh-tag", "-m srh ! --srh-tag 5 -j ACCEPT").note(SWAPPED),
        row("--srh-psid", "-m srh --srh-segs-left-eq 0 --srh-psid 2001:db8::/64 -j ACCEPT").note(PREVIOUS),
        row("! --srh-psid", "-m srh --srh-segs-left-eq 0 ! --srh-psid 2001:db8::/64 -j ACCEPT").note(PREVIOUS),
        row("--srh-nsid", "-m srh --srh-segs-left-lt 3 --srh-nsid 2001:db8::/64 -j ACCEPT").note(NEXT),
        row("! --srh-nsid", "-m srh --srh-segs-left-lt 3 ! --srh-nsid 2001:db8::/64 -j ACCEPT").note(NEXT),
        row("--srh-lsid", "-m srh --srh-lsid 2001:db8::/64 -j ACCEPT"),
        row("! --srh-lsid", "-m srh ! --srh-lsid 2001:db8::/64 -j ACCEPT"),
    ],
};

const fn row(option: &'static str, example: &'static str) -> Coverage {
    Coverage::exact(option, example).v6()
}

const SWAPPED: &str =
    "as `srh tag 1280`: iptables compares with the two bytes of a tag swapped, on little-endian machines";
const PREVIOUS: &str = "where `--srh-segs-left-eq 0` or `--srh-last-entry-lt 2` leaves one place for it: nft reads the first two \
    segments only";
const NEXT: &str =
    "where `--srh-segs-left-lt 3` or a lower number leaves two places for it: nft reads the first two segments only";

/// Segments that nft has names for.
const NAMED: u128 = 2;

const fn srh(part: ExthdrPart) -> Field {
    Field::Exthdr(Exthdr::Srh, part)
}

const SEGMENTS_LEFT: Field = Field::Exthdr(Exthdr::Rt, ExthdrPart::SegLeft);
const LAST_ENTRY: Field = srh(ExthdrPart::SrhLastEntry);

/// A header with more segments left than it has never matches.
fn lower(part: &Part, cx: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    let mut tests = vec![Test::is(Field::Exthdr(Exthdr::Rt, ExthdrPart::Type), 4)];
    let (mut left, mut last) = (IntervalSet::full(8), IntervalSet::full(8));
    for option in &part.options {
        match test(option, cx) {
            Some(Fact::Test(Test::In { field: SEGMENTS_LEFT, set })) => left = left.intersection(&set),
            Some(Fact::Test(Test::In { field: LAST_ENTRY, set })) => last = last.intersection(&set),
            Some(Fact::Test(test)) => tests.push(test),
            Some(Fact::Never) => return Ok(vec![Cond::Never]),
            Some(Fact::Always) | None => {}
        }
    }
    tests.extend(previous(part, &mut left, &mut last, cx)?);
    if let Some(option) = part.get("srh-nsid") {
        let next = next(option, &left, &last, cx)?;
        return Ok(tests.into_iter().map(Cond::from).chain([next]).collect());
    }
    let rows = not_more_left_than_last(&left, &last);
    tests.extend(match rows.as_slice() {
        [] => return Ok(vec![Cond::Never]),
        [(left, last)] => vec![
            Test::In { field: SEGMENTS_LEFT, set: left.clone() },
            Test::In { field: LAST_ENTRY, set: last.clone() },
        ],
        _ => vec![in_rows(&rows, cx)?],
    });
    Ok(tests.into_iter().map(Cond::from).collect())
}

/// Pairs of sets of numbers: segments left, and the last entries that are not less.
type Pairs = Vec<(IntervalSet, IntervalSet)>;

fn not_more_left_than_last(left: &IntervalSet, last: &IntervalSet) -> Pairs {
    let Some(least) = last.intervals().first().map(|i| i.lo) else { return Pairs::new() };
    let any = left.intersection(&IntervalSet::range(0, least));
    let mut out = Pairs::new();
    if !any.is_empty() {
        out.push((any, last.clone()));
    }
    for n in (least + 1..=255).filter(|&n| left.contains(n)) {
        let last = last.intersection(&IntervalSet::range(n, 255));
        if !last.is_empty() {
            out.push((IntervalSet::point(n), last));
        }
    }
    out
}

/// Both numbers as one of the pairs.
fn in_rows(pairs: &Pairs, cx: &Cx) -> Result<Test, Refusal> {
    for feature in [Feature::IntegerInConcat, Feature::RangeInConcat] {
        if !cx.target.supports(feature) {
            return Err(shared::too_old(feature, cx));
        }
    }
    let each = |(left, last): &(IntervalSet, IntervalSet)| -> Vec<Row> {
        let both = |a, b| [a, b].into_iter().map(Component::Interval).collect();
        let row = |&a: &Interval| last.intervals().iter().map(move |&b| both(a, b));
        left.intervals().iter().flat_map(row).collect()
    };
    let rows = pairs.iter().flat_map(each).collect();
    Ok(Test::Tuple { fields: [SEGMENTS_LEFT, LAST_ENTRY].into_iter().collect(), rows, negated: false })
}

/// The segment before the active one, whose place the segments left tell. There is none where as many are left as
/// there are, so that two segments have one place for it.
fn previous(part: &Part, left: &mut IntervalSet, last: &mut IntervalSet, cx: &Cx) -> Result<Option<Test>, Refusal> {
    let Some(option) = part.get("srh-psid") else { return Ok(None) };
    let none_left = IntervalSet::point(0);
    *last = last.difference(&none_left);
    if last.is_subset(&IntervalSet::point(1)) {
        *left = left.intersection(&none_left);
    }
    if !left.is_subset(&none_left) {
        return Err(far("srh-psid", "add --srh-segs-left-eq 0 or --srh-last-entry-lt 2"));
    }
    Ok(match in_net(option, NAMED, cx) {
        Some(Fact::Test(test)) => Some(test),
        Some(Fact::Never) => Some(Test::In { field: LAST_ENTRY, set: IntervalSet::empty() }),
        Some(Fact::Always) | None => None,
    })
}

/// The segment behind the active one, if there is one: that with the number of the segments left.
fn next(option: &Opt, left: &IntervalSet, last: &IntervalSet, cx: &Cx) -> Result<Cond, Refusal> {
    let left = left.difference(&IntervalSet::point(0));
    if !left.is_subset(&IntervalSet::range(1, NAMED)) {
        return Err(far("srh-nsid", "add --srh-segs-left-lt 3"));
    }
    let way = |n: u128| {
        let last = last.intersection(&IntervalSet::range(n, 255));
        let segment = match in_net(option, n, cx)? {
            Fact::Test(test) => Some(test),
            Fact::Always => None,
            Fact::Never => return None,
        };
        let tests = [Test::is(SEGMENTS_LEFT, n), Test::In { field: LAST_ENTRY, set: last }];
        Some(tests.into_iter().chain(segment).map(Step::Test).collect())
    };
    Ok(Cond::OneOf((1..=NAMED).filter(|&n| left.contains(n)).filter_map(way).collect()))
}

fn far(option: &'static str, help: &str) -> Refusal {
    let reason = "nft reads the first two segments of the header, and which one is meant depends on another field";
    Refusal::new("srh-segment", reason, help).at(option)
}

/// The segment with this number, the first one being 1, is in the option's network.
fn in_net(option: &Opt, number: u128, cx: &Cx) -> Option<Fact> {
    let Value::Nets(nets) = &option.value else { return None };
    Some(net(srh(ExthdrPart::SrhSid(number as u8)), nets.first()?, option.negated, cx.family))
}

/// The kernel compares the two bytes as they stand in the header with a number of its own byte order (`ip6t_srh.c`),
/// which is taken for that of all machines in use: the other one.
fn tag(option: &Opt) -> Option<Fact> {
    let Value::Number(tag) = option.value else { return None };
    let tag = u16::try_from(tag).ok()?.swap_bytes();
    Some(within(srh(ExthdrPart::SrhTag), IntervalSet::point(tag.into()), option.negated))
}

fn test(option: &Opt, cx: &Cx) -> Option<Fact> {
    let name = option.spec.name.trim_start_matches("srh-");
    let field = match name.trim_end_matches("-eq").trim_end_matches("-gt").trim_end_matches("-lt") {
        "next-hdr" => Field::Exthdr(Exthdr::Rt, ExthdrPart::Nexthdr),
        "hdr-len" => Field::Exthdr(Exthdr::Rt, ExthdrPart::Hdrlength),
        "segs-left" => SEGMENTS_LEFT,
        "last-entry" => LAST_ENTRY,
        "tag" => return tag(option),
        "lsid" => return in_net(option, 1, cx),
        _ => return None,
    };
    shared::compared(field, option)
}
