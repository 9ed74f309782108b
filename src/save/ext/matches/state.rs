//! `-m state`: the older name for `-m conntrack --ctstate` (iptables-extensions(8), *state*).

use crate::save::ast::Part;
use crate::save::ext::lowering::{Cond, Cx, Refusal};
use crate::save::ext::{Coverage, Extension, Families, Lower, shared, tracked};
use crate::save::option::{Arg, OptionSpec};

pub static EXTENSION: Extension = Extension {
    name: "state",
    aliases: &[],
    families: Families::Both,
    options: &[OptionSpec::new(
        "state",
        Arg::Custom {
            words: 1,
            read: |words, _| tracked::read(words, &tracked::STATES),
            show: |value, _| tracked::show(value, &tracked::STATES),
        },
    )
    .not()],
    check: |part, _| shared::needs(part, "state"),
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::exact("--state", "-m state --state RELATED,ESTABLISHED -j ACCEPT"),
        Coverage::exact("! --state", "-m state ! --state INVALID,UNTRACKED -j ACCEPT"),
    ],
};

fn lower(part: &Part, _: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    let negated = part.get("state").is_some_and(|o| o.negated);
    let states = part.number("state").unwrap_or_default();
    let wanted = if negated { tracked::ALL & !states } else { states };
    Ok(tracked::state(wanted).cond().into_iter().collect())
}
