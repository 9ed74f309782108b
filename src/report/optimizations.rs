//! `docs/optimizations.md`: what each pass does to its example, and what it leaves alone.

use std::fmt::Write;

use bstr::ByteSlice;

use crate::diag::Source;
use crate::optimize::examples::{EXAMPLES, Example, Rules};
use crate::optimize::{self, Level, PASSES, Pass};
use crate::translate::{Options, translate};
use crate::{emit, lower, nft};

const HEAD: &str = "# Optimizations

Made from the list of passes and their examples; do not edit. The passes run in this order. Each is shown alone, on a
dump that was translated rule for rule; after each of them the whole output is proved to mean what the dump means
(`tests/passes.rs`). How far rules are merged is for `--merge` to say, see [merging](merging.md).
";

/// The document.
///
/// # Errors
/// When a pass has no example, or one that it does not do what is said of it.
pub fn markdown() -> Result<String, String> {
    let mut out = HEAD.to_owned();
    for pass in PASSES {
        let example = EXAMPLES.iter().find(|example| example.pass == pass.name);
        let example = example.ok_or_else(|| format!("{} has no example in src/optimize/examples.rs", pass.name))?;
        section(pass, example, &mut out)?;
    }
    Ok(out)
}

fn section(pass: &Pass, example: &Example, out: &mut String) -> Result<(), String> {
    let level = if pass.level == Level::Safe { "safe` and `full" } else { "full" };
    let shown = show(pass, example.merges)?;
    if shown.why.is_empty() {
        return Err(format!("{} does nothing to its example:\n{}", pass.name, shown.before));
    }
    let _ = writeln!(out, "\n## {}\n\nWith `{level}`: {}.\n", pass.name, pass.summary);
    let _ = writeln!(out, "Before:\n\n```\n{}```\n\nAfter:\n\n```\n{}```\n", shown.before, shown.after);
    for why in &shown.why {
        let _ = writeln!(out, "Why: {why}.\n");
    }
    out.push_str("These stay as they are:\n");
    for (why, rules) in example.keeps {
        let shown = show(pass, *rules)?;
        if !shown.why.is_empty() {
            return Err(format!("{} must not touch this:\n{}\n{}", pass.name, shown.before, shown.after));
        }
        let _ = writeln!(out, "\n- {why}:\n\n```\n{}```", shown.before);
    }
    Ok(())
}

/// The rules of an example before and after a pass, and what the pass says it did.
struct Shown {
    before: String,
    after: String,
    why: Vec<String>,
}

fn show(pass: &Pass, rules: Rules) -> Result<Shown, String> {
    let source = Source::new(0, "the example".to_owned(), dump(rules).into_bytes()).ok_or("too long")?;
    let counted = rules.rules.iter().any(|rule| rule.starts_with('['));
    let mut options = Options {
        lower: lower::Options { counters: counted, ..lower::Options::default() },
        explain: true,
        ..Options::default()
    };
    options.merge.level = Level::None;
    let translation = translate(&[source], &options);
    if let Some(error) = translation.diagnostics.iter().find(|d| d.is_error()) {
        return Err(format!("an example of {} is no dump: {}", pass.name, error.message));
    }
    let before = printed(&translation.ruleset)?;
    let mut ruleset = translation.explained.ok_or("nothing is explained")?.after;
    options.merge.level = Level::Full;
    let mut merged = Vec::new();
    optimize::run_pass(pass, &mut ruleset, &options.merge, Some(&mut merged));
    let after = printed(&emit::emit(&ruleset, &options.emit).ruleset)?;
    let mut why: Vec<String> = merged.into_iter().map(|merged| merged.why).collect();
    why.dedup();
    Ok(Shown { before, after, why })
}

fn dump(rules: Rules) -> String {
    let mut text = format!("*{}\n", rules.table);
    for chain in rules.chains {
        let _ = writeln!(text, ":{chain} - [0:0]");
    }
    for rule in rules.rules {
        let line = match rule.split_once("] ") {
            Some((counters, rest)) if rule.starts_with('[') => format!("{counters}] -A {rest}"),
            _ => format!("-A {rule}"),
        };
        let _ = writeln!(text, "{line}");
    }
    text + "COMMIT\n"
}

/// Chains and sets as nft has them, without what stands around them and without chains that have no rules.
fn printed(ruleset: &nft::ast::Ruleset) -> Result<String, String> {
    let text = nft::print::print(ruleset, &nft::print::Style::default()).map_err(|e| e.to_string())?;
    let text = text.to_str_lossy();
    let body = text.split_once("{\n").map_or("", |(_, body)| body).trim_end().trim_end_matches('}');
    let speaks = |block: &&str| block.lines().filter(|line| !line.trim_start().starts_with("type ")).count() > 2;
    let blocks: Vec<String> = body.split("\n\n").filter(speaks).map(shorter).collect();
    Ok(blocks.join("\n") + "\n")
}

/// A block one step to the left.
fn shorter(block: &str) -> String {
    let lines: Vec<&str> = block.trim_end().lines().map(|line| line.strip_prefix('\t').unwrap_or(line)).collect();
    lines.join("\n").replace('\t', "    ")
}
