//! `-m conntrack` (iptables-extensions(8), *conntrack*; net/netfilter/xt_conntrack.c, `conntrack_mt`).
//!
//! The kernel looks at the state first. A packet without a connection that passes this test
//! matches at once: the other options are not even read. Without `--ctstate` it never matches.

use crate::ir::{Bits, Step, Test};
use crate::packet::{CtDirection, CtKey, Family, Field, IntervalSet};
use crate::save::ast::{Opt, Part};
use crate::save::ext::lowering::{Cond, Cx, Fact, Refusal, masked, net, span, within};
use crate::save::ext::tracked::{self, ALL, STATES, TRACKED, TRACKLESS};
use crate::save::ext::{CheckCx, Coverage, Extension, Families, Lower, dynamic};
use crate::save::option::{Arg, OptionSpec, Value};

pub static EXTENSION: Extension = Extension {
    name: "conntrack",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("ctstate", words_of::<0>()).not(),
        OptionSpec::new("ctproto", Arg::Protocol).not(),
        OptionSpec::new("ctorigsrc", Arg::Net).not(),
        OptionSpec::new("ctorigdst", Arg::Net).not(),
        OptionSpec::new("ctreplsrc", Arg::Net).not(),
        OptionSpec::new("ctrepldst", Arg::Net).not(),
        OptionSpec::new("ctorigsrcport", Arg::PortRange).not(),
        OptionSpec::new("ctorigdstport", Arg::PortRange).not(),
        OptionSpec::new("ctreplsrcport", Arg::PortRange).not(),
        OptionSpec::new("ctrepldstport", Arg::PortRange).not(),
        OptionSpec::new("ctstatus", words_of::<1>()).not(),
        OptionSpec::new("ctexpire", Arg::Range { max: u32::MAX as u64, separator: b':', open: true }).not(),
        OptionSpec::new("ctdir", Arg::Word(&[("ORIGINAL", 0), ("REPLY", 1)])),
    ],
    check,
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--ctstate", "-m conntrack --ctstate NEW,DNAT -j ACCEPT")
            .note("SNAT and DNAT are tests of `ct status`"),
        Coverage::exact("! --ctstate", "-m conntrack ! --ctstate INVALID,NEW -j ACCEPT"),
        Coverage::exact("--ctproto", "-m conntrack --ctproto tcp -j ACCEPT"),
        Coverage::exact("! --ctproto", "-m conntrack ! --ctproto udp -j ACCEPT"),
        Coverage::exact("--ctorigsrc", "-m conntrack --ctorigsrc 10.0.0.0/8 -j ACCEPT"),
        Coverage::exact("! --ctorigsrc", "-m conntrack ! --ctorigsrc 10.0.0.0/8 -j ACCEPT"),
        Coverage::exact("--ctorigdst", "-m conntrack --ctorigdst 192.0.2.1 -j ACCEPT"),
        Coverage::exact("! --ctorigdst", "-m conntrack ! --ctorigdst 192.0.2.1 -j ACCEPT"),
        Coverage::exact("--ctreplsrc", "-m conntrack --ctreplsrc 192.0.2.1 -j ACCEPT"),
        Coverage::exact("! --ctreplsrc", "-m conntrack ! --ctreplsrc 192.0.2.1 -j ACCEPT"),
        Coverage::exact("--ctrepldst", "-m conntrack --ctrepldst 10.0.0.0/8 -j ACCEPT"),
        Coverage::exact("! --ctrepldst", "-m conntrack ! --ctrepldst 10.0.0.0/8 -j ACCEPT"),
        Coverage::exact("--ctorigsrcport", "-m conntrack --ctproto tcp --ctorigsrcport 1024:65535 -j ACCEPT"),
        Coverage::exact("! --ctorigsrcport", "-m conntrack --ctproto tcp ! --ctorigsrcport 1024:65535 -j DROP"),
        Coverage::exact("--ctorigdstport", "-m conntrack --ctproto tcp --ctorigdstport 80 -j ACCEPT"),
        Coverage::exact("! --ctorigdstport", "-m conntrack --ctproto tcp ! --ctorigdstport 80 -j DROP"),
        Coverage::exact("--ctreplsrcport", "-m conntrack --ctproto udp --ctreplsrcport 53 -j ACCEPT"),
        Coverage::exact("! --ctreplsrcport", "-m conntrack --ctproto udp ! --ctreplsrcport 53 -j DROP"),
        Coverage::exact("--ctrepldstport", "-m conntrack --ctproto udp --ctrepldstport 1024:65535 -j ACCEPT"),
        Coverage::exact("! --ctrepldstport", "-m conntrack --ctproto udp ! --ctrepldstport 1024:65535 -j DROP"),
        Coverage::exact("--ctstatus", "-m conntrack --ctstatus ASSURED -j ACCEPT"),
        Coverage::exact("! --ctstatus", "-m conntrack ! --ctstatus SEEN_REPLY,EXPECTED -j ACCEPT"),
        Coverage::exact("--ctexpire", "-m conntrack --ctexpire 10:3600 -j ACCEPT"),
        Coverage::exact("! --ctexpire", "-m conntrack ! --ctexpire 10:3600 -j ACCEPT"),
        Coverage::exact("--ctdir", "-m conntrack --ctdir REPLY -j ACCEPT"),
    ],
};

