//! `-j ECN`: takes ECN bits out of, or puts them into, the IPv4 and TCP headers
//! (iptables-extensions(8), *ECN*; net/ipv4/netfilter/ipt_ECN.c).

use crate::ir::{Assigned, Origin, Rule, Statement, Step, Test, Verdict};
use crate::nft::version::Feature;
use crate::packet::{Family, Field, Interval, IntervalSet};
use crate::save::ast::{Part, TableKind};
use crate::save::ext::lowering::{Action, Cx, Refusal};
use crate::save::ext::{CheckCx, Coverage, Extension, Families, Grade, Lower, shared};
use crate::save::option::{Arg, OptionSpec};

const BIT: Arg = Arg::Number { min: 0, max: 1 };

pub static EXTENSION: Extension = Extension {
    name: "ECN",
    aliases: &[],
    families: Families::Ip,
    options: &[
        OptionSpec::new("ecn-tcp-remove", Arg::Flag),
        OptionSpec::new("ecn-tcp-cwr", BIT),
        OptionSpec::new("ecn-tcp-ece", BIT),
        OptionSpec::new("ecn-ip-ect", Arg::Number { min: 0, max: 3 }),
    ],
    check,
    lower: Lower::Target(lower),
    coverage: &[
        row("--ecn-tcp-remove", "-p tcp -j ECN --ecn-tcp-remove", OUTCOMES),
        row("--ecn-tcp-cwr", "-p tcp -j ECN --ecn-tcp-cwr 0", OUTCOMES),
        row("--ecn-tcp-ece", "-p tcp -j ECN --ecn-tcp-ece 0", OUTCOMES),
        row("--ecn-ip-ect", "-p udp -j ECN --ecn-ip-ect 0", ""),
    ],
};

const OUTCOMES: &str = "one rule for each outcome before nft 1.1.3";

const fn row(option: &'static str, example: &'static str, note: &'static str) -> Coverage {
    Coverage { option, grade: Grade::Exact, example, family: Family::Ip, note }
}

/// Bits of the TCP flags.
const ECE: u64 = 0x40;
const CWR: u64 = 0x80;

fn check(part: &Part, cx: &CheckCx) -> Result<(), String> {
    shared::in_tables(cx, &[TableKind::Mangle])?;
    if part.options.is_empty() {
        return Err("one of --ecn-tcp-remove, --ecn-tcp-cwr, --ecn-tcp-ece, --ecn-ip-ect must be given".into());
    }
    for other in ["ecn-tcp-cwr", "ecn-tcp-ece"] {
        shared::one_of(part, &["ecn-tcp-remove", other], false)?;
    }
    let tcp = part.options.iter().any(|o| o.spec.name.starts_with("ecn-tcp"));
    if tcp { shared::needs_protocol(cx, 6, "tcp") } else { Ok(()) }
}

fn lower(part: &Part, cx: &mut Cx) -> Result<Action, Refusal> {
    let ip = part.number("ecn-ip-ect").map(|n| assign(Field::IpEcn, n));
    let (clear, set) = tcp_bits(part);
    if clear == 0 {
        return Ok(Action::Statements(ip.into_iter().collect()));
    }
    if cx.target.supports(Feature::DscpArithmetic) {
        let value = Assigned::Bits { keep: (!clear & 0xff).into(), flip: set.into() };
        let tcp = Statement::Assign { field: Field::TcpFlags, value };
        return Ok(Action::Statements(ip.into_iter().chain([tcp]).collect()));
    }
    let ip = ip.map(|statement| Rule::new([statement.into()], Verdict::Continue, Origin::default()));
    Ok(Action::Block(ip.into_iter().chain(tcp_rules(clear, set)).collect()))
}

fn assign(field: Field, value: u64) -> Statement {
    Statement::Assign { field, value: Assigned::Constant(value.into()) }
}

/// Bits that are written, and those among them that become 1.
fn tcp_bits(part: &Part) -> (u64, u64) {
    if part.has("ecn-tcp-remove") {
        return (ECE | CWR, 0);
    }
    let one = |option, bit: u64| part.number(option).map_or((0, 0), |n| (bit, bit * n));
    let ((clear_ece, ece), (clear_cwr, cwr)) = (one("ecn-tcp-ece", ECE), one("ecn-tcp-cwr", CWR));
    (clear_ece | clear_cwr, ece | cwr)
}

/// For each value of all flags that comes out: those that become it. None of them is what
/// another rule makes, so the rules do not meet.
fn tcp_rules(clear: u64, set: u64) -> impl Iterator<Item = Rule> {
    let comes_out = (0..256u64).filter(move |new| new & clear == set);
    comes_out.map(move |new| {
        let becomes = |old: &u64| old & !clear | set == new && *old != new;
        let from: IntervalSet = (0..256u64).filter(becomes).map(|old| Interval::point(old.into())).collect();
        let steps = [Step::Test(Test::In { field: Field::TcpFlags, set: from }), assign(Field::TcpFlags, new).into()];
        Rule::new(steps, Verdict::Continue, Origin::default())
    })
}
