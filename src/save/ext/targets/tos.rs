//! `-j TOS`: the TOS byte or traffic class, DSCP and ECN together (iptables-extensions(8), *TOS*;
//! net/netfilter/xt_DSCP.c, `tos_tg`).
//!
//! nft writes DSCP and ECN apart, since a raw write of the byte would leave the checksum of the
//! header wrong. What keeps some bits is a rule for each outcome.

use bstr::BString;

use crate::diag::quote;
use crate::ir::{Assigned, Origin, Rule, Statement, Step, Test, Verdict};
use crate::nft::version::Feature;
use crate::packet::{Family, Field, Interval, IntervalSet};
use crate::save::ast::{Opt, Part, TableKind};
use crate::save::ext::lowering::{Action, Cx, Refusal};
use crate::save::ext::{Coverage, Extension, Families, Grade, Lower, shared};
use crate::save::option::{Arg, OptionSpec, Value};
use crate::save::value;

const BITS: Arg = Arg::Number { min: 0, max: 255 };

pub static EXTENSION: Extension = Extension {
    name: "TOS",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("set-tos", Arg::Custom { words: 1, read, show }),
        OptionSpec::new("and-tos", BITS),
        OptionSpec::new("or-tos", BITS),
        OptionSpec::new("xor-tos", BITS),
    ],
    check: |part, cx| {
        shared::in_tables(cx, &[TableKind::Mangle])?;
        shared::one_of(part, &["set-tos", "and-tos", "or-tos", "xor-tos"], true)
    },
    lower: Lower::Target(lower),
    coverage: &[
        row("--set-tos", "-j TOS --set-tos 0x10/0xff", Family::Ip),
        row("--set-tos", "-j TOS --set-tos Minimize-Delay", Family::Ip),
        row("--set-tos", "-j TOS --set-tos 0x10/0x3f", Family::Ip6),
        row("--and-tos", "-j TOS --and-tos 0xfc", Family::Ip),
        row("--or-tos", "-j TOS --or-tos 0x10", Family::Ip),
        row("--xor-tos", "-j TOS --xor-tos 0x10", Family::Ip),
    ],
};

const fn row(option: &'static str, example: &'static str, family: Family) -> Coverage {
    let note = "where bits are kept, one rule for each outcome before nft 1.1.3";
    Coverage { option, grade: Grade::Exact, example, family, note }
}

/// The names of RFC 1349; they leave the two highest bits alone.
const SYMBOLS: [(&str, u64); 5] = [
    ("Minimize-Delay", 0x10),
    ("Maximize-Throughput", 0x08),
    ("Maximize-Reliability", 0x04),
    ("Minimize-Cost", 0x02),
    ("Normal-Service", 0x00),
];
const SYMBOL_MASK: u64 = 0x3f;

/// `(old & keep) ^ flip` on a few bits of the byte.
#[derive(Clone, Copy, Debug)]
struct Bits {
    field: Field,
    width: u32,
    keep: u64,
    flip: u64,
}

/// The values a field may have, all of them when `None`, and the one that is written.
type Outcome = (Option<IntervalSet>, Option<u128>);

impl Bits {
    const fn apply(self, old: u64) -> u64 {
        (old & self.keep) ^ self.flip
    }

    const fn all(self) -> u64 {
        (1 << self.width) - 1
    }

    /// For versions of nft that can work on the old value. One operation each: of `ip dscp & 0x30 | 0x04` nft 1.1.3
    /// to 1.1.7 shift the first constant to its place in the header and not the second.
    fn at_once(self) -> Vec<Statement> {
        let all = u128::from(self.all());
        let (keep, flip) = (u128::from(self.keep), u128::from(self.flip));
        let bits = |keep, flip| Assigned::Bits { keep, flip };
        let values = match (keep, flip) {
            (0, flip) => vec![Assigned::Constant(flip)],
            (keep, 0) if keep == all => Vec::new(),
            (keep, 0) => vec![bits(keep, 0)],
            (keep, flip) if keep == all => vec![bits(all, flip)],
            (keep, flip) if keep ^ flip == all => vec![bits(keep, flip)],
            (keep, flip) if keep & flip == 0 => vec![bits(keep, 0), bits(all & !flip, flip)],
            (keep, flip) => vec![bits(keep, 0), bits(all, flip)],
        };
        values.into_iter().map(|value| Statement::Assign { field: self.field, value }).collect()
    }

