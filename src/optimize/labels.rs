//! Comments of rules that become one.
//!
//! A comment that all of them share stays the rule's; others go to the values they stood beside.

use bstr::{BString, join};

use crate::ir::{Component, Rule, Step, Test};

/// What the rules of a run say.
#[derive(Debug, Default)]
pub struct Said {
    members: usize,
    all: Vec<(Vec<Component>, BString)>,
}

impl Said {
    /// Notes what a rule says, and the values it stands beside.
    pub fn add(&mut self, rule: &Rule, values: impl FnOnce() -> Vec<Component>) {
        self.members += 1;
        if !rule.comments().is_empty() {
            self.all.push((values(), join(", ", rule.comments()).into()));
        }
    }

    /// Puts all of it on the rule.
    pub fn place(self, rule: &mut Rule) {
        let shared = || self.all.len() == self.members && self.all.iter().all(|(_, c)| *c == self.all[0].1);
        if self.all.is_empty() || shared() {
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

/// `rule` takes the labels of another one.
pub fn absorb(rule: &mut Rule, other: &Rule) {
    if !other.labels().is_empty() {
        rule.remarks_mut().labels.extend_from_slice(other.labels());
    }
}
