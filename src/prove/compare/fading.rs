//! What is left of `ct state` where only connection tracking comes next.
//!
//! It looks at every packet that has no connection and is not taken out of tracking, whatever a template made
//! the state look like (`nf_conntrack_in`); what a template says is an effect of its own. So behind the last
//! base chain before it, one bit of the state counts.

use super::bases::Side;
use crate::packet::Hook;
use crate::prove::block::{BaseKey, Block, KEEP};
use crate::prove::dd::{Bounded, Dd};
use crate::prove::space::Space;

/// Where connection tracking sees packets (`NF_IP_PRI_CONNTRACK`).
const CONNTRACK: i32 = -200;

/// Forgets of both blocks what nobody will see.
pub(super) fn fade(space: &mut Space, sides: &[Side<'_>; 2], key: BaseKey, blocks: &mut [Block]) -> Bounded<()> {
    let bits = space.untracked_code();
    let changes = |block: &Block| block.changes.iter().any(|(var, _)| bits.iter().any(|(bit, _)| bit == var));
    if !is_last(sides, key) || !blocks.iter().any(changes) {
        return Ok(());
    }
    for block in blocks {
        let untracked = untracked_after(space, block)?;
        block.changes.retain(|(var, _)| bits.iter().all(|(bit, _)| bit != var));
        let kept = bits.iter().map(|&(var, set)| (var, if set { untracked } else { Dd::FALSE }));
        block.changes.extend(kept);
        block.changes.sort_by_key(|&(var, _)| var);
    }
    Ok(())
}

fn is_last(sides: &[Side<'_>; 2], key: BaseKey) -> bool {
    let between = |other: &BaseKey| other.hook == key.hook && (key.priority..=CONNTRACK).contains(&other.priority);
    let bases = |side: &Side<'_>| side.program.bases.iter().filter(|base| between(&base.key)).count();
    matches!(key.hook, Hook::Prerouting | Hook::Output)
        && key.priority < CONNTRACK
        && sides.iter().all(|side| bases(side) <= 1)
}

/// The packets that are out of tracking behind a block.
fn untracked_after(space: &mut Space, block: &Block) -> Bounded<Dd> {
    let mut untracked = Dd::TRUE;
    for (var, wanted) in space.untracked_code() {
        let itself = space.dd.var(var)?;
        let value = space.dd.otherwise(block.change(var), KEEP, itself)?;
        let holds = if wanted { value } else { space.dd.not(value)? };
        untracked = space.dd.and(untracked, holds)?;
    }
    Ok(untracked)
}
