//! Whether rules make the kernel track connections, and so put fragments together before any rule sees them.
//!
//! An nft expression asks for it when it is loaded, in whatever chain it stands (`nf_ct_netns_get` in the `init` of
//! `net/netfilter/nft_ct.c`, `nft_nat.c` and others; `nf_defrag_ipv4_enable` in `nft_tproxy.c`).

use super::{Assigned, ObjectBody, Rule, Statement, Step, Table, Verdict};
use crate::packet::Field;

/// Whether anything in the table does.
pub fn tracks(table: &Table) -> bool {
    table.chains.iter().flat_map(|chain| &chain.rules).any(of_rule)
        || table.objects.iter().any(|object| matches!(object.body, ObjectBody::CtHelper { .. }))
}

fn of_rule(rule: &Rule) -> bool {
    let ends = matches!(rule.verdict, Verdict::Nat(_)) || rule.verdict.key().iter().any(is_tracked);
    ends || rule.steps.iter().flat_map(Step::fields).any(is_tracked) || rule.statements().any(of_statement)
}

const fn is_tracked(field: &Field) -> bool {
    matches!(field, Field::Ct(_))
}

fn of_statement(statement: &Statement) -> bool {
    match statement {
        Statement::Assign { field, value } => is_tracked(field) || of_value(value),
        Statement::ConnLimit { .. } | Statement::Synproxy { .. } | Statement::Tproxy { .. } => true,
        Statement::SetUpdate { key, inner, .. } => {
            key.iter().any(|part| is_tracked(&part.field)) || inner.iter().any(of_statement)
        }
        Statement::Log(_)
        | Statement::Limit(_)
        | Statement::Quota { .. }
        | Statement::Object { .. }
        | Statement::ResetTcpOption { .. }
        | Statement::Notrack
        | Statement::Trace
        | Statement::Dup { .. } => false,
    }
}

fn of_value(value: &Assigned) -> bool {
    match value {
        Assigned::Mix { from, .. } => is_tracked(from),
        Assigned::Map { key, .. } | Assigned::MapNamed { key, .. } => key.iter().any(is_tracked),
        Assigned::Hash { key, .. } => key.iter().any(|part| is_tracked(&part.field)),
        Assigned::Constant(_) | Assigned::Bits { .. } | Assigned::RouteMtu => false,
    }
}
