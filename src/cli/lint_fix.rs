//! `ipt2nft lint --fix`: changed dumps, shown or written.

use std::path::Path;

use anyhow::{Result, bail};
use similar::TextDiff;

use super::args::LintArgs;
use super::output;
use crate::diag::Source;
use crate::lint::fix::{self, Fixed};
use crate::lint::{Options, Report, Safety};
use crate::packet::Family;
use crate::prove::compare::Answer;
use crate::report::proof::{self, Sides};

/// Mends what can be mended; whether any text was changed (in its file, and among the sources).
pub fn run(args: &LintArgs, sources: &mut [Source], inputs: usize, report: &Report, options: &Options) -> Result<bool> {
    let safety = if args.unsafe_fixes { Safety::Unsafe } else { Safety::Safe };
    let mut changed = false;
    for source in sources.iter_mut().take(inputs) {
        let Some(fixed) = fix::fix(source, &report.findings, safety, options.family) else { continue };
        tell(source, &fixed, args);
        if args.diff {
            output::write(difference(source, &fixed).as_bytes(), None)?;
            continue;
        }
        if source.name == "<stdin>" {
            bail!("--fix changes files, and this is standard input; --fix --diff shows the changes");
        }
        output::write(&fixed.text, Some(Path::new(&source.name)))?;
        if let Some(now) = Source::new(source.id, source.name.clone(), fixed.text) {
            *source = now;
            changed = true;
        }
    }
    Ok(changed)
}

fn difference(source: &Source, fixed: &Fixed) -> String {
    let (old, new) = (String::from_utf8_lossy(source.text()), String::from_utf8_lossy(&fixed.text));
    let diff = TextDiff::from_lines(&*old, &*new);
    let (before, after) = (format!("a/{}", source.name), format!("b/{}", source.name));
    diff.unified_diff().header(&before, &after).to_string()
}

fn tell(source: &Source, fixed: &Fixed, args: &LintArgs) {
    let answer = fixed.proof.answer();
    if answer != Answer::Equivalent {
        let changed = format!("{}, fixed", source.name);
        let now = Source::new(source.id, changed.clone(), fixed.text.clone());
        let rule = |right: bool, _: Family, line: u32| {
            let text = if right { now.as_ref() } else { Some(source) }?;
            Some(String::from_utf8_lossy(text.slice(text.line_span(line))).into_owned())
        };
        output::message(&proof::text(&fixed.proof, Sides { old: &source.name, new: &changed, rule: &rule }));
    }
    if args.messages.quiet && answer == Answer::Equivalent {
        return;
    }
    let verb = if args.diff { "would mend" } else { "mended" };
    let proof = match answer {
        Answer::Equivalent => "proved equivalent to what it was",
        Answer::Different => "NOT equivalent to what it was: see above",
        Answer::Undecided => "not proved equivalent to what it was: see above",
    };
    let left = if fixed.left > 0 { format!(", {} left", fixed.left) } else { String::new() };
    output::message(&format!("ipt2nft: {}: {verb} {}{left}; {proof}\n", source.name, fixed.applied));
}
