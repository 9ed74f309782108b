//! `-m cgroup`: the control group of the socket (iptables-extensions(8), *cgroup*; net/netfilter/xt_cgroup.c).

use smallvec::smallvec;

use crate::ir::{Name, Step, Test};
use crate::nft::version::Feature;
use crate::packet::{Field, Hook, IntervalSet};
use crate::save::ast::{Opt, Part};
use crate::save::ext::lowering::{Cond, Cx, Refusal};
use crate::save::ext::{CheckCx, Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec, Value};

pub static EXTENSION: Extension = Extension {
    name: "cgroup",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("cgroup", Arg::Number { min: 0, max: u32::MAX as u64 }).not(),
        OptionSpec::new("path", Arg::Text { max: 511 }).not(),
    ],
    check,
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::approximate("--cgroup", "-m cgroup --cgroup 0x100001 -j ACCEPT", NOTE),
        Coverage::approximate("! --cgroup", "-m cgroup ! --cgroup 0x100001 -j DROP", NOTE),
        Coverage::approximate("--path", "-m cgroup --path user.slice -j ACCEPT", NOTE),
        Coverage::approximate("! --path", "-m cgroup ! --path user.slice -j DROP", NOTE),
    ],
};

const NOTE: &str =
    "nft finds sockets for packets where iptables sees none: half-open connections, packets that come in";

fn check(part: &Part, cx: &CheckCx) -> Result<(), String> {
    shared::one_of(part, &["cgroup", "path"], true)?;
    shared::at_hooks(cx, &[Hook::Input, Hook::Output, Hook::Postrouting])
}

fn lower(part: &Part, cx: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    if !cx.approximate {
        let help = "give --approximate if that does not matter here";
        return Err(Refusal::new("cgroup", NOTE, help));
    }
    if part.has("path") && !cx.target.supports(Feature::SocketCgroupv2) {
        let reason = "paths of control groups need a newer nft and kernel";
        return Err(Refusal::new("cgroup-path", reason, "name a newer --target").at("path"));
    }
    cx.differs(NOTE);
    Ok(part.options.iter().map(cond).collect())
}

/// A packet without a socket never matches, negated or not.
fn cond(opt: &Opt) -> Cond {
    match &opt.value {
        Value::Number(class) => Test::within(Field::Cgroup, IntervalSet::point((*class).into()), opt.negated).into(),
        Value::Text(path) => {
            let parts: Vec<&[u8]> = path.split(|&b| b == b'/').filter(|p| !p.is_empty()).collect();
            let name = Name { text: parts.join(&b'/').into(), wildcard: false };
            let field = Field::SocketCgroupv2 { level: parts.len().min(255) as u8 };
            Cond::Step(Step::Test(Test::Named { field, names: smallvec![name], negated: opt.negated }))
        }
        _ => Cond::Never,
    }
}
