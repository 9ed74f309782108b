//! Arithmetic on marks that targets share: `MARK`, `CONNMARK`, `TPROXY` (net/netfilter/xt_mark.c,
//! net/netfilter/xt_connmark.c).
//!
//! Invariant: a change of a mark is `(mark & keep) ^ flip`, whatever option asked for it.

use crate::ir::{Assigned, Bits, Origin, Rule, Statement, Step, Test, Verdict};
use crate::packet::{CtKey, Field};
use crate::save::ast::Opt;
use crate::save::option::Value;

/// All bits of a mark.
pub const ALL: u64 = 0xffff_ffff;

/// States of packets that have a connection: established, related, new.
const TRACKED: u128 = 2 | 4 | 8;

/// The options that set a mark: `--set-mark` and its mnemonics.
pub const SETTERS: [&str; 5] = ["set-xmark", "set-mark", "and-mark", "or-mark", "xor-mark"];

/// Bits cleared, and bits flipped afterwards.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct XMark {
    pub flip: u64,
    pub clear: u64,
}

/// What one of `SETTERS` asks for; `None` for other options.
pub fn setter(opt: &Opt) -> Option<XMark> {
    Some(match (opt.spec.name, &opt.value) {
        ("set-xmark", Value::Masked { value, mask }) => XMark { flip: *value, clear: *mask },
        ("set-mark", Value::Masked { value, mask }) => XMark { flip: *value, clear: mask | value },
        ("and-mark", Value::Number(bits)) => XMark { flip: 0, clear: !bits & ALL },
        ("or-mark", Value::Number(bits)) => XMark { flip: *bits, clear: *bits },
        ("xor-mark", Value::Number(bits)) => XMark { flip: *bits, clear: 0 },
        _ => return None,
    })
}

/// `field = (field & ~clear) ^ flip`; `None` when that changes nothing.
pub fn assign(field: Field, change: XMark) -> Option<Statement> {
    let keep = !change.clear & ALL;
    let value = match keep {
        0 => Assigned::Constant(change.flip.into()),
        ALL if change.flip == 0 => return None,
        _ => Assigned::Bits { keep: keep.into(), flip: change.flip.into() },
    };
    Some(Statement::Assign { field, value })
}

/// `to = (to & keep) ^ (from & take)` for versions of nft that cannot mix two fields in one value:
/// what is not kept is cleared, then each bit that is set in `from` is flipped by a rule of its own.
/// Nothing happens where there is no connection to read a mark from, as with one statement.
pub fn mix_bit_by_bit(to: Field, keep: u64, from: Field, take: u64) -> Vec<Rule> {
    let flip = |keep: u64, flip: u64| {
        let value = Assigned::Bits { keep: keep.into(), flip: flip.into() };
        Step::from(Statement::Assign { field: to, value })
    };
    let tracked = Test::from(Bits { field: Field::Ct(CtKey::State), mask: TRACKED, value: 0, negated: true });
    let guard = matches!(from, Field::Ct(_)).then_some(Step::Test(tracked));
    let steps = guard.into_iter().chain([flip(keep, 0)]);
    let clear = (keep != ALL).then(|| Rule::new(steps, Verdict::Continue, Origin::default()));
    let bits = (0..32).map(|at| 1 << at).filter(|bit| take & bit != 0);
    let rule = |bit: u64| {
        let test = Test::from(Bits { field: from, mask: bit.into(), value: bit.into(), negated: false });
        Rule::new([Step::Test(test), flip(ALL, bit)], Verdict::Continue, Origin::default())
    };
    clear.into_iter().chain(bits.map(rule)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the rules make of `to`.
    fn run(rules: &[Rule], mut to: u128, from: u128) -> u128 {
        for rule in rules {
            let holds = rule.tests().all(|t| match t {
                Test::Bits(bits) if bits.field == Field::Ct(CtKey::State) => true,
                Test::Bits(bits) if !bits.negated => from & bits.mask == bits.value,
                other => panic!("{other:?}"),
            });
            for statement in rule.statements().filter(|_| holds) {
                match statement {
                    Statement::Assign { value: Assigned::Bits { keep, flip }, .. } => to = (to & keep) ^ flip,
                    other => panic!("{other:?}"),
                }
            }
        }
        to
    }

    #[test]
    fn bit_by_bit_is_the_same_as_at_once() {
        let field = crate::packet::CtKey::Mark;
        for (keep, take) in
            [(0xffff_ff00, 0xff), (0xffff_ff00, 0xffff), (0xffff_ffff, 0x5), (0x00ff, 0xffff_ffff), (0xf0, 0)]
        {
            let rules = mix_bit_by_bit(Field::Mark, keep, Field::Ct(field), take);
            for (to, from) in [(0, 0xffff_ffff), (0x1234_5678, 0x9abc_def0), (0xffff_ffff, 0xffff_ffff), (5, 0)] {
                let want = (to & u128::from(keep)) ^ (from & u128::from(take));
                assert_eq!(run(&rules, to, from), want, "{keep:x} {take:x} {to:x} {from:x}");
            }
        }
    }

    #[test]
    fn changes_are_exact_bit_operations() {
        let bits = |keep, flip| Some(Assigned::Bits { keep, flip });
        for (flip, clear, want) in [
            (1, ALL, Some(Assigned::Constant(1))),
            (0x100, 0xff, bits(0xffff_ff00, 0x100)),
            (0xff, 0xff, bits(0xffff_ff00, 0xff)),
            (0, 0xffff_ff00, bits(0xff, 0)),
            (7, 0, bits(0xffff_ffff, 7)),
            (0, 0, None),
        ] {
            let got = assign(Field::Mark, XMark { flip, clear });
            let got = got.map(|s| match s {
                Statement::Assign { value, .. } => value,
                other => panic!("{other:?}"),
            });
            assert_eq!(got, want, "{flip:#x}/{clear:#x}");
        }
    }
}
