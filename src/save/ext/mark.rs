//! Arithmetic on marks that targets share: `MARK`, `CONNMARK`, `TPROXY` (net/netfilter/xt_mark.c,
//! net/netfilter/xt_connmark.c).
//!
//! Invariant: a change of a mark is `(mark & keep) ^ flip`, whatever option asked for it.

use crate::ir::{Assigned, Statement};
use crate::packet::Field;
use crate::save::ast::Opt;
use crate::save::option::Value;

/// All bits of a mark.
pub const ALL: u64 = 0xffff_ffff;

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

#[cfg(test)]
mod tests {
    use super::*;

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
