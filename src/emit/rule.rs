//! One rule: steps to statements, counter in its place, comments where they fit.

use bstr::BString;

use super::apart::Apart;
use super::{Table, test};
use crate::diag::printable;
use crate::ir::{self, Statement, Step};
use crate::nft::ast;
use crate::nft::quoted;
use crate::packet::Field;

impl Table<'_> {
    /// The counter stands where iptables counts: behind all that must hold, before all that is done.
    pub(crate) fn rule(&self, rule: &ir::Rule) -> ast::Rule {
        let labels = test::labels(rule);
        let mut rest = test::Rest::new(&rule.steps, &rule.verdict);
        let done_from = rule.steps.iter().rposition(decides).map_or(0, |at| at + 1);
        let mut statements = Vec::with_capacity(rule.steps.len() + 2);
        let mut ports = test::PortContext::of(rule);
        let mut apart = Apart::default();
        for (at, step) in rule.steps.iter().enumerate() {
            if at == done_from {
                statements.extend(counter(rule));
            }
            statements.extend(ports.before(step.fields()));
            match step {
                Step::Test(test) => {
                    let statement = self.test(test, &rest, &labels);
                    ports.behind(test, statement.is_some(), &rest);
                    if let Some(statement) = statement.filter(|s| !is_said_protocol(s, &statements)) {
                        statements.push(apart.keep(statement));
                    }
                    if test::counts(test) {
                        rest = test::Rest::new(rule.steps.get(at + 1..).unwrap_or_default(), &rule.verdict);
                    }
                }
                Step::Do(statement) => {
                    statements.push(self.statement(statement));
                    rest = test::Rest::new(rule.steps.get(at + 1..).unwrap_or_default(), &rule.verdict);
                }
            }
        }
        if done_from >= rule.steps.len() {
            statements.extend(counter(rule));
        }
        statements.extend(ports.before(rule.verdict.key()));
        statements.extend(self.verdict(&rule.verdict));
        let (comment, mut notes) = comments(rule);
        notes.extend(test::unplaced_labels(rule, &labels).iter().map(|c| printable(c).into()));
        if statements.is_empty() && (comment.is_some() || notes.is_empty()) {
            // A rule that does nothing must say something; a gap is all notes.
            statements.push(ast::Statement::Counter { packets: 0, bytes: 0 });
        }
        ast::Rule { statements, comment, notes, line: 0 }
    }
}

/// Whether it tests the protocol as another test has done: nothing changes a packet's protocol.
fn is_said_protocol(statement: &ast::Statement, said: &[ast::Statement]) -> bool {
    matches!(statement, ast::Statement::Match { left: ast::Expr::Field(Field::L4proto), .. })
        && said.contains(statement)
}

/// Whether the rule goes on only if this step lets it.
fn decides(step: &Step) -> bool {
    match step {
        Step::Test(_) => true,
        Step::Do(s) => {
            matches!(**s, Statement::Limit(_) | Statement::Quota { .. } | Statement::ConnLimit { .. })
                || matches!(&**s, Statement::SetUpdate { inner, .. } if !inner.is_empty())
        }
    }
}

fn counter(rule: &ir::Rule) -> Option<ast::Statement> {
    rule.counters().map(|c| ast::Statement::Counter { packets: c.packets, bytes: c.bytes })
}

/// The rule's comment when nft can hold it, else `#` lines.
fn comments(rule: &ir::Rule) -> (Option<BString>, Vec<BString>) {
    if rule.comments().is_empty() && rule.notes().is_empty() && rule.row_comments().next().is_none() {
        return (None, Vec::new());
    }
    let mut notes = rule.notes().to_vec();
    let long = rule.row_comments().filter(|comment| !quoted::fits_comment(comment));
    notes.extend(long.map(|comment| printable(comment).into()));
    let joined = rule.comment().unwrap_or_default();
    if joined.is_empty() {
        return (None, notes);
    }
    if quoted::fits_comment(&joined) {
        return (Some(joined), notes);
    }
    notes.extend(rule.comments().iter().map(|c| printable(c).into()));
    (None, notes)
}