/// Bits behind those of `tracked` for what `--ctstate` takes besides states.
const SNAT: u64 = 0x100;
const DNAT: u64 = 0x200;

const STATE_WORDS: [(&str, u64); 7] =
    [STATES[0], STATES[1], STATES[2], STATES[3], STATES[4], ("SNAT", SNAT), ("DNAT", DNAT)];

/// Bits of `ct status` (include/uapi/linux/netfilter/nf_conntrack_common.h, `IPS_*`).
const STATUS_WORDS: [(&str, u64); 5] =
    [("NONE", 0), ("EXPECTED", 1), ("SEEN_REPLY", 2), ("ASSURED", 4), ("CONFIRMED", 8)];
const STATUS_SNAT: u128 = 1 << 4;
const STATUS_DNAT: u128 = 1 << 5;

/// Lists of words that may be cut short: of states (0) or of statuses (1).
const fn words_of<const STATUS: usize>() -> Arg {
    match STATUS {
        0 => Arg::Custom {
            words: 1,
            read: |words, _| tracked::read(words, &STATE_WORDS),
            show: |value, _| tracked::show(value, &STATE_WORDS),
        },
        _ => Arg::Custom {
            words: 1,
            read: |words, _| tracked::read(words, &STATUS_WORDS),
            show: |value, _| tracked::show(value, &STATUS_WORDS),
        },
    }
}

fn check(part: &Part, cx: &CheckCx) -> Result<(), String> {
    if part.options.is_empty() {
        return Err("at least one option must be given".into());
    }
    match part.options.iter().find(|opt| has_odd_mask(opt, cx.family)) {
        Some(opt) => Err(format!(
            "the mask of `--{}` is no prefix, and iptables then matches the one address: write that alone",
            opt.spec.name
        )),
        None => Ok(()),
    }
}

fn lower(part: &Part, cx: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    let facts: Vec<Fact> = part.options.iter().filter_map(|opt| fact(opt, cx.family)).collect();
    let never = facts.contains(&Fact::Never);
    let others: Vec<Test> = facts
        .into_iter()
        .filter_map(|f| match f {
            Fact::Test(test) => Some(test),
            Fact::Always | Fact::Never => None,
        })
        .collect();
    let Some(state) = part.get("ctstate") else {
        return Ok(match (never, others.is_empty()) {
            (true, _) => vec![Cond::Never],
            (_, true) => tracked::exists().cond().into_iter().collect(),
            _ => others.into_iter().map(Cond::from).collect(),
        });
    };
    let given = part.number("ctstate").unwrap_or_default();
    let rest = if never { None } else { Some(others) };
    Ok(alternatives(ways(given, state.negated, rest)))
}

/// Whether the option has a mask that is no prefix (libxtables/xtoptions.c, `xtopt_parse_hostmask`).
fn has_odd_mask(opt: &Opt, family: Family) -> bool {
    let Value::Nets(nets) = &opt.value else { return false };
    nets.iter().any(|net| dynamic::prefix_of(net.mask, family).is_none())
}

