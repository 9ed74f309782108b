//! Comments of rules that become one.
//!
//! A comment that all of them share stays the rule's; others go to the values they stood beside.

use bstr::{BString, join};

use crate::ir::{Component, Row, Rule, Step, Test};

/// What the rules of a run say.
#[derive(Debug, Default)]
pub struct Said {
    members: usize,
    all: Vec<(Vec<Component>, BString)>,
    /// What values had to say before.
    labels: Vec<(Row, BString)>,
}

impl Said {
    /// Notes what a rule says, and the values it stands beside.
    pub fn add(&mut self, rule: &Rule, values: impl FnOnce() -> Vec<Component>) {
        self.members += 1;
        if rule.says_nothing() {
            return;
        }
        if !rule.comments().is_empty() {
            self.all.push((values(), join(", ", rule.comments()).into()));
        }
        self.labels.extend_from_slice(rule.labels());
    }

    /// Puts all of it on the first rule, which was the first to be added.
    pub fn place(self, rule: &mut Rule) {
        let shared = self.all.len() == self.members && self.all.windows(2).all(|pair| pair[0].1 == pair[1].1);
        if !self.labels.is_empty() {
            rule.remarks_mut().labels = self.labels;
        }
        if self.all.is_empty() || shared {
            return;
        }
        let remarks = rule.remarks_mut();
        remarks.comments.clear();
        for (components, comment) in self.all {
            remarks.labels.extend(components.into_iter().map(|c| ([c].into_iter().collect(), comment.clone())));
        }
    }
}

/// The values that a step tests for.
pub fn components(step: Option<&Step>) -> Vec<Component> {
    match step {
        Some(Step::Test(Test::In { set, .. })) => set.intervals().iter().map(|&i| i.into()).collect(),
        Some(Step::Test(Test::Named { names, .. })) => names.iter().map(|n| n.clone().into()).collect(),
        _ => Vec::new(),
    }
}
