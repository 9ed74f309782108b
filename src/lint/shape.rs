//! What a rule looks like: its target by name, whether it decides, which matches hold it back.

use crate::save::ast::{Part, Rule, Target};

/// The target's own name; `None` for chains and rules without target.
pub fn target(rule: &Rule) -> Option<&Part> {
    match &rule.target {
        Target::Extension(part) => Some(part),
        _ => None,
    }
}

/// Whether the target is the extension of this name.
pub fn is_target(rule: &Rule, name: &str) -> bool {
    target(rule).is_some_and(|part| part.extension.name == name)
}

/// Whether the rule writes a log line and goes on.
pub fn logs(rule: &Rule) -> bool {
    ["LOG", "NFLOG", "ULOG"].into_iter().any(|name| is_target(rule, name))
}

/// Whether the rule blocks.
pub fn blocks(rule: &Rule) -> bool {
    is_target(rule, "DROP") || is_target(rule, "REJECT")
}

/// Whether the rule decides and does nothing else.
pub fn decides(rule: &Rule) -> bool {
    blocks(rule) || is_target(rule, "ACCEPT") || is_target(rule, "RETURN")
}

/// The match of this name.
pub fn matches<'a>(rule: &'a Rule, name: &str) -> Option<&'a Part> {
    rule.matches.iter().find(|part| part.extension.name == name)
}

/// Whether some match lets only part of the packets through that look alike.
pub fn is_held_back(rule: &Rule) -> bool {
    ["limit", "hashlimit", "connlimit", "recent", "quota", "statistic"]
        .into_iter()
        .any(|name| matches(rule, name).is_some())
}
