//! Comments of rules that become one.

use bstr::{BString, join};

use super::{Member, boxes, columns};
use crate::ir::{Row, Rule};
use crate::packet::Field;

/// All of them on the rule.
pub(super) fn of_rule(rule: &mut Rule, members: &[Member]) {
    for member in members.iter().skip(1) {
        add(rule, member.rule);
    }
}

fn add(rule: &mut Rule, other: &Rule) {
    if other.comments().is_empty() && other.labels().is_empty() {
        return;
    }
    let remarks = rule.remarks_mut();
    for comment in other.comments() {
        if !remarks.comments.contains(comment) {
            remarks.comments.push(comment.clone());
        }
    }
    remarks.labels.extend_from_slice(other.labels());
}

/// A comment that all share stays the rule's; others go to the rows that stand for their rules, `apart` where those
/// hold single values.
pub(super) fn of_rows(rule: &mut Rule, members: &[Member], varying: &[usize], key: &[Field], apart: bool) {
    let silent = |m: &Member| m.rule.comments().is_empty() && m.rule.labels().is_empty();
    let shared = |m: &Member| m.rule.comments() == rule.comments() && m.rule.labels().is_empty();
    if members.iter().all(silent) || members.iter().all(shared) {
        return;
    }
    let labels: Vec<(Row, BString)> = members.iter().flat_map(|m| labels(m, varying, key, apart)).collect();
    let remarks = rule.remarks_mut();
    remarks.comments.clear();
    remarks.labels = labels;
}

fn labels(member: &Member, varying: &[usize], key: &[Field], apart: bool) -> Vec<(Row, BString)> {
    let Some(shape) = member.shape else { return Vec::new() };
    let values = |&at: &usize| Some(shape.columns.get(at)?.values(member.rule)?.into_owned());
    let Some(cell) = varying.iter().map(values).collect::<Option<Vec<_>>>() else { return Vec::new() };
    let lines = boxes::expand(&cell);
    let lines = if apart { lines.rows().map(columns::points).collect() } else { vec![lines] };
    let rows = lines.iter().flat_map(|lines| lines.rows()).filter_map(|line| columns::row(key, line));
    let text = |row: &Row| -> BString {
        let of_value = |(label, _): &&(Row, BString)| label.iter().all(|component| row.contains(component));
        let of_values = member.rule.labels().iter().filter(of_value).map(|(_, text)| text);
        let all: Vec<&BString> = member.rule.comments().iter().chain(of_values).collect();
        join(", ", all).into()
    };
    rows.map(|row| (text(&row), row)).filter(|(text, _)| !text.is_empty()).map(|(text, row)| (row, text)).collect()
}
