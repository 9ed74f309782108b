//! The passes in the order they run.

use super::{
    Level, Pass, count_elements, drop_tests, fold_chains, fuse_actions, merge_assignments, merge_ladders,
    merge_translations, merge_tuples, merge_values, merge_verdicts, name_sets,
};

/// Ladders first: their last rung looks like any other rule. Then fusing: a LOG rule between two DROP
/// rules would end every run of rules that merge. Maps of places and values come before concatenations, which would
/// make one rule of those few that share a place and leave the map without them.
pub const PASSES: &[Pass] = &[
    Pass {
        name: "merge_ladders",
        summary: "rules that share out packets by chance become one draw",
        level: Level::Full,
        run: merge_ladders::run,
    },
    Pass {
        name: "fuse_actions",
        summary: "a rule that acts and goes on, and a later one with the same tests, become one rule",
        level: Level::Safe,
        run: fuse_actions::run,
    },
    Pass {
        name: "drop_tests",
        summary: "what rules ask for though the rule before leaves nothing else, they ask no more",
        level: Level::Safe,
        run: drop_tests::run,
    },
    Pass {
        name: "fold_chains",
        summary: "a chain of one rule that one rule jumps to is folded into it",
        level: Level::Full,
        run: fold_chains::run,
    },
    Pass {
        name: "count_elements",
        summary: "rules with counters that differ in one value become a named set whose elements count",
        level: Level::Safe,
        run: count_elements::run,
    },
    Pass {
        name: "merge_values",
        summary: "rules that do the same and differ in one field's value become one rule with a set",
        level: Level::Safe,
        run: merge_values::run,
    },
    Pass {
        name: "merge_translations",
        summary: "rules that test the same fields and translate to different places become one map",
        level: Level::Full,
        run: merge_translations::run,
    },
    Pass {
        name: "merge_assignments",
        summary: "rules that test the same fields and set different values become one map",
        level: Level::Full,
        run: merge_assignments::run,
    },
    Pass {
        name: "merge_tuples",
        summary: "rules that do the same and differ in several fields become one rule with a concatenation",
        level: Level::Safe,
        run: merge_tuples::run,
    },
    Pass {
        name: "merge_verdicts",
        summary: "rules that test the same fields and go different ways become one verdict map",
        level: Level::Full,
        run: merge_verdicts::run,
    },
    Pass {
        name: "name_sets",
        summary: "long lists, and lists that other software feeds, become named sets",
        level: Level::Safe,
        run: name_sets::run,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_every_pass_has_a_summary() {
        let mut names: Vec<_> = PASSES.iter().map(|p| p.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), PASSES.len());
        assert!(PASSES.iter().all(|p| !p.summary.is_empty() && p.level > Level::None));
    }
}
