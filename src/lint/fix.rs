//! Changed dumps: fixes applied to the text, as few bytes as they take, and proved before anybody writes them.
//!
//! Invariant: a fix that is called safe is handed out only when the prover says that the changed dump is
//! equivalent to the one before; what it cannot prove is left out.

use std::collections::BTreeMap;

use super::finding::{Edit, Finding, Fix, Safety};
use crate::diag::Source;
use crate::packet::Family;
use crate::prove::compare::{self, Answer, Report, compare};
use crate::prove::save_meaning::SaveRules;
use crate::save::{self, Parsed};

/// A dump with fixes applied.
#[derive(Debug)]
pub struct Fixed {
    pub text: Vec<u8>,
    /// How many findings it mends.
    pub applied: usize,
    /// How many it could mend, and does not: they touch the same text, or what they do was not proved.
    pub left: usize,
    /// How it compares with the dump before.
    pub proof: Report,
}

/// Applies the fixes of one input's findings; `None` where there is none to apply.
///
/// Unsafe ones are applied when `safety` says so, whatever the proof says of them: it is told.
pub fn fix(source: &Source, findings: &[Finding], safety: Safety, family: Option<Family>) -> Option<Fixed> {
    let before = save::parse(source, family);
    if before.diagnostics.iter().any(crate::diag::Diagnostic::is_error) {
        return None;
    }
    let own = findings.iter().filter(|finding| finding.place.source == source.id);
    let wanted = own.filter_map(|finding| Some((finding.lint.code, finding.fix.as_ref()?)));
    let wanted: Vec<(&str, &Fix)> =
        wanted.filter(|(_, fix)| safety == Safety::Unsafe || fix.safety == Safety::Safe).collect();
    let all: Vec<&Fix> = wanted.iter().map(|&(_, fix)| fix).collect();
    let mut trial = Trial { source, family, before: &before, total: all.len() };
    if let Some(fixed) =
        trial.apply(&all).filter(|fixed| safety == Safety::Unsafe || fixed.proof.answer() == Answer::Equivalent)
    {
        return (fixed.applied > 0).then_some(fixed);
    }
    trial.one_lint_after_the_other(&wanted)
}

struct Trial<'a> {
    source: &'a Source,
    family: Option<Family>,
    before: &'a Parsed,
    total: usize,
}

impl Trial<'_> {
    /// The text with these fixes and the proof; `None` where it can no longer be read.
    fn apply(&mut self, fixes: &[&Fix]) -> Option<Fixed> {
        let (text, applied) = rewrite(self.source.text(), fixes);
        let changed = Source::new(self.source.id, self.source.name.clone(), text)?;
        let after = save::parse(&changed, self.family);
        if after.diagnostics.iter().any(crate::diag::Diagnostic::is_error) {
            return None;
        }
        let families = self.before.dump.documents.iter().map(|document| document.family).collect();
        let options = compare::Options { families, ..compare::Options::default() };
        let proof = compare(&SaveRules(&self.before.dump), &SaveRules(&after.dump), &options);
        Some(Fixed { text: changed.text().to_vec(), applied, left: self.total - applied, proof })
    }

    /// Keeps the fixes of those lints that leave the dump equivalent.
    fn one_lint_after_the_other(&mut self, wanted: &[(&str, &Fix)]) -> Option<Fixed> {
        let mut codes: Vec<&str> = wanted.iter().map(|&(code, _)| code).collect();
        codes.sort_unstable();
        codes.dedup();
        let (mut kept, mut best) = (Vec::new(), None);
        for code in codes {
            let more: Vec<&Fix> = wanted.iter().filter(|&&(of, _)| of == code).map(|&(_, fix)| fix).collect();
            let trial: Vec<&Fix> = kept.iter().copied().chain(more).collect();
            if let Some(fixed) = self.apply(&trial).filter(|fixed| fixed.proof.answer() == Answer::Equivalent) {
                kept = trial;
                best = Some(fixed);
            }
        }
        best.filter(|fixed| fixed.applied > 0)
    }
}

/// Applies fixes whole or not at all: one that touches what an earlier one changed is left out.
fn rewrite(text: &[u8], fixes: &[&Fix]) -> (Vec<u8>, usize) {
    let mut edits: BTreeMap<(u32, u32), &Edit> = BTreeMap::new();
    let mut applied = 0;
    for fix in fixes {
        if fix.edits.iter().any(|edit| clashes(&edits, edit)) {
            continue;
        }
        edits.extend(fix.edits.iter().map(|edit| ((edit.span.start, edit.span.end), edit)));
        applied += 1;
    }
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    for edit in edits.values() {
        out.extend_from_slice(text.get(at..edit.span.start as usize).unwrap_or_default());
        out.extend_from_slice(&edit.text);
        at = edit.span.end as usize;
    }
    out.extend_from_slice(text.get(at..).unwrap_or_default());
    (out, applied)
}

/// Whether an edit touches one that is already there. Two insertions at one place do: their order would be
/// a guess.
fn clashes(edits: &BTreeMap<(u32, u32), &Edit>, edit: &Edit) -> bool {
    let (start, end) = (edit.span.start, edit.span.end);
    let before = edits.range(..(start, end)).next_back().is_some_and(|(&(_, to), _)| to > start);
    let behind =
        edits.range((start, end)..).next().is_some_and(|(&(from, to), _)| from < end || (from, to) == (start, end));
    before || behind
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Span;

    fn edit(start: u32, end: u32, text: &str) -> Edit {
        Edit { span: Span { start, end }, text: text.into() }
    }

    fn fix_of(edits: Vec<Edit>) -> Fix {
        Fix { title: String::new(), safety: Safety::Safe, edits }
    }

    #[test]
    fn fixes_are_applied_whole_or_not_at_all() {
        let (a, b) = (fix_of(vec![edit(0, 1, "X"), edit(4, 4, "!")]), fix_of(vec![edit(2, 3, ""), edit(0, 2, "Y")]));
        let c = fix_of(vec![edit(1, 2, "")]);
        assert_eq!(rewrite(b"abcdef", &[&a, &b, &c]), (b"Xcd!ef".to_vec(), 2));
        assert_eq!(rewrite(b"abcdef", &[&b, &a]), (b"Ydef".to_vec(), 1));
    }
}
