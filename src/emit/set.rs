//! Named sets and maps.

use super::{Table, test};
use crate::ir::{self, SetData, SetId};
use crate::nft::ast::{self, Data, DataKind, Element, Expr, KeyType, SetFlags};
use crate::packet::{DataType, Field};

impl Table<'_> {
    pub(crate) fn set(&self, at: usize, set: &ir::Set) -> ast::Set {
        let elements = set.rows.iter().map(|row| self.element(&set.key, row)).collect();
        ast::Set { elements, ..self.set_head(at, set) }
    }

    /// The set without its elements.
    pub(crate) fn set_head(&self, at: usize, set: &ir::Set) -> ast::Set {
        let named = set.key.iter().chain(values(&set.data).iter().flatten()).all(|f| has_type_name(f.data_type()));
        let typed = |f: &Field| if named { KeyType::Type(f.data_type()) } else { KeyType::Typeof(*f) };
        ast::Set {
            name: self.names.set(SetId(at as u32)),
            comment: set.comment.clone(),
            key: set.key.iter().map(typed).collect(),
            data: match set.data {
                SetData::None => None,
                SetData::Verdict => Some(DataKind::Verdict),
                SetData::Values(..) => Some(DataKind::Value(values(&set.data).iter().flatten().map(typed).collect())),
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
            auto_merge: set.auto_merge,
            statements: if set.counter { vec![ast::Statement::Counter { packets: 0, bytes: 0 }] } else { Vec::new() },
            elements: Vec::new(),
            line: 0,
        }
    }

    /// An element of a set with this key.
    pub(crate) fn element(&self, key: &[Field], row: &ir::SetRow) -> Element {
        let carried = row.carried();
        let value = || match carried.values.as_slice() {
            [] => None,
            [only] => Some(Data::Value(test::component(Field::Mark, only))),
            many => {
                let parts = many.iter().map(|c| test::component(Field::Mark, c));
                Some(Data::Value(Expr::Concat(parts.collect())))
            }
        };
        Element {
            data: carried.verdict.as_ref().and_then(|v| self.simple(v)).map(Data::Verdict).or_else(value),
            comment: carried.comment.clone(),
            timeout: carried.timeout,
            counter: carried.counters.map(|c| (c.packets, c.bytes)),
            ..test::element(test::row(key, &row.key))
        }
    }
}

/// The fields whose types a map's values have.
const fn values(data: &SetData) -> [Option<Field>; 2] {
    match data {
        SetData::Values(first, second) => [*first, *second],
        SetData::None | SetData::Verdict | SetData::Object(_) => [None, None],
    }
}

/// Types that every version knows by name. Behind `typeof` 0.9.8 crashes when it lists a map of
/// concatenated ranges.
const fn has_type_name(data: DataType) -> bool {
    use DataType as T;
    matches!(data, T::Ipv4Addr | T::Ipv6Addr | T::InetProto | T::InetService | T::Mark | T::Ifname | T::EtherAddr)
        || matches!(data, T::IcmpType | T::Icmp6Type)
}