    /// Twice is the same as once.
    const fn is_idempotent(self) -> bool {
        self.keep & self.flip == 0
    }

    /// Values that stay as they are are left out, unless they are all.
    fn outcomes(self) -> Vec<Outcome> {
        if self.keep == 0 {
            return vec![(None, Some(self.flip.into()))];
        }
        if self.keep == self.all() && self.flip == 0 {
            return vec![(None, None)];
        }
        let stays = |old: u64| self.is_idempotent() && self.apply(old) == old;
        let leads_to = |new: u64| (0..=self.all()).filter(move |&old| !stays(old) && self.apply(old) == new);
        let set = |new| leads_to(new).map(|old| Interval::point(old.into())).collect::<IntervalSet>();
        let all = (0..=self.all()).map(|new| (Some(set(new)), Some(new.into())));
        all.filter(|(set, _)| set.as_ref().is_some_and(|s| !s.is_empty())).collect()
    }
}

fn lower(part: &Part, cx: &mut Cx) -> Result<Action, Refusal> {
    let (keep, flip) = part.options.iter().find_map(change).unwrap_or((0xff, 0));
    let (dscp, ecn) = match cx.family {
        Family::Ip6 => (Field::Ip6Dscp, Field::Ip6Ecn),
        _ => (Field::IpDscp, Field::IpEcn),
    };
    let dscp = Bits { field: dscp, width: 6, keep: keep >> 2, flip: flip >> 2 };
    let ecn = Bits { field: ecn, width: 2, keep: keep & 3, flip: flip & 3 };
    if cx.target.supports(Feature::DscpArithmetic) {
        return Ok(Action::Statements([dscp, ecn].into_iter().flat_map(Bits::at_once).collect()));
    }
    Ok(action(dscp, ecn))
}

/// Bits kept and bits flipped.
fn change(opt: &Opt) -> Option<(u64, u64)> {
    Some(match (opt.spec.name, &opt.value) {
        ("set-tos", Value::Masked { value, mask }) => (!mask & 0xff, *value),
        ("and-tos", Value::Number(bits)) => (*bits, 0),
        ("or-tos", Value::Number(bits)) => (!bits & 0xff, *bits),
        ("xor-tos", Value::Number(bits)) => (0xff, *bits),
        _ => return None,
    })
}

/// One rule when nothing is kept. Else a rule for each outcome of each field, and where a later rule
/// could undo what an earlier one did, one for each pair of outcomes, which the packet leaves.
fn action(dscp: Bits, ecn: Bits) -> Action {
    let (dscps, ecns) = (dscp.outcomes(), ecn.outcomes());
    if let ([(None, d)], [(None, e)]) = (dscps.as_slice(), ecns.as_slice()) {
        return Action::Statements(write(dscp.field, *d).into_iter().chain(write(ecn.field, *e)).collect());
    }
    let rule = |verdict: &Verdict, parts: &[(Field, &Outcome)]| {
        let tests = parts.iter().filter_map(|&(field, (set, _))| Some(Test::In { field, set: set.clone()? }));
        let writes = parts.iter().filter_map(|&(field, (_, new))| write(field, *new));
        Rule::new(tests.map(Step::Test).chain(writes.map(Step::from)), verdict.clone(), Origin::default())
    };
    if dscp.is_idempotent() && ecn.is_idempotent() {
        let apart = |bits: Bits, outcomes: &[Outcome]| {
            let writes = outcomes.iter().filter(|(_, new)| new.is_some());
            writes.map(|o| rule(&Verdict::Continue, &[(bits.field, o)])).collect::<Vec<_>>()
        };
        return Action::Block(apart(dscp, &dscps).into_iter().chain(apart(ecn, &ecns)).collect());
    }
    let pairs = dscps.iter().flat_map(|d| ecns.iter().map(move |e| (d, e)));
    Action::Block(pairs.map(|(d, e)| rule(&Verdict::Return, &[(dscp.field, d), (ecn.field, e)])).collect())
}

