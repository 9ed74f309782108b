//! `owner` (`xt_owner.c`): the socket that sent the packet.
//!
//! A packet without a socket satisfies all negated options and no other, so `!` is true there.

use crate::packet::Field;
use crate::prove::block::Step;
use crate::prove::dd::{Bounded, Dd};
use crate::prove::save_meaning::{Reading, options};
use crate::prove::vocabulary;
use crate::save::ast::Part;

pub fn owner(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let groups = part.has("suppl-groups");
    let mut steps = Vec::new();
    for option in part.options.iter().filter(|option| option.spec.name != "suppl-groups") {
        let set = match (option.spec.name, options::set(&option.value)) {
            ("uid-owner", Some(users)) => with_file(reading, Field::Skuid, Dd::FALSE, &users)?,
            ("gid-owner", Some(users)) => {
                let words = vocabulary::xtables("owner", &format!("supplementary group {users:?}"));
                let member = if groups { reading.space.opaque(&words)? } else { Dd::FALSE };
                with_file(reading, Field::Skgid, member, &users)?
            }
            // Kernel sockets have no file, and so no owner.
            ("socket-exists", _) => {
                let file = reading.space.present(Field::Skuid)?;
                let kernel = reading.space.opaque(&vocabulary::xtables("owner", "socket without a file"))?;
                reading.space.dd.or(file, kernel)?
            }
            _ => {
                steps.push(options::unknown(part, option));
                continue;
            }
        };
        steps.push(Step::Test(reading.negated_if(option.negated, set)?));
    }
    Ok(steps)
}

/// The packets of a socket with a file whose owner is one of `owners`, or for which `or` holds.
fn with_file(reading: &mut Reading<'_>, field: Field, or: Dd, owners: &crate::packet::IntervalSet) -> Bounded<Dd> {
    let file = reading.space.present(field)?;
    let owned = reading.space.within(field, owners)?;
    let owned = reading.space.dd.or(owned, or)?;
    reading.space.dd.and(file, owned)
}
