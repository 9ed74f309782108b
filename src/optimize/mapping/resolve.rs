//! The rules of a place as maps: which columns are the key, which rows each rule gets.

use smallvec::SmallVec;

use super::case::{Case, components};
use super::cells::{Cell, Cells, Left};
use crate::ir::{Component, Fields, Row};
use crate::nft::version::{Feature, Target};
use crate::optimize::Options;
use crate::optimize::domain::name_interval;
use crate::optimize::shape::most_when_cut;
use crate::packet::{DataType, Field};

/// Rules that stay as they are (one), or become one rule with a map.
#[derive(Debug)]
pub struct Part {
    pub members: Vec<usize>,
    pub map: Option<Map>,
}

/// A map to be written.
#[derive(Debug)]
pub struct Map {
    /// As general as the cases say it.
    pub key: Fields,
    /// Each with the member it comes from.
    pub rows: Vec<(Row, usize)>,
    /// Some row is no single point.
    pub ranges: bool,
    /// It must be a named one.
    pub named: bool,
}

/// Maps of the rules of one place, in their order.
pub fn parts(members: Vec<usize>, cases: &[Option<Case>], options: &Options) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = members.as_slice();
    while let Some(&first) = rest.first() {
        let found = if rest.len() > 1 { longest(rest, cases, options) } else { None };
        let taken = match found {
            Some((taken, map)) => {
                parts.push(Part { members: rest.get(..taken).unwrap_or_default().to_vec(), map: Some(map) });
                taken
            }
            None => {
                parts.push(Part { members: vec![first], map: None });
                1
            }
        };
        rest = rest.get(taken..).unwrap_or_default();
    }
    parts
}

/// The fields of a column as its rule names them.
fn spelled<'c>(case: &'c Case, column: usize) -> Option<&'c [Field]> {
    case.columns.get(column).map(|(_, test)| test.fields())
}

/// The map of as many members from the front as can be one.
fn longest(members: &[usize], cases: &[Option<Case>], options: &Options) -> Option<(usize, Map)> {
    let seen: Vec<&Case> = members.iter().map_while(|&at| cases.get(at)?.as_ref()).collect();
    let first = *seen.first()?;
    let differs = |column: &usize| seen.iter().any(|case| !agree(case, first, *column));
    let columns: Vec<usize> = (0..first.columns.len()).filter(differs).collect();
    let key: Fields = columns.iter().filter_map(|&c| first.columns.get(c)).map(|(field, _)| *field).collect();
    let by_protocol = key.contains(&Field::L4proto);
    let mut cells = Cells::default();
    let mut rows = Vec::new();
    let (mut uncut, mut taken) = (0, 0);
    for (case, &member) in seen.iter().zip(members) {
        if !by_protocol && columns.iter().any(|&at| spelled(case, at) != spelled(first, at)) {
            break;
        }
        let whole = rows_of(case, &columns);
        uncut += whole.len();
        let Some(own) = beside(whole, case.deed.is_final, &mut cells) else { break };
        if rows.len() + own.len() > most_when_cut(uncut) {
            break;
        }
        rows.extend(own.into_iter().map(|row| (row, member)));
        taken += 1;
    }
    let alike = seen.iter().take(taken).all(|case| case.deed.data == first.deed.data);
    let ranges = rows.iter().any(|(row, _)| row.iter().any(|c| matches!(c, Component::Interval(i) if !i.is_point())));
    let map = Map { named: needs_name(&key, ranges, options.target)?, key, rows, ranges };
    (taken > 1 && !alike && !map.key.is_empty()).then_some((taken, map))
}

/// Whether the cases have the same values in a column.
fn agree(a: &Case, b: &Case, column: usize) -> bool {
    match (a.columns.get(column), b.columns.get(column)) {
        (Some((_, one)), Some((_, other))) if one == other => true,
        _ => values(a, column) == values(b, column),
    }
}

fn values(case: &Case, column: usize) -> Option<SmallVec<[Component; 1]>> {
    case.columns.get(column).map(|(field, test)| components(*field, test))
}

/// The rows of a case as it says them; nearly always one.
fn rows_of(case: &Case, columns: &[usize]) -> SmallVec<[Row; 1]> {
    let mut rows: SmallVec<[Row; 1]> = SmallVec::new();
    rows.push(Row::new());
    for side in columns.iter().filter_map(|&column| values(case, column)) {
        let ([row], [_]) = (rows.as_mut_slice(), side.as_slice()) else {
            let longer = |row: &Row| {
                side.iter().map(|value| row.iter().cloned().chain([value.clone()]).collect::<Row>()).collect::<Vec<_>>()
            };
            rows = rows.iter().flat_map(longer).collect();
            continue;
        };
        row.extend(side);
    }
    rows
}

/// What is left of a case's rows beside those of earlier ones; `None` where it cannot join them.
fn beside(rows: SmallVec<[Row; 1]>, is_final: bool, cells: &mut Cells) -> Option<SmallVec<[Row; 1]>> {
    let mut out = SmallVec::with_capacity(rows.len());
    for row in rows {
        let cell: Cell = row.iter().map(interval).collect::<Option<_>>()?;
        match cells.add(&cell, is_final)? {
            Left::Whole => out.push(row),
            Left::Pieces(pieces) => out.extend(
                pieces.into_iter().map(|piece| row.iter().zip(piece).map(|(value, side)| cut(value, side)).collect()),
            ),
        }
    }
    Some(out)
}

fn interval(component: &Component) -> Option<crate::packet::Interval> {
    match component {
        Component::Interval(i) => Some(*i),
        Component::Name(name) => name_interval(name),
    }
}

/// A name is one point and cannot be cut.
fn cut(value: &Component, side: crate::packet::Interval) -> Component {
    match value {
        Component::Interval(_) => side.into(),
        Component::Name(name) => name.clone().into(),
    }
}

/// Whether what loads the map takes it only with a name; `None` when not even then.
fn needs_name(key: &[Field], ranges: bool, target: Target) -> Option<bool> {
    let bytes: u32 = key.iter().map(|field| field.width().div_ceil(32) * 4).sum();
    if bytes > 64 {
        return None;
    }
    if key.len() < 2 {
        return Some(false);
    }
    let types: SmallVec<[DataType; 3]> = key.iter().map(|field| field.data_type()).collect();
    let untyped = types.iter().any(|t| matches!(t, DataType::Integer | DataType::FibAddrType));
    let host_order = key.iter().any(|f| matches!(f, Field::Mark | Field::Skuid | Field::Skgid | Field::Ct(_)));
    if untyped || (ranges && host_order && !target.supports(Feature::HostOrderRangeInConcat)) {
        return None;
    }
    match ranges {
        true if !target.supports(Feature::RangeInConcat) => None,
        ranges => Some(ranges && !target.supports(Feature::RangeInConcatMap)),
    }
}
