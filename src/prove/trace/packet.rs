//! What the user said about the packet, as a set of packets, and which way it goes.

use super::TraceError;
use crate::nft::ast::{Chain, Entry, Expr, Rule, Statement, Table, TableName};
use crate::packet::{Family, Field, Hook};
use crate::prove::Ruleset;
use crate::prove::block::Step;
use crate::prove::dd::{Bounded, Dd};
use crate::prove::nft_meaning::NftRules;
use crate::prove::space::Space;

/// The conditions as a table whose one chain has a rule for each, so that they mean what they mean in rules.
pub(super) fn table(packet: &[Statement]) -> [Table; 1] {
    let rules = packet.iter().map(|statement| Rule { statements: vec![statement.clone()], ..Rule::default() });
    let chain = Chain { name: "packet".into(), base: None, comment: None, rules: rules.collect(), line: 0 };
    let name = TableName { family: Family::Inet, name: "packet".into() };
    [Table { name, comment: None, flags: Vec::new(), entries: vec![Entry::Chain(chain)] }]
}

pub(super) fn rules(table: &[Table; 1]) -> NftRules<'_> {
    NftRules { tables: table, unknown: &[] }
}

/// Whether the conditions name a field of one family.
pub(super) fn says_family(packet: &[Statement]) -> bool {
    packet.iter().any(|statement| match statement {
        Statement::Match { left: Expr::Field(field), .. } => {
            *field == Field::Nfproto
                || Space::family_of(*field).is_some()
                || matches!(field, Field::IcmpType | Field::IcmpCode | Field::Icmp6Type | Field::Icmp6Code)
        }
        _ => false,
    })
}

/// The packets that are as all conditions say.
pub(super) fn said(table: &[Table; 1], space: &mut Space) -> Result<Dd, TraceError> {
    let program = rules(table).program(space)?;
    let rules = program.chains.first().map(|chain| chain.rules.as_slice()).unwrap_or_default();
    let mut all = Dd::TRUE;
    for (number, rule) in rules.iter().enumerate() {
        for step in &rule.steps {
            if let Some(set) = step.tested(&mut space.dd)? {
                all = space.dd.and(all, set)?;
                continue;
            }
            match step {
                Step::Unknown(why) => return Err(TraceError::NoProperty(number, why.clone())),
                _ => {
                    let why = "it depends on state or chance".to_owned();
                    return Err(TraceError::NoProperty(number, why));
                }
            }
        }
        if all == Dd::FALSE {
            return Err(TraceError::Contradiction(number));
        }
    }
    Ok(all)
}

/// The hooks that a packet passes, by the interfaces it has: one to come in, one to go out, or both.
pub(super) fn way(space: &mut Space, said: Dd) -> Bounded<Option<Vec<Hook>>> {
    let mut has = [false; 2];
    for (has, field) in has.iter_mut().zip([Field::Iifname, Field::Oifname]) {
        let missing = space.name(field, b"", false)?;
        *has = space.dd.and(said, missing)? == Dd::FALSE;
    }
    Ok(match has {
        [true, false] => Some(vec![Hook::Prerouting, Hook::Input]),
        [true, true] => Some(vec![Hook::Prerouting, Hook::Forward, Hook::Postrouting]),
        [false, true] => Some(vec![Hook::Output, Hook::Postrouting]),
        [false, false] => None,
    })
}

/// The packets of a set that can pass these hooks: with the interfaces that any of them gives.
pub(super) fn on_its_way(space: &mut Space, said: Dd, hooks: &[Hook]) -> Bounded<Dd> {
    let mut set = space.possible(Hook::Postrouting)?;
    set = space.dd.and(set, said)?;
    for (field, has) in [
        (Field::Iifname, hooks.iter().any(|hook| hook.has_input())),
        (Field::Oifname, hooks.iter().any(|hook| hook.has_output())),
    ] {
        let missing = space.name(field, b"", false)?;
        set = if has { space.dd.minus(set, missing)? } else { set };
    }
    Ok(set)
}