/// The ways in which a packet passes: states, and what must hold besides. They exclude each other.
fn ways(given: u64, negated: bool, others: Option<Vec<Test>>) -> Vec<(u64, Vec<Test>)> {
    let states = if negated { ALL & !given } else { given & ALL };
    let nat = (if given & SNAT != 0 { STATUS_SNAT } else { 0 }) | (if given & DNAT != 0 { STATUS_DNAT } else { 0 });
    let nat_test = |set: bool| Test::from(Bits { field: Field::Ct(CtKey::Status), mask: nat, value: 0, negated: set });
    let mut ways = vec![(states & TRACKLESS, Vec::new())];
    if let Some(others) = others {
        let with = |test: Option<Test>| test.into_iter().chain(others.iter().cloned()).collect::<Vec<_>>();
        match (nat, negated) {
            (0, _) => ways.push((states & TRACKED, with(None))),
            (_, true) => ways.push((states & TRACKED, with(Some(nat_test(false))))),
            (_, false) => {
                ways.push((states & TRACKED, with(None)));
                ways.push((TRACKED & !states, with(Some(nat_test(true)))));
            }
        }
    }
    ways.retain(|(states, _)| *states != 0);
    join_bare(ways)
}

/// Ways that ask for a state only are one way.
fn join_bare(ways: Vec<(u64, Vec<Test>)>) -> Vec<(u64, Vec<Test>)> {
    let (bare, mut out): (Vec<_>, Vec<_>) = ways.into_iter().partition(|(_, tests)| tests.is_empty());
    let states = bare.iter().fold(0, |all, (states, _)| all | states);
    if states != 0 {
        out.insert(0, (states, Vec::new()));
    }
    out
}

fn alternatives(mut ways: Vec<(u64, Vec<Test>)>) -> Vec<Cond> {
    let steps = |(states, tests): (u64, Vec<Test>)| -> Vec<Step> {
        // A test that only packets with a connection pass needs no look at the state besides.
        let implied = states == TRACKED && !tests.is_empty();
        let state = match tracked::state(states) {
            Fact::Test(test) if !implied => Some(test),
            _ => None,
        };
        state.into_iter().chain(tests).map(Step::Test).collect()
    };
    match (ways.pop(), ways.is_empty()) {
        (None, _) => vec![Cond::Never],
        (Some(only), true) => steps(only).into_iter().map(Cond::Step).collect(),
        (Some(last), false) => {
            ways.push(last);
            vec![Cond::OneOf(ways.into_iter().map(steps).collect())]
        }
    }
}

/// One option other than the state, for a packet that has a connection. `Always` and `Never` are
/// said of such packets only.
fn fact(opt: &Opt, family: Family) -> Option<Fact> {
    use CtDirection::{Original, Reply};
    let field = |key| Field::Ct(key);
    let address = |dir, source: bool| {
        let Value::Nets(nets) = &opt.value else { return None };
        let key = match (family, source) {
            (Family::Ip6, true) => CtKey::Ip6Saddr(dir),
            (Family::Ip6, false) => CtKey::Ip6Daddr(dir),
            (_, true) => CtKey::IpSaddr(dir),
            (_, false) => CtKey::IpDaddr(dir),
        };
        Some(net(field(key), nets.first()?, opt.negated, family))
    };
    let number = |key, scale: u128| match opt.value {
        Value::Number(n) => Some(within(field(key), IntervalSet::point(n.into()), opt.negated)),
        Value::Range(lo, hi) => {
            let set = span(u128::from(lo) * scale, u128::from(hi) * scale + (scale - 1));
            let all = IntervalSet::full(field(key).width());
            Some(within(field(key), set.intersection(&all), opt.negated))
        }
        _ => None,
    };
    match opt.spec.name {
        "ctproto" => number(CtKey::Protocol(Original), 1),
        "ctorigsrc" => address(Original, true),
        "ctorigdst" => address(Original, false),
        "ctreplsrc" => address(Reply, true),
        "ctrepldst" => address(Reply, false),
        "ctorigsrcport" => number(CtKey::ProtoSrc(Original), 1),
        "ctorigdstport" => number(CtKey::ProtoDst(Original), 1),
        "ctreplsrcport" => number(CtKey::ProtoSrc(Reply), 1),
        "ctrepldstport" => number(CtKey::ProtoDst(Reply), 1),
        // Whole seconds, rounded down; the field has milliseconds.
        "ctexpire" => number(CtKey::Expiration, 1000),
        "ctdir" => number(CtKey::Direction, 1),
        "ctstatus" => match opt.value {
            // Any of the bits, so the test for none of them, the other way round.
            Value::Number(mask) => Some(masked(field(CtKey::Status), 0, mask.into(), !opt.negated)),
            _ => None,
        },
        _ => None,
    }
}