fn write(field: Field, value: Option<u128>) -> Option<Statement> {
    value.map(|v| Statement::Assign { field, value: Assigned::Constant(v) })
}

/// A symbol, or `value[/mask]`.
fn read(words: &[&[u8]], _: Family) -> Result<Value, String> {
    let word = words.first().copied().unwrap_or_default();
    if let Some(&(_, value)) = SYMBOLS.iter().find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(word)) {
        return Ok(Value::Masked { value, mask: SYMBOL_MASK });
    }
    let byte = |w: &[u8]| value::number(w).ok().filter(|&n| n <= 0xff);
    let parts = match word.iter().position(|&b| b == b'/') {
        Some(at) => byte(&word[..at]).zip(byte(&word[at + 1..])),
        None => byte(word).map(|v| (v, 0xff)),
    };
    parts.map(|(value, mask)| Value::Masked { value, mask }).ok_or_else(|| {
        format!("{} is neither a TOS value (0 to 255, perhaps with /mask) nor a name of one", quote(word))
    })
}

fn show(value: &Value, _: Family) -> Vec<BString> {
    match value {
        Value::Masked { value, mask } => vec![format!("{value:#04x}/{mask:#04x}").into()],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the rules make of a byte.
    fn run(action: &Action, byte: u64) -> u64 {
        let (mut dscp, mut ecn) = (u128::from(byte >> 2), u128::from(byte & 3));
        let write = |statement: &Statement, dscp: &mut u128, ecn: &mut u128| match statement {
            Statement::Assign { field: Field::IpDscp, value: Assigned::Constant(v) } => *dscp = *v,
            Statement::Assign { field: Field::IpEcn, value: Assigned::Constant(v) } => *ecn = *v,
            Statement::Assign { field, value: Assigned::Bits { keep, flip } } => {
                let bits = if *field == Field::IpDscp { dscp } else { ecn };
                let all = if *field == Field::IpDscp { 0x3f } else { 3 };
                assert!(*flip == 0 || *keep == all || keep ^ flip == all, "two operations: {keep:#x} {flip:#x}");
                *bits = *bits & keep ^ flip;
            }
            other => panic!("{other:?}"),
        };
        match action {
            Action::Statements(all) => all.iter().for_each(|s| write(s, &mut dscp, &mut ecn)),
            Action::Block(rules) => {
                for rule in rules {
                    let holds = rule.tests().all(|t| match t {
                        Test::In { field: Field::IpDscp, set } => set.contains(dscp),
                        Test::In { set, .. } => set.contains(ecn),
                        other => panic!("{other:?}"),
                    });
                    if holds {
                        rule.statements().for_each(|s| write(s, &mut dscp, &mut ecn));
                        if rule.verdict == Verdict::Return {
                            break;
                        }
                    }
                }
            }
            other => panic!("{other:?}"),
        }
        (dscp << 2 | ecn) as u64
    }

    #[test]
    fn every_byte_comes_out_as_the_kernel_writes_it() {
        for (keep, flip) in
            [(0, 0x10), (0xff, 0), (0xc0, 0x10), (0xff, 0x13), (0x0f, 0xa5), (0xfc, 0), (0xff, 1), (0xef, 0x18)]
        {
            let dscp = Bits { field: Field::IpDscp, width: 6, keep: keep >> 2, flip: flip >> 2 };
            let ecn = Bits { field: Field::IpEcn, width: 2, keep: keep & 3, flip: flip & 3 };
            let at_once = Action::Statements([dscp, ecn].into_iter().flat_map(Bits::at_once).collect());
            for action in [action(dscp, ecn), at_once] {
                for byte in 0..256 {
                    assert_eq!(run(&action, byte), (byte & keep) ^ flip, "{byte:#x} {keep:#x} {flip:#x}");
                }
            }
        }
    }
}
