//! `-j CONNMARK`: changes the connection's mark, or copies between it and the packet's mark
//! (iptables-extensions(8), *CONNMARK*; net/netfilter/xt_connmark.c).
//!
//! The kernel does nothing for a packet without a connection, and neither does nft: the statement
//! breaks off, which is why nothing may follow it in its rule that must still happen.

use crate::ir::{Assigned, Statement};
use crate::nft::version::Feature;
use crate::packet::{CtKey, Family, Field};
use crate::save::ast::Part;
use crate::save::ext::lowering::{Action, Cx, Refusal};
use crate::save::ext::mark::{ALL, XMark};
use crate::save::ext::{CheckCx, Coverage, Extension, Families, Grade, Lower, mark, shared};
use crate::save::option::{Arg, OptionSpec, Value};

const BITS: Arg = Arg::Number { min: 0, max: ALL };
const SHIFT: Arg = Arg::Number { min: 0, max: 31 };
const MIX: &str = "masks that keep bits of the target are one rule for each bit before nft 1.1.2 with Linux 6.13";
const SHIFTED: &str = "only with --set-mark or --set-xmark and no mask; nft cannot shift while it keeps bits";

pub static EXTENSION: Extension = Extension {
    name: "CONNMARK",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("set-xmark", Arg::Masked { bits: 32 }),
        OptionSpec::new("set-mark", Arg::Masked { bits: 32 }),
        OptionSpec::new("and-mark", BITS),
        OptionSpec::new("or-mark", BITS),
        OptionSpec::new("xor-mark", BITS),
        OptionSpec::new("save-mark", Arg::Flag),
        OptionSpec::new("restore-mark", Arg::Flag),
        OptionSpec::new("nfmask", BITS),
        OptionSpec::new("ctmask", BITS),
        OptionSpec::new("mask", BITS),
        OptionSpec::new("left-shift-mark", SHIFT),
        OptionSpec::new("right-shift-mark", SHIFT),
    ],
    check,
    lower: Lower::Target(lower),
    coverage: &[
        row("--set-xmark", "-j CONNMARK --set-xmark 0x1/0xff", ""),
        row("--set-mark", "-j CONNMARK --set-mark 0x1", ""),
        row("--and-mark", "-j CONNMARK --and-mark 0xff00", ""),
        row("--or-mark", "-j CONNMARK --or-mark 0x1", ""),
        row("--xor-mark", "-j CONNMARK --xor-mark 0x1", ""),
        row("--save-mark", "-j CONNMARK --save-mark", ""),
        row("--restore-mark", "-j CONNMARK --restore-mark", ""),
        row("--nfmask", "-j CONNMARK --restore-mark --nfmask 0xff --ctmask 0xff", MIX),
        row("--ctmask", "-j CONNMARK --save-mark --nfmask 0xff --ctmask 0xff", MIX),
        row("--mask", "-j CONNMARK --save-mark --mask 0xff", MIX),
        row("--left-shift-mark", "-j CONNMARK --set-mark 0x1 --left-shift-mark 4", SHIFTED),
        row("--right-shift-mark", "-j CONNMARK --set-mark 0x10 --right-shift-mark 4", SHIFTED),
    ],
};

const fn row(option: &'static str, example: &'static str, note: &'static str) -> Coverage {
    Coverage { option, grade: Grade::Exact, example, family: Family::Ip, note }
}

const CT_MARK: Field = Field::Ct(CtKey::Mark);

fn check(part: &Part, _: &CheckCx) -> Result<(), String> {
    let [a, b, c, d, e] = mark::SETTERS;
    shared::one_of(part, &[a, b, c, d, e, "save-mark", "restore-mark"], true)?;
    shared::one_of(part, &["mask", "nfmask"], false)?;
    shared::one_of(part, &["mask", "ctmask"], false)
}

/// What the options come to, each overwriting what stands before it, as the tool reads them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Change {
    ctmark: u64,
    ctmask: u64,
    nfmask: u64,
    /// Bits to the left; negative to the right.
    shift: i64,
}

fn change(part: &Part) -> Change {
    let mut out = Change { ctmark: 0, ctmask: ALL, nfmask: ALL, shift: 0 };
    for opt in &part.options {
        if let Some(XMark { flip, clear }) = mark::setter(opt) {
            (out.ctmark, out.ctmask) = (flip, clear);
        }
        let Value::Number(n) = opt.value else { continue };
        match opt.spec.name {
            "nfmask" => out.nfmask = n,
            "ctmask" => out.ctmask = n,
            "mask" => (out.nfmask, out.ctmask) = (n, n),
            "left-shift-mark" => out.shift = n as i64,
            "right-shift-mark" => out.shift = -(n as i64),
            _ => {}
        }
    }
    out
}

fn lower(part: &Part, cx: &mut Cx) -> Result<Action, Refusal> {
    let Change { ctmark, ctmask, nfmask, shift } = change(part);
    if part.has("save-mark") {
        no_shift(shift)?;
        return Ok(copy(CT_MARK, ctmask, Field::Mark, nfmask, cx));
    }
    if part.has("restore-mark") {
        no_shift(shift)?;
        return Ok(copy(Field::Mark, nfmask, CT_MARK, ctmask, cx));
    }
    let flip = match shift {
        _ if ctmask != ALL => {
            no_shift(shift)?;
            ctmark
        }
        ..0 => ctmark >> -shift,
        _ => (ctmark << shift) & ALL,
    };
    // Where it changes nothing, it still makes the kernel track connections.
    let same = Statement::Assign { field: CT_MARK, value: Assigned::Bits { keep: ALL.into(), flip: 0 } };
    Ok(Action::Statements(vec![mark::assign(CT_MARK, XMark { flip, clear: ctmask }).unwrap_or(same)]))
}

/// `to = (to & ~clear) ^ (from & take)`, where there is a connection.
fn copy(to: Field, clear: u64, from: Field, take: u64, cx: &Cx) -> Action {
    let keep = !clear & ALL;
    // What keeps nothing is one value, which every version can write.
    if keep != 0 && (take == 0 || !cx.target.supports(Feature::BitwiseOfTwoFields)) {
        return Action::Block(mark::mix_bit_by_bit(to, keep, from, take));
    }
    let value = Assigned::Mix { keep: keep.into(), from, take: take.into() };
    Action::Statements(vec![Statement::Assign { field: to, value }])
}

fn no_shift(shift: i64) -> Result<(), Refusal> {
    let option = match shift {
        0 => return Ok(()),
        1.. => "left-shift-mark",
        _ => "right-shift-mark",
    };
    Err(Refusal::new(
        "connmark-shift",
        "nft cannot shift a mark and keep other bits of it in one statement",
        "use marks that need no shift, or list the values in a map: `meta mark set ct mark map { 0x10 : 0x1 }`",
    )
    .at(option))
}
