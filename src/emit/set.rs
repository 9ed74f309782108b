//! Named sets and maps.

use super::{Table, test};
use crate::ir::{self, SetData, SetId};
use crate::nft::ast::{self, Data, DataKind, Element, Expr, KeyType, SetFlags};

impl Table<'_> {
    pub(crate) fn set(&self, at: usize, set: &ir::Set) -> ast::Set {
        let typed = |f: &crate::packet::Field| KeyType::Typeof(*f);
        ast::Set {
            name: self.names.set(SetId(at as u32)),
            comment: set.comment.clone(),
            key: set.key.iter().map(typed).collect(),
            data: match set.data {
                SetData::None => None,
                SetData::Verdict => Some(DataKind::Verdict),
                SetData::Values(a, b) => Some(DataKind::Value(a.iter().chain(&b).map(typed).collect())),
                SetData::Object(kind) => Some(DataKind::Object(kind)),
            },
            flags: SetFlags {
                constant: false,
                interval: set.interval,
                dynamic: set.dynamic,
                timeout: set.timeout.is_some(),
            },
            timeout: set.timeout.filter(|&t| t > 0),
            gc_interval: None,
            size: set.size,
            auto_merge: false,
            statements: if set.counter { vec![ast::Statement::Counter { packets: 0, bytes: 0 }] } else { Vec::new() },
            elements: set.rows.iter().map(|row| self.element(set, row)).collect(),
            line: 0,
        }
    }

    fn element(&self, set: &ir::Set, row: &ir::SetRow) -> Element {
        let value = || match row.values.as_slice() {
            [] => None,
            [only] => Some(Data::Value(test::component(crate::packet::Field::Mark, only))),
            many => {
                let parts = many.iter().map(|c| test::component(crate::packet::Field::Mark, c));
                Some(Data::Value(Expr::Concat(parts.collect())))
            }
        };
        Element {
            data: row.verdict.as_ref().and_then(|v| self.simple(v)).map(Data::Verdict).or_else(value),
            comment: row.comment.clone(),
            timeout: row.timeout,
            counter: row.counters.map(|c| (c.packets, c.bytes)),
            ..test::element(test::row(&set.key, &row.key))
        }
    }
}
